import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { requestFault } from '../../src/http/request-fault.js';

function status(
  headers: readonly (readonly [string, string])[],
  httpVersion = '1.1',
  url = '/',
  secure = false,
): number | undefined {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), before === undefined ? value : `${before}, ${value}`);
  }
  const request = { headers: Object.fromEntries(joined), rawHeaders: headers.flat(), httpVersion, url };
  return requestFault(request as unknown as IncomingMessage, {
    most: 5,
    allowedHosts: ['localhost', '[::1]'],
    secure,
  })?.[0];
}

const host = ['Host', 'localhost'] as const;

test.each([
  ['1.1', undefined],
  ['1.0', undefined],
  ['0.9', 400],
  ['2.0', 505],
  ['1.2', 505],
])('HTTP/%s: %s', (version, expected) => {
  expect(status([host], version)).toBe(expected);
});

test.each([
  ['localhost', undefined],
  ['LOCALHOST:8080', undefined],
  ['[::1]:1', undefined],
  ['other.example', 403],
  ['', 403],
  ['%41.example', 403],
  ['a b', 400],
  ['a/b', 400],
  ['a@localhost', 400],
  ['localhost:x', 400],
  ['[localhost]', 400],
  ['::1', 400],
  ['localhost?', 400],
  ['a"b', 400],
])('Host %j: %s', (value, expected) => {
  expect(status([['hOsT', value]])).toBe(expected);
});

test('Host is there once; 1.0 may leave it out, where any is allowed', () => {
  expect(status([])).toBe(400);
  expect(status([host, host])).toBe(400);
  expect(status([], '1.0')).toBe(403);
});

test.each([
  ['chunked', undefined],
  ['Chunked', undefined],
  ['gzip, chunked', 501],
  ['chunked, gzip', 400],
  ['xchunked', 400],
  ['', 400],
])('Transfer-Encoding %j: %s', (value, expected) => {
  expect(status([host, ['Transfer-Encoding', value]])).toBe(expected);
});

test('HTTP/1.0 has no Transfer-Encoding', () => {
  expect(status([host, ['Transfer-Encoding', 'chunked']], '1.0')).toBe(400);
});

test.each([
  ['http://localhost/x', undefined],
  ['HTTP://LOCALHOST:1?', undefined],
  ['https://localhost/rpc', 421],
  ['ftp://localhost/rpc', 400],
  ['x://localhost/rpc', 400],
  ['x:/rpc', 400],
  ['*', undefined],
  ['http://evil.example/', 403],
  ['http://localhost@evil.example/', 403],
  ['/http://evil.example/', undefined],
])('the target %s: %s', (url, expected) => {
  expect(status([host], '1.1', url)).toBe(expected);
});

test.each([
  ['100-continue', undefined],
  ['100-Continue', undefined],
  ['payment', 417],
])('Expect %j: %s', (value, expected) => {
  expect(status([host, ['Expect', value]])).toBe(expected);
});

test('the headers are counted', () => {
  expect(status([host, ...Array(4).fill(['X', 'y'] as const)])).toBeUndefined();
  expect(status([host, ...Array(5).fill(['X', 'y'] as const)])).toBe(431);
});

test('the target over TLS may be of either scheme', () => {
  expect(status([host], '1.1', 'https://localhost/rpc', true)).toBeUndefined();
  expect(status([host], '1.1', 'http://localhost/rpc', true)).toBeUndefined();
  expect(status([host], '1.1', 'ftp://localhost/rpc', true)).toBe(400);
});
