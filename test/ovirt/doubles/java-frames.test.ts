import { describe, expect, test } from 'vitest';
import { ByteQueue } from './byte-queue.js';
import { JavaFrameReader } from './java-frames.js';
import { padded } from './observed-vdsm.js';

/** What comes of each delivery: one read of it, and further ones while the socket has more. */
function reading(...deliveries: readonly string[]): string[] {
  const reader = new JavaFrameReader();
  const source = new ByteQueue();
  const seen: string[] = [];
  for (const delivery of deliveries) {
    source.push(Buffer.from(delivery));
    while (source.length > 0 && !reader.isFull) {
      const frame = reader.read(source);
      if (frame !== undefined) seen.push(frame.body.trimEnd() || frame.command);
    }
  }
  if (reader.isFull) seen.push('full');
  return seen;
}

const connected = 'CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0';
const head = 'MESSAGE\ndestination:answers\nsubscription:1\n';
const small = (body: string): string => padded(head, body, 0);
const large = (body: string): string => padded(head, body, 1024);
const numbers = Array.from({ length: 50 }, (_, at) => String(at));

describe('is taken', () => {
  test('a frame by itself', () => expect(reading(small('a'), small('b'))).toEqual(['a', 'b']));
  test('CONNECTED without content-length', () => expect(reading(connected)).toEqual(['CONNECTED']));
  test('line ends in front', () => expect(reading('\n\n' + small('a'))).toEqual(['a']));
  test('a body in pieces', () => {
    const frame = large('abcdef');
    expect(reading(frame.slice(0, 90), frame.slice(90, 900), frame.slice(900))).toEqual(['abcdef']);
  });
  test('a NUL that comes late', () => {
    expect(reading(small('a').slice(0, -1), '\0', small('b'))).toEqual(['a', 'b']);
    expect(reading(connected.slice(0, -1), '\0', small('b'))).toEqual(['CONNECTED', 'b']);
  });
  test('a head in pieces of which three lines are not there', () => {
    expect(reading('MESSAGE\ndesti', small('a').slice('MESSAGE\ndesti'.length))).toEqual(['a']);
  });
  test('content-length 0, a line end behind it', () => {
    const frame = connected.replace('\n\n', '\ncontent-length:0\n\n');
    expect(reading(frame + '\n', small('a'))).toEqual(['CONNECTED', 'a']);
  });
  test('text beyond ASCII, by its bytes', () => {
    const body = '{"text":"žluťoučký"}';
    expect(reading(`${head}content-length:${Buffer.byteLength(body)}\n\n${body}\0`)).toEqual([body]);
  });
  for (const size of [1024, 1025, 1026, 2048, 9000]) {
    test(`a burst of frames of ${size} bytes`, () => {
      expect(reading(numbers.map((body) => padded(head, body, size)).join(''))).toEqual(numbers);
    });
  }
});

describe('waits until more bytes come', () => {
  test('the second of two small frames', () => {
    expect(reading(small('a') + small('b'))).toEqual(['a']);
    expect(reading(small('a') + small('b'), '\n')).toEqual(['a', 'b']);
  });
  test('the end of a burst of small frames', () => {
    const taken = reading(numbers.map(small).join('')).length;
    expect(taken).toBeGreaterThan(30);
    expect(taken).toBeLessThan(50);
  });
  test('everything, once line ends have filled the buffer', () => {
    expect(reading('\n'.repeat(1024), small('a'))).toEqual(['full']);
  });
});

describe('is fatal', () => {
  const cases: Readonly<Record<string, readonly string[]>> = {
    'a head in pieces of which three lines are there': [large('a').slice(0, 50), large('a').slice(50)],
    'a head that does not fit': [`MESSAGE\nx:${'x'.repeat(1100)}\n\n\0`],
    'a head that does not fit behind 900 line ends': ['\n'.repeat(900), padded(head + `x:${'x'.repeat(80)}\n`, 'a', 0)],
    'a line end behind a frame without content-length': [connected + '\n'],
    'a frame that is cut behind a frame without content-length': [connected + padded(head, 'a', 1100)],
    CRLF: [small('a').replaceAll('\n', '\r\n')],
    'an unknown command': ['HELLO\n\n\0'],
    'a body that is longer than its content-length': [head + 'content-length:1\n\nab\0'],
    'a line end right behind a NUL that comes late': [small('a').slice(0, -1), '\0\n'],
  };
  for (const [what, deliveries] of Object.entries(cases)) {
    test(what, () => expect(() => reading(...deliveries)).toThrow());
  }
});
