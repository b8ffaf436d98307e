import { describe, expect, test } from 'vitest';
import { defaultServerLimits } from '../src/limits.js';
import {
  detect as detectWithin,
  detectHttp,
  detectJsonRpc,
  type Detector,
  makeDetectors,
  type Verdict,
} from '../src/detectors.js';

const { sniffBytes } = defaultServerLimits;
const all = makeDetectors(defaultServerLimits);
const detect = <Name extends string>(head: Uint8Array, asked: Partial<Record<Name, Detector>>) =>
  detectWithin(head, asked, sniffBytes);
const bytes = (text: string) => Buffer.from(text, 'latin1');

/** Each with the length at which it is sure. */
const known: [name: keyof typeof all, text: string, sure: number][] = [
  ['stomp', 'CONNECT\naccept-version:1.2\n\n\0', 8],
  ['stomp', 'CONNECT\r\naccept-version:1.2\r\n\r\n\0', 9],
  ['stomp', 'STOMP\nhost:a\n\n\0', 6],
  ['stomp', 'STOMP\r\nhost:a\n\n\0', 7],
  ['stomp', '\n\r\n\nCONNECT\n\n\0', 12],
  ['stomp', '\n'.repeat(8) + 'STOMP\n\n\0', 14],
  ['stomp', '\r\n'.repeat(8) + 'STOMP\n\n\0', 22],
  ['http', 'GET / HTTP/1.1\r\n', 4],
  ['http', 'CONNECT host:443 HTTP/1.1\r\n', 8],
  ['http', 'M-SEARCH * HTTP/1.1\r\n', 9],
  ['http', 'OPTIONS * HTTP/1.1\r\n', 8],
  ['jsonrpc', '{"jsonrpc":"2.0"}\n', 1],
  ['jsonrpc', '[{"jsonrpc":"2.0"}]\n', 1],
  ['jsonrpc', ' \t\r\n{}', 5],
  ['tls', '\x16\x03\x01\x02\x00\x01', 2],
  ['tls', '\x16\x03\x03', 2],
];

const unknown: string[] = [
  '\x00',
  '\x80\x2e\x01', // SSL 2
  '\x16\x02',
  'SSH-2.0-OpenSSH_9.2\r\n',
  'HELO example.com\r\n'.toLowerCase(),
  'CONNECTED\n',
  'CONNECT\0',
  'CONNECT\r\0',
  'CONNECT\t\n',
  'CONNECT:\n',
  'STOMPER\n',
  'SEND\ndestination:/queue/a\n\n\0',
  'connect\n',
  '\r\rCONNECT\n',
  '\n'.repeat(9) + 'CONNECT\n',
  ' CONNECT\n',
  'get / HTTP/1.1\r\n',
  '*1\r\n$4\r\nPING\r\n',
  'A'.repeat(64) + ' ',
  '"text"',
  '\xef\xbb\xbf{}',
  '<?xml version="1.0"?>',
];

describe('at every prefix', () => {
  test.each(known)('%s: %j is sure at %i bytes', (name, text, sure) => {
    for (let length = 0; length <= text.length; length++) {
      expect(detect(bytes(text.slice(0, length)), all)).toBe(length < sure ? 'more' : name);
    }
  });

  test.each(unknown)('%j is nothing, never anything on the way, and never more again', (text) => {
    const verdicts = Array.from({ length: text.length }, (_, at) => detect(bytes(text.slice(0, at + 1)), all));
    expect(verdicts.at(-1)).toBeUndefined();
    expect(new Set(verdicts)).not.toContain('http');
    const first = verdicts.indexOf(undefined);
    expect(verdicts.slice(0, first).every((verdict) => verdict === 'more')).toBe(true);
    expect(verdicts.slice(first).every((verdict) => verdict === undefined)).toBe(true);
  });

  test('a detector never changes its mind', () => {
    const texts = [...known.map(([, text]) => text), ...unknown];
    for (const detector of Object.values(all) as Detector[]) {
      for (const text of texts) {
        let settled: Verdict | undefined;
        for (let length = 0; length <= text.length; length++) {
          const verdict = detector(bytes(text.slice(0, length)));
          if (settled !== undefined) expect(verdict).toBe(settled);
          if (verdict !== 'more') settled = verdict;
        }
      }
    }
  });
});

test('nothing at all may still become anything', () => {
  for (const detector of Object.values(all)) expect(detector(new Uint8Array())).toBe('more');
});

test('white space without end is nothing after 64 bytes', () => {
  expect(detect(bytes(' '.repeat(sniffBytes - 1)), all)).toBe('more');
  expect(detect(bytes(' '.repeat(sniffBytes)), all)).toBeUndefined();
});

test('only what is asked for is recognized', () => {
  expect(detect(bytes('GET / HTTP/1.1'), { stomp: all.stomp })).toBeUndefined();
  expect(detect(bytes('CONNECT\n'), { http: detectHttp, jsonrpc: detectJsonRpc })).toBeUndefined();
});
