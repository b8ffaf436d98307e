// Bytes that are no frames, and bytes that are too many: which error they are, and which limit it names.

import type { DecoderLimits, Version } from '../../src/stomp/index.js';
import { bytes } from './frames.js';

export interface MalformedVector {
  name: string;
  version?: Version;
  /** Default: client. */
  from?: 'client' | 'server';
  wire: string | Uint8Array;
  code: string | RegExp;
}

export interface LimitVector {
  limit: keyof DecoderLimits;
  code: string;
  version?: Version;
  limits: Partial<DecoderLimits>;
  /** Reaches the limit exactly. */
  within: string;
  /** One more. */
  beyond: string;
}

const send = 'SEND\ndestination:/queue/a\n';

export const malformedVectors: readonly MalformedVector[] = [
  { name: 'unknown command', version: '1.2', wire: 'HELLO\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'unknown command, its head not ended', version: '1.2', wire: 'HELLO\n', code: 'ERR_STOMP_COMMAND' },
  { name: 'unknown command before CONNECT, its head not ended', wire: 'HELO me\r\n', code: 'ERR_STOMP_COMMAND' },
  { name: 'commands are case-sensitive', version: '1.2', wire: 'send\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'command with a space behind', version: '1.2', wire: 'SEND \n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'command with a space before', version: '1.2', wire: ' SEND\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'frame of a server from a client', version: '1.2', wire: 'MESSAGE\n\n\0', code: 'ERR_STOMP_COMMAND' },
  {
    name: 'frame of a client from a server',
    version: '1.2',
    from: 'server',
    wire: 'SEND\n\n\0',
    code: 'ERR_STOMP_COMMAND',
  },
  { name: 'HTTP', wire: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', code: 'ERR_STOMP_COMMAND' },
  { name: 'HTTP that connects', wire: 'CONNECT h:443 HTTP/1.1\r\n\r\n', code: 'ERR_STOMP_COMMAND' },
  { name: 'an endless first line', wire: 'CONNECTCONNECT', code: 'ERR_STOMP_COMMAND' },
  { name: 'a NUL between frames', version: '1.2', wire: '\0SEND\n\n\0', code: /^ERR_STOMP_(COMMAND|HEADER)$/ },
  { name: 'CR LF before a frame of 1.1', version: '1.1', wire: '\r\nSEND\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'CR LF behind a command of 1.1', version: '1.1', wire: 'SEND\r\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'CR LF behind a command of 1.0', version: '1.0', wire: 'SEND\r\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'CR alone before a frame', version: '1.2', wire: '\rSEND\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'CR CR LF behind a command', version: '1.2', wire: 'SEND\r\r\n\n\0', code: 'ERR_STOMP_COMMAND' },
  { name: 'header without a colon', version: '1.2', wire: 'SEND\ndestination\n\n\0', code: 'ERR_STOMP_HEADER' },
  { name: 'header without a name', version: '1.2', wire: 'SEND\n:value\n\n\0', code: 'ERR_STOMP_HEADER' },
  { name: 'CR in a header of 1.2', version: '1.2', wire: send + 'a:b\rc\n\n\0', code: 'ERR_STOMP_HEADER' },
  { name: 'CR CR LF behind a header of 1.2', version: '1.2', wire: send + 'a:b\r\r\n\n\0', code: 'ERR_STOMP_HEADER' },
  { name: 'NUL instead of the empty line', version: '1.2', wire: send + '\0', code: 'ERR_STOMP_HEADER' },
  { name: 'NUL in a header', version: '1.2', wire: send + 'a:b\0c\n\n\0', code: 'ERR_STOMP_HEADER' },
  {
    name: 'NUL instead of the empty line, another frame behind',
    version: '1.2',
    wire: send + '\0' + send + '\n\0',
    code: 'ERR_STOMP_HEADER',
  },
  { name: 'undefined escape', version: '1.2', wire: 'SEND\na:\\t\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  { name: 'undefined escape in a name', version: '1.2', wire: 'SEND\n\\ta:b\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  { name: 'backslash at the end of a value', version: '1.2', wire: 'SEND\na:b\\\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  { name: 'upper case escape', version: '1.2', wire: 'SEND\na:\\N\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  { name: '\\r in 1.1', version: '1.1', wire: 'SEND\na:\\r\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  { name: '\\t in 1.1', version: '1.1', wire: 'SEND\na:\\t\n\n\0', code: 'ERR_STOMP_ESCAPE' },
  ...['-1', '+1', '1.0', '0x1', '1e1', ' 1', '1 ', '', 'one', '1,1', '١', '00000000001'].map(
    (length): MalformedVector => ({
      name: `content-length "${length}"`,
      version: '1.2',
      wire: `SEND\ncontent-length:${length}\n\na\0`,
      code: 'ERR_STOMP_CONTENT_LENGTH',
    }),
  ),
  {
    name: 'content-length shorter than the body',
    version: '1.2',
    wire: 'SEND\ncontent-length:2\n\nabc\0',
    code: 'ERR_STOMP_CONTENT_LENGTH',
  },
  {
    name: 'content-length 0 and a body',
    version: '1.2',
    wire: 'SEND\ncontent-length:0\n\nabc\0',
    code: 'ERR_STOMP_CONTENT_LENGTH',
  },
  {
    name: 'content-length longer than the body',
    version: '1.2',
    wire: 'SEND\ncontent-length:4\n\nabc\0SEND\n\n\0',
    code: 'ERR_STOMP_CONTENT_LENGTH',
  },
  ...(['SUBSCRIBE', 'UNSUBSCRIBE', 'DISCONNECT', 'ACK', 'NACK', 'BEGIN', 'COMMIT', 'ABORT'] as const).flatMap(
    (command): MalformedVector[] =>
      (['1.1', '1.2'] as const).flatMap((version): MalformedVector[] => [
        { name: `${command} with a body`, version, wire: `${command}\nid:0\n\nbody\0`, code: 'ERR_STOMP_BODY' },
        {
          name: `${command} with the beginning of a body`,
          version,
          wire: `${command}\ncontent-length:1000\n\n`,
          code: 'ERR_STOMP_BODY',
        },
      ]),
  ),
  { name: 'CONNECT with a body', wire: 'CONNECT\naccept-version:1.2\n\nb', code: 'ERR_STOMP_BODY' },
  { name: 'CONNECT with a length', wire: 'CONNECT\ncontent-length:9\n\n', code: 'ERR_STOMP_BODY' },
  { name: 'SEND with a body before CONNECT', wire: send + '\nb', code: 'ERR_STOMP_NOT_CONNECTED' },
  { name: 'SEND with a length before CONNECT', wire: send + 'content-length:9\n\n', code: 'ERR_STOMP_NOT_CONNECTED' },
  {
    name: 'RECEIPT with a body',
    version: '1.2',
    from: 'server',
    wire: 'RECEIPT\nreceipt-id:1\n\nbody\0',
    code: 'ERR_STOMP_BODY',
  },
  {
    name: 'header value that is not UTF-8',
    version: '1.2',
    wire: bytes('SEND\na:', 0xff, '\n\n', 0),
    code: 'ERR_STOMP_UTF8',
  },
  {
    name: 'header name with a character cut off',
    version: '1.2',
    wire: bytes('SEND\na', 0xe2, 0x82, ':b\n\n', 0),
    code: 'ERR_STOMP_UTF8',
  },
  {
    name: 'header with an overlong line feed',
    version: '1.1',
    wire: bytes('SEND\na:b', 0xc0, 0x8a, 'c:d\n\n', 0),
    code: 'ERR_STOMP_UTF8',
  },
  {
    name: 'header with half a surrogate pair',
    version: '1.2',
    wire: bytes('SEND\na:', 0xed, 0xa0, 0x80, '\n\n', 0),
    code: 'ERR_STOMP_UTF8',
  },
];

const x = (count: number): string => 'x'.repeat(count);

export const limitVectors: readonly LimitVector[] = [
  {
    limit: 'headerLine',
    code: 'ERR_HEADER_LINE',
    version: '1.2',
    limits: { headerLine: 100 },
    within: `SEND\na:${x(98)}\nb:c\n\n\0`,
    beyond: `SEND\na:${x(99)}\nb:c\n\n\0`,
  },
  {
    // The line end is not part of the line.
    limit: 'headerLine',
    code: 'ERR_HEADER_LINE',
    version: '1.2',
    limits: { headerLine: 100 },
    within: `SEND\r\na:${x(98)}\r\n\r\n\0`,
    beyond: `SEND\r\na:${x(99)}\r\n\r\n\0`,
  },
  {
    limit: 'headerLine',
    code: 'ERR_HEADER_LINE',
    version: '1.2',
    limits: { headerLine: 100 },
    within: `SEND\na:${'ü'.repeat(49)}\n\n\0`,
    beyond: `SEND\na:${'ü'.repeat(49)}x\n\n\0`,
  },
  {
    // Refused before its end has come.
    limit: 'headerLine',
    code: 'ERR_HEADER_LINE',
    limits: { headerLine: 100 },
    within: `CONNECT\na:${x(98)}\n\n\0`,
    beyond: `CONNECT\na:${x(99)}`,
  },
  {
    limit: 'headerCount',
    code: 'ERR_HEADER_COUNT',
    version: '1.2',
    limits: { headerCount: 20 },
    within: 'SEND\n' + 'a:b\n'.repeat(20) + '\n\0',
    beyond: 'SEND\n' + 'a:b\n'.repeat(21) + '\n\0',
  },
  {
    limit: 'headerCount',
    code: 'ERR_HEADER_COUNT',
    version: '1.2',
    limits: { headerCount: 20 },
    within: 'SEND\n' + 'a:ü\r\n'.repeat(20) + '\r\n\0',
    beyond: 'SEND\n' + 'a:ü\r\n'.repeat(21) + '\r\n\0',
  },
  {
    limit: 'frameHead',
    code: 'ERR_FRAME_HEAD',
    version: '1.2',
    limits: { frameHead: 100 },
    within: `SEND\na:${x(45)}\nb:${x(43)}\n\n\0`,
    beyond: `SEND\na:${x(45)}\nb:${x(44)}\n\n\0`,
  },
  {
    limit: 'frameHead',
    code: 'ERR_FRAME_HEAD',
    version: '1.2',
    limits: { frameHead: 100 },
    within: `SEND\na:${'ü'.repeat(22)}x\nb:${x(43)}\n\n\0`,
    beyond: `SEND\na:${'ü'.repeat(22)}x\nb:${x(44)}\n\n\0`,
  },
  {
    limit: 'body',
    code: 'ERR_BODY',
    version: '1.2',
    limits: { body: 100 },
    within: `SEND\n\n${x(100)}\0`,
    beyond: `SEND\n\n${x(101)}`,
  },
  {
    limit: 'body',
    code: 'ERR_BODY',
    version: '1.2',
    limits: { body: 100 },
    within: `SEND\n\n${'ü'.repeat(50)}\0`,
    beyond: `SEND\n\n${'ü'.repeat(50)}x`,
  },
  {
    // Refused before a byte of it has come.
    limit: 'body',
    code: 'ERR_BODY',
    version: '1.2',
    limits: { body: 100 },
    within: `SEND\ncontent-length:100\n\n${x(100)}\0`,
    beyond: `SEND\ncontent-length:101\n\n`,
  },
  {
    limit: 'body',
    code: 'ERR_BODY',
    version: '1.0',
    limits: { body: 100 },
    within: `SUBSCRIBE\ncontent-length:100\n\n${x(100)}\0`,
    beyond: `SUBSCRIBE\ncontent-length:9999999999\n\n`,
  },
  {
    limit: 'leadingEols',
    code: 'ERR_LEADING_EOLS',
    limits: { leadingEols: 8 },
    within: '\n'.repeat(8) + 'CONNECT\n\n\0',
    beyond: '\n'.repeat(9),
  },
  {
    limit: 'leadingEols',
    code: 'ERR_LEADING_EOLS',
    limits: { leadingEols: 8 },
    within: '\r\n'.repeat(8) + 'CONNECT\r\n\r\n\0',
    beyond: '\r\n'.repeat(9),
  },
];
