import { describe, expect, test } from 'vitest';
import { isProxy, type ProxyHeader, proxyList, readProxyHeader, seemsProxied } from '../src/proxy-protocol.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const read = (text: string) => readProxyHeader(bytes(text));

const signature = '\r\n\r\n\0\r\nQUIT\n';
const port = '\x1f\x90\0\x50';
/** A version 2 header: version and command, family, and what follows the length. */
const binary = (version: number, family: number, rest: string, length = rest.length): string =>
  signature + String.fromCharCode(version, family, length >> 8, length & 255) + rest;

const v4 = '\xc0\0\x02\x01' + '\xc6\x33\x64\x02' + port;
const v6 = '\x20\x01\x0d\xb8' + '\0'.repeat(11) + '\x01' + '\0'.repeat(15) + '\x01' + port;
const mapped = '\0'.repeat(10) + '\xff\xff\xc0\0\x02\x07' + '\0'.repeat(15) + '\x01' + port;

const good: [name: string, text: string, address: string | undefined][] = [
  ['TCP4', 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n', '192.0.2.1'],
  ['the longest TCP4', 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
  ['TCP6', 'PROXY TCP6 2001:db8::1 ::1 0 65535\r\n', '2001:db8::1'],
  ['TCP6 in full and in capitals', 'PROXY TCP6 2001:0DB8:0:0:0:0:0:1 ::1 1 2\r\n', '2001:db8::1'],
  ['TCP6 that stands for IPv4', 'PROXY TCP6 ::ffff:192.0.2.7 ::1 1 2\r\n', '192.0.2.7'],
  ['the same in groups', 'PROXY TCP6 ::FFFF:c000:207 ::1 1 2\r\n', '192.0.2.7'],
  ['UNKNOWN', 'PROXY UNKNOWN\r\n', undefined],
  ['UNKNOWN and whatever', `PROXY UNKNOWN ${'f'.repeat(39)} \n \r x${'f'.repeat(39)} 65535\r\n`, undefined],
  ['binary, over IPv4', binary(0x21, 0x11, v4), '192.0.2.1'],
  ['binary, over IPv6', binary(0x21, 0x21, v6), '2001:db8::1'],
  ['binary, over IPv6 that stands for IPv4', binary(0x21, 0x21, mapped), '192.0.2.7'],
  ['binary, with more behind the addresses', binary(0x21, 0x11, `${v4}\x04\0\x05hello`), '192.0.2.1'],
  ['binary, as long as may be', binary(0x21, 0x11, v4 + '\0'.repeat(520 - v4.length)), '192.0.2.1'],
  ['binary, LOCAL', binary(0x20, 0, ''), undefined],
  ['binary, LOCAL with an address', binary(0x20, 0x11, v4), undefined],
  ['binary, LOCAL of a family that is none', binary(0x20, 0xff, 'xyz'), undefined],
  ['binary, unspecified', binary(0x21, 0, 'whatever'), undefined],
  ['binary, a datagram', binary(0x21, 0x12, v4), undefined],
  ['binary, a socket of the machine', binary(0x21, 0x31, '\0'.repeat(216)), undefined],
];

const bad: [name: string, text: string][] = [
  ['HTTP', 'GET / HTTP/1.1\r\n'],
  ['STOMP', 'CONNECT\n'],
  ['TLS', '\x16\x03\x01'],
  ['small letters', 'proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n'],
  ['another protocol', 'PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n'],
  ['a word that begins as UNKNOWN', 'PROXY UNKNOWNS\r\n'],
  ['IPv6 called TCP4', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
  ['IPv4 called TCP6', 'PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n'],
  ['a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'],
  ['zeros in front of an address', 'PROXY TCP4 192.000.2.1 192.0.2.2 1 2\r\n'],
  ['zeros in front of a port', 'PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n'],
  ['a port beyond', 'PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n'],
  ['no port', 'PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n'],
  ['too much', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n'],
  ['two spaces', 'PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n'],
  ['a space at the end', 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n'],
  ['a lone LF', `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n${' '.repeat(80)}\r\n`],
  ['no end within 107 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
  ['version 1 in the binary form', binary(0x11, 0x11, v4)],
  ['version 3', binary(0x31, 0x11, v4)],
  ['a command that is none', binary(0x22, 0x11, v4)],
  ['a family that is none', binary(0x21, 0x41, v4)],
  ['a transport that is none', binary(0x21, 0x13, v4)],
  ['too short for its addresses', binary(0x21, 0x11, v4.slice(1))],
  ['longer than may be', binary(0x21, 0x11, v4 + '\0'.repeat(521 - v4.length))],
  ['the longest there can be', binary(0x21, 0x11, v4, 65_535)],
];

describe('at every prefix', () => {
  test.each(good)('%s', (_, text, address) => {
    const header: ProxyHeader = { length: text.length, address };
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBe('more');
    expect(read(text)).toEqual(header);
    expect(read(text + 'PROXY and what the client says')).toEqual(header);
  });

  test.each(bad)('%s is none, and never one on the way', (_, text) => {
    const verdicts = Array.from({ length: text.length }, (_none, at) => read(text.slice(0, at + 1)));
    const first = verdicts.indexOf(undefined);
    expect(first).not.toBe(-1);
    expect(verdicts.slice(0, first).every((verdict) => verdict === 'more')).toBe(true);
    expect(verdicts.slice(first).every((verdict) => verdict === undefined)).toBe(true);
  });
});

test('what begins as one is known, whatever follows', () => {
  for (const [, text] of good) expect(seemsProxied(bytes(text))).toBe(true);
  expect(seemsProxied(bytes('PROXY nonsense'))).toBe(true);
  for (const text of ['', 'PROX', '\r\n\r\n', 'PROXIES ', 'GET / HTTP/1.1']) {
    expect(seemsProxied(bytes(text))).toBe(false);
  }
});

describe('proxies', () => {
  const list = proxyList(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32', 'fe80::1'], 'createServer');

  test.each(['127.0.0.1', '10.0.0.1', '10.255.255.255', '2001:db8:1::1', 'fe80::1', 'fe80::1%eth0'])(
    '%s is one',
    (address) => expect(isProxy(list, address)).toBe(true),
  );

  test.each(['127.0.0.2', '11.0.0.1', '::1', '2001:db9::1', 'unknown', ''])('%j is none', (address) =>
    expect(isProxy(list, address)).toBe(false),
  );

  test.each(['localhost', '10.0.0', '10.0.0.0/33', '::1/129', '10.0.0.0/', '10.0.0.0/8/8', '', '10.0.0.0/-1'])(
    '%j is refused by name',
    (proxy) => expect(() => proxyList([proxy], 'createServer')).toThrow(`createServer: option proxies: ${proxy} is no`),
  );
});
