import { describe, expect, it } from 'vitest';
import { Decoder } from '../../src/stomp/decoder.js';
import { refusedFrame } from '../../src/stomp/refused-frame.js';
import type { Version } from '../../src/stomp/version.js';
import { encodeText } from '../../src/text.js';

function receiptOf(wire: string | Uint8Array, version: Version | null = '1.2'): string | undefined {
  const decoder = new Decoder({ from: 'client', limits: { headerLine: 40, headerCount: 3, frameHead: 200 } });
  decoder.version = version ?? undefined;
  decoder.push(typeof wire === 'string' ? encodeText(wire) : wire);
  expect(() => {
    while (decoder.next() !== undefined);
  }).toThrow();
  return refusedFrame(decoder)?.headers.get('receipt');
}

describe('the receipt of a frame that was refused', () => {
  it.each([
    ['an unknown command', 'FOO\na:b\nreceipt:r1\n\n\0'],
    ['an unknown command, behind a good frame', 'SEND\ndestination:/queue/a\nreceipt:r0\n\n\0\nFOO\nreceipt:r1\n\n\0'],
    ['lines that end in CR LF', 'FOO\r\nreceipt:r1\r\n\r\n\0'],
    ['a line without a colon', 'SEND\nbad\nreceipt:r1\n\n\0'],
    ['an undefined escape', 'SEND\na:\\q\nreceipt:r1\n\n\0'],
    ['a content-length that is none', 'SEND\ncontent-length:x\nreceipt:r1\n\n\0'],
    ['too long a line', `SEND\nreceipt:r1\nx:${'y'.repeat(50)}\n\n\0`],
    ['too many headers', 'SEND\nreceipt:r1\na:b\nc:d\ne:f\n\n\0'],
    ['a body where none may be', 'ACK\nreceipt:r1\n\nbody\0'],
    ['too much of a body', 'SEND\nreceipt:r1\ncontent-length:999999999\n\n'],
    ['the first of two', 'FOO\nreceipt:r1\nreceipt:r2\n\n\0'],
  ])('is known: %s', (_, wire) => {
    expect(receiptOf(wire)).toBe('r1');
  });

  it('is known in octets that are not UTF-8', () => {
    expect(receiptOf(Uint8Array.of(...encodeText('SEND\na:'), 0xff, ...encodeText('\nreceipt:r1\n\n\0')))).toBe('r1');
  });

  it('is read as its version writes it', () => {
    expect(receiptOf('FOO\nreceipt:a\\cb\n\n\0', '1.1')).toBe('a:b');
    expect(receiptOf('FOO\nreceipt: a\\cb \n\n\0', '1.0')).toBe('a\\cb');
  });

  it.each([
    ['there is none', 'FOO\na:b\n\n\0'],
    ['it stands in the body', 'FOO\na:b\n\nreceipt:r1\n\0'],
    ['it belongs to the next frame', 'FOO\na:b\0\nSEND\nreceipt:r1\n\n\0'],
    ['its line has not come whole', 'FOO\nreceipt:r'],
    ['its line is what was refused', `FOO\nreceipt:${'r'.repeat(50)}\n\n\0`],
    ['its escape is undefined', 'FOO\nreceipt:\\q\n\n\0'],
    ['it is spelt otherwise', 'FOO\nReceipt:r1\n\n\0'],
  ])('is not known where %s', (_, wire) => {
    expect(receiptOf(wire)).toBeUndefined();
  });

  it('is not told before login', () => {
    expect(receiptOf('FOO\nreceipt:r1\n\n\0', null)).toBeUndefined();
  });
});
