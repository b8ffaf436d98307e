import { describe, expect, test } from 'vitest';
import { readClientHello } from '../src/client-hello.js';

const u16 = (value: number): string => String.fromCharCode(value >> 8, value & 255);
const vector = (text: string): string => u16(text.length) + text;
const extension = (type: number, data: string): string => u16(type) + vector(data);
const serverName = (name: string): string => extension(0, vector('\0' + vector(name)));
const alpn = extension(16, vector('\x05stomp'));
const handshake = (body: string, type = 1): string => `${String.fromCharCode(type)}\0${vector(body)}`;
const start = '\x03\x03' + 'r'.repeat(32) + '\x20' + 's'.repeat(32) + vector('\x13\x01\x13\x02') + '\x01\0';
const hello = (...extensions: string[]): string => handshake(start + vector(extensions.join('')));

/** One record, or several of at most `size` bytes. */
function records(message: string, size = 16_384): string {
  let text = '';
  for (let at = 0; at < message.length; at += size) text += '\x16\x03\x01' + vector(message.slice(at, at + size));
  return text;
}

const read = (text: string) => readClientHello(Buffer.from(text, 'latin1'));

const known: [name: string, message: string, serverName: string | undefined, hasAlpn: boolean][] = [
  ['a name and protocols', hello(serverName('gate.example'), alpn), 'gate.example', true],
  ['the other way round, with others between', hello(alpn, extension(43, '\x02\x03\x04'), serverName('a')), 'a', true],
  ['a name only', hello(serverName('gate.example')), 'gate.example', false],
  ['protocols only', hello(alpn), undefined, true],
  ['a name of another type', hello(extension(0, vector('\x01' + vector('x')))), undefined, false],
  ['no extensions', hello(), undefined, false],
  ['nothing where extensions would be', handshake(start), undefined, false],
  ['more than a kilobyte of keys', hello(extension(51, 'k'.repeat(3000)), serverName('big')), 'big', false],
];

describe.each(known)('%s', (_, message, name, hasAlpn) => {
  test.each([16_384, 100, 64])('in records of %i bytes', (size) => {
    const text = records(message, size);
    expect(read(text)).toEqual({ serverName: name, hasAlpn });
    expect(read(text + 'and what follows')).toEqual({ serverName: name, hasAlpn });
    for (let length = 0; length < text.length; length += 7) expect(read(text.slice(0, length))).toBe('more');
    expect(read(text.slice(0, -1))).toBe('more');
  });
});

test.each([
  ['another record', '\x17\x03\x03\0\x01x'],
  ['another version', '\x16\x02\x03\0\x01x'],
  ['an empty record', '\x16\x03\x01\0\0'],
  ['another message', records(handshake(start, 2))],
  ['a message longer than may be', '\x16\x03\x01\0\x04\x01\0\x40\x01'],
  ['a message of no length', records('\x01\0\0\0')],
  ['a message that breaks off', records(handshake(start.slice(0, 40)))],
  ['an extension longer than there is', records(handshake(start + vector('\0\x10\0\x09x')))],
  ['a name longer than there is', records(hello(extension(0, vector('\0\0\x09x'))))],
  ['records without end', records('\x01\0\x30\0' + 'x'.repeat(80), 1)],
])('%s is none', (_, text) => {
  expect(read(text)).toBeUndefined();
});
