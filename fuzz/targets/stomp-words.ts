// The words of STOMP, and frames made of them.

import fc from 'fast-check';
import { bytesOf } from '../target.js';

const clientCommands = [
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'DISCONNECT',
];
const serverCommands = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'];

const names = [
  ...['accept-version', 'host', 'heart-beat', 'login', 'passcode', 'version', 'session', 'server', 'destination', 'id'],
  ...['ack', 'transaction', 'receipt', 'receipt-id', 'message-id', 'subscription', 'message', 'content-length'],
  ...['content-type', 'prefetch-count', 'reply-to', 'expiration', 'expires', 'after', 'selector', '__proto__', 'x'],
];

const values = [
  ...[
    '1.0,1.1,1.2',
    '1.0',
    '1.1',
    '1.2',
    '2.0',
    '0,0',
    '1,1',
    '10000,10000',
    '0,99999999999',
    '-1,x',
    'h',
    '0',
    '1',
    '2',
  ],
  ...[
    'auto',
    'client',
    'client-individual',
    'text/plain',
    'a\\cb',
    'a\\nb',
    'a\\\\b',
    'a\\rb',
    'a\\tb',
    'a\\',
    ' x ',
    '',
  ],
  ...[
    '/queue/a',
    '/queue/rpc',
    '/queue/rpc.s',
    '/topic/a',
    '/topic/a.#',
    '/topic/*.b',
    '/temp-queue/a',
    '/reply-queue/a',
    '/x',
  ],
  ...[
    '1-1',
    '1-2',
    '2-1',
    't',
    'u',
    'constructor',
    '\xc3\xa9',
    '\xff',
    '\xe2\x82',
    'x'.repeat(100),
    '3',
    '00',
    '4294967296',
  ],
];

/** For mutations. */
export const stompWords: readonly string[] = [
  ...[...clientCommands, ...serverCommands].map((command) => command + '\n'),
  ...names.map((name) => name + ':'),
  ...values,
  ...['\n', '\r\n', '\n\n', '\0', '\0\n', '\n\n\0', ':', '\\', '\r', '\\c', '\\n', 'content-length:5\n\nabcde\0'],
];

const header = fc
  .tuple(fc.constantFrom(...names), fc.constantFrom(...values))
  .map(([name, value]) => `${name}:${value}`);
const body = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  fc.constantFrom('hello', '{"jsonrpc":"2.0","id":1,"method":"rpc.ping"}', 'a\0b', '\xff\xfe', '\n\n', 'x'.repeat(300)),
);

/** Frames that are well formed, with headers that need not make sense. */
function frames(commands: readonly string[]): fc.Arbitrary<string> {
  const frame = fc
    .record({
      command: fc.constantFrom(...commands),
      headers: fc.array(header, { maxLength: 6 }),
      eol: fc.constantFrom('\n', '\n', '\n', '\r\n'),
      text: body,
      hasLength: fc.boolean(),
      behind: fc.constantFrom('', '', '\n', '\r\n', '\n\n'),
    })
    .map(({ command, headers, eol, text, hasLength, behind }) => {
      const lines = hasLength || text.includes('\0') ? [...headers, `content-length:${text.length}`] : headers;
      return [command, ...lines, '', ''].join(eol) + text + '\0' + behind;
    });
  return fc.array(frame, { minLength: 1, maxLength: 8 }).map((all) => all.join(''));
}

export const clientFrames = frames(clientCommands);
export const serverFrames = frames(serverCommands);

/** The first character of an input says in which version the rest is read: 0, 1, 2, else not known yet. */
export function withVersion(texts: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom('0', '1', '2', '?'), texts).map(([version, text]) => bytesOf(version + text));
}
