import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDeeper, isLonger } from '../../src/jsonrpc/depth.js';
import { parseJson } from '../../src/jsonrpc/message.js';

/** As many arrays within each other. */
const arrays = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

describe('a text is deeper than', () => {
  test.each([
    ['arrays', arrays(6)],
    ['objects', '{"a":'.repeat(6) + '1' + '}'.repeat(6)],
    ['both', '[{"a":'.repeat(3) + '1' + '}]'.repeat(3)],
    ['behind a text with brackets', `["]]]]]]]]",${arrays(5)}]`],
    ['behind an escaped quotation mark', `["\\"]",${arrays(5)}]`],
    ['behind an escaped backslash', `["\\\\",${arrays(5)}]`],
    ['behind others that are shallow', `[${'[1],'.repeat(50)}${arrays(5)}]`],
  ])('%s', (_, text) => {
    expect(isDeeper(text, 5)).toBe(true);
    expect(isDeeper(text, 6)).toBe(false);
  });

  test('brackets in texts are no arrays', () => {
    for (const text of [
      `["${'['.repeat(50)}"]`,
      `["\\"${'['.repeat(50)}"]`,
      `["${'\\\\'.repeat(3)}",[],"${'{'.repeat(50)}"]`,
    ]) {
      expect(isDeeper(text, 5)).toBe(false);
      expect(() => JSON.parse(text) as unknown).not.toThrow();
    }
  });

  test('wherever a piece of it ends', () => {
    for (let pad = 4080; pad < 4100; pad++) {
      const quoted = `["${'x'.repeat(pad)}\\"${'['.repeat(9)}",${arrays(4)}]`;
      expect(isDeeper(quoted, 5)).toBe(false);
      expect(isDeeper(quoted, 4)).toBe(true);
      const wide = `["${'ü'.repeat(pad / 2)}\\\\",${arrays(4)}]`;
      expect([isDeeper(wide, 5), isDeeper(wide, 4)]).toEqual([false, true]);
    }
  });
});

describe('a text is an array of more members than', () => {
  test.each([
    ['numbers', '[1,2,3,4,5,6]'],
    ['with white space before it', ' \r\n\t[1,2,3,4,5,6]'],
    ['objects with commas of their own', `[${'{"a":1,"b":2},'.repeat(5)}{}]`],
    ['arrays', '[[],[],[],[],[],[1,2]]'],
    ['texts with commas and brackets', `["]],,","\\"],","[[",4,5,6]`],
  ])('%s', (_, text) => {
    expect(JSON.parse(text)).toHaveLength(6);
    expect(isLonger(text, 5)).toBe(true);
    expect(isLonger(text, 6)).toBe(false);
  });

  test.each(['{"params":[1,2,3,4,5,6,7]}', '[[1,2,3,4,5,6,7]]', '["1,2,3,4,5,6,7"]', '"[1,2,3,4,5,6,7]"', '[]', ''])(
    'not %s',
    (text) => {
      expect(isLonger(text, 5)).toBe(false);
    },
  );
});

test('a batch with too many members is not parsed, and the answer names the limit', () => {
  expect(() => parseJson('[1,2,3]', 5, 2)).toThrow('more than 2 members in a batch (limits.batch)');
  expect(() => parseJson('[' + '{},'.repeat(1000) + 'broken', 5, 1000)).toThrow(/limits\.batch/);
  expect(parseJson('[1,2,3]', 5, 3)).toEqual([1, 2, 3]);
  expect(parseJson('{"a":[1,2,3]}', 5, 2)).toEqual({ a: [1, 2, 3] });
});

test('any value is as deep as it is', () => {
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.integer({ min: 0, max: 6 }), (value, most) => {
      expect(isDeeper(JSON.stringify(value), most)).toBe(depthOf(value) > most);
    }),
  );
});

test('what is too deep is not parsed, and the answer names the limit', () => {
  expect(parseJson(arrays(512))).toHaveLength(1);
  expect(() => parseJson(arrays(513))).toThrow(/^Parse error: more than 512 .*limits\.jsonDepth/);
  expect(() => parseJson(arrays(3), 2)).toThrow(/more than 2 /);
  expect(() => parseJson('['.repeat(4_000_000))).toThrow(/limits\.jsonDepth/);
  expect(parseJson(arrays(2), Infinity)).toEqual([[]]);
});
