import { describe, expect, test } from 'vitest';
import {
  bodyBytes,
  bodyLength,
  bodyText,
  concatBytes,
  decodeText,
  detachBody,
  detachText,
  encodeText,
  textLength,
} from '../src/text.js';

describe('texts and their bytes', () => {
  test.each<[text: string, bytes: number]>([
    ['', 0],
    ['plain', 5],
    ['äß', 4],
    ['€', 3],
    ['𝄞', 4],
    ['\0', 1],
    ['\ufeffmark', 7],
    ['x'.repeat(20_000), 20_000],
    ['€'.repeat(6000), 18_000],
  ])('%j', (text, bytes) => {
    expect(textLength(text)).toBe(bytes);
    expect(bodyLength(text)).toBe(bytes);
    expect(bodyLength(encodeText(text))).toBe(bytes);
    expect(encodeText(text)).toHaveLength(bytes);
    expect(decodeText(encodeText(text))).toBe(text);
    expect(bodyText(bodyBytes(text))).toBe(text);
    expect(detachText(text)).toBe(text);
    expect(detachBody(text)).toBe(text);
  });
});

test('half a surrogate pair is sent as U+FFFD, and counted so', () => {
  expect(textLength('\ud834')).toBe(3);
  expect(decodeText(encodeText('\ud834'))).toBe('\ufffd');
});

test.each([[[0xff]], [[0xc0, 0x80]], [[0xe2, 0x82]], [[0xed, 0xa0, 0x80]]])('%j is not UTF-8', (octets) => {
  expect(() => decodeText(Uint8Array.from(octets))).toThrow(TypeError);
  expect(() => bodyText(Uint8Array.from(octets))).toThrow(TypeError);
});

test('chunks are joined in order', () => {
  expect(concatBytes([Uint8Array.of(1, 2), Uint8Array.of(), Uint8Array.of(3)], 3)).toEqual(Uint8Array.of(1, 2, 3));
});

test('a detached body does not hold the chunk that it was cut from', () => {
  const chunk = new Uint8Array(1000).fill(7);
  const kept = detachBody(chunk.subarray(10, 12)) as Uint8Array;
  expect(kept).toEqual(Uint8Array.of(7, 7));
  expect(kept.buffer.byteLength).toBe(2);
  expect(detachBody(chunk)).toBe(chunk);
});

test('a detached body is a copy even where slice() makes no copy, as that of Buffer', () => {
  class View extends Uint8Array {
    override slice(from?: number, to?: number): Uint8Array<ArrayBuffer> {
      return this.subarray(from, to) as Uint8Array<ArrayBuffer>;
    }
  }
  const chunk = new View(100);
  const kept = detachBody(chunk.subarray(10, 12)) as Uint8Array;
  expect([kept.length, kept.buffer.byteLength]).toEqual([2, 2]);
});
