import { describe, expect, test } from 'vitest';
import { shapedMessage } from '../../src/ovirt/padding.js';

const head = 'MESSAGE\ndestination:answers\ncontent-type:application/json\nsubscription:1\n';
const shape = { secure: false, isClose: true, isTerse: false };

/** Of the longest to twice the longest record, and some beyond, with characters of several bytes among them. */
const lengths = [
  1, 300, 590, 1000, 8600, 8700, 8800, 16_200, 16_300, 16_384, 16_400, 24_000, 32_500, 32_800, 33_000, 70_000,
];
const texts = lengths.flatMap((length) => ['x'.repeat(length), 'é'.repeat(length), '€'.repeat(length)]);

test.each([true, false])('content-length is that of the text and its blanks (over TLS: %s)', (secure) => {
  for (const text of texts) {
    const { frame, length } = shapedMessage(head, text, { ...shape, secure });
    const [, told, body] = /content-length:(\d+)\n\n([^\0]*)\0$/.exec(frame)!;
    expect(Buffer.byteLength(frame)).toBe(length);
    expect(Buffer.byteLength(body!)).toBe(Number(told));
    expect(body!.trimEnd()).toBe(text);
  }
});

describe('plain', () => {
  test('what others follow is never shorter than the buffer for heads', () => {
    for (const text of texts) {
      const { length, isShort } = shapedMessage(head, text, shape);
      expect(length).toBeGreaterThanOrEqual(1024);
      expect(isShort).toBe(false);
    }
  });

  test('what stands alone is as short as it is, up to a length', () => {
    const alone = { ...shape, isClose: false };
    expect(shapedMessage(head, 'x'.repeat(400), alone).frame).not.toMatch(/ /);
    expect(shapedMessage(head, 'x'.repeat(700), alone).length).toBe(1024);
  });

  test('among others a head has two lines where nobody needs more, alone it has all', () => {
    const terse = { ...shape, isTerse: true };
    expect(shapedMessage(head, '{}', terse).frame).toMatch(/^MESSAGE\ncontent-length:\d+\n\n\{\} +\0$/);
    expect(shapedMessage(head, '{}', { ...terse, isClose: false }).frame).toBe(`${head}content-length:2\n\n{}\0`);
    expect(shapedMessage(head, '{}', shape).frame.startsWith(head)).toBe(true);
  });
});

describe('over TLS', () => {
  /** Bytes of a frame's last record. */
  const last = (length: number): number => length % 16_384 || 16_384;

  test('no record shares the buffer with another', () => {
    for (const text of texts) {
      const { length, isShort } = shapedMessage(head, text, { ...shape, secure: true });
      expect(last(length)).toBeGreaterThanOrEqual(8800);
      expect(isShort).toBe(false);
    }
  });

  test('what stands alone is padded, too, where it takes more than one', () => {
    for (const text of texts) {
      const { length } = shapedMessage(head, text, { ...shape, secure: true, isClose: false });
      if (length > 16_384) expect(last(length)).toBeGreaterThanOrEqual(8800);
    }
    expect(shapedMessage(head, '{}', { ...shape, secure: true, isClose: false }).length).toBeLessThan(200);
  });
});
