import { describe, expect, test } from 'vitest';
import { detachHeaders, filterHeaders, HeaderList } from '../src/header-list.js';

const list = new HeaderList(['foo', 'first', 'bar', '', 'foo', 'second']);

test('of a repeated header the first counts (STOMP 1.2, Repeated Header Entries)', () => {
  expect(list.get('foo')).toBe('first');
  expect(list.toRecord()).toEqual({ foo: 'first', bar: '' });
  expect([...list]).toEqual([
    ['foo', 'first'],
    ['bar', ''],
    ['foo', 'second'],
  ]);
});

test('an empty value is a value', () => {
  expect([list.has('bar'), list.get('bar'), list.has('BAR'), list.get('none')]).toEqual([true, '', false, undefined]);
});

test('a value is not mistaken for a name', () => {
  expect(list.get('first')).toBeUndefined();
});

test('size counts repeated headers', () => {
  expect([list.size, HeaderList.empty.size]).toEqual([3, 0]);
});

test('made of an object, what is undefined is left out, the order kept', () => {
  expect(HeaderList.of({ b: '1', a: undefined, c: '' }).pairs).toEqual(['b', '1', 'c', '']);
});

test('filter keeps what is wanted; all of it costs no copy', () => {
  expect(filterHeaders(list, (name) => name !== 'bar').pairs).toEqual(['foo', 'first', 'foo', 'second']);
  expect(filterHeaders(list, () => true)).toBe(list);
});

test('a detached copy is equal', () => {
  const long = new HeaderList(['x-long', 'ä'.repeat(100)]);
  expect(detachHeaders(long)).toEqual(long);
  expect(detachHeaders(long)).not.toBe(long);
});

describe('names that objects inherit are names like any other', () => {
  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s', (name) => {
    expect(HeaderList.empty.get(name)).toBeUndefined();
    expect(HeaderList.empty.toRecord()[name]).toBeUndefined();
    const record = new HeaderList([name, 'mine']).toRecord();
    expect(Object.entries(record)).toEqual([[name, 'mine']]);
    expect(HeaderList.of(record).get(name)).toBe('mine');
    expect(({} as Record<string, unknown>)['mine']).toBeUndefined();
  });
});
