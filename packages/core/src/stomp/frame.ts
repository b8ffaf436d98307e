// A STOMP frame, its commands, and its bytes. What reads them back is decoder.ts.

import { ProtocolError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { type Body, bodyText, concatBytes, encodeText, textLength } from '../text.js';
import { escapeHeader, type Version } from './version.js';

/** What a client may send (STOMP 1.2, Client Frames). */
export const clientCommands = [
  'SEND',
  'ACK',
  'NACK',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'CONNECT',
  'STOMP',
  'DISCONNECT',
] as const;

/** What a server may send (STOMP 1.2, Server Frames). */
export const serverCommands = ['MESSAGE', 'RECEIPT', 'ERROR', 'CONNECTED'] as const;

/** The commands of clients. */
export type ClientCommand = (typeof clientCommands)[number];
/** The commands of servers. */
export type ServerCommand = (typeof serverCommands)[number];
export type Command = ClientCommand | ServerCommand;

/** One frame, headers unescaped. */
export class Frame<C extends Command = Command> {
  readonly command: C;
  readonly headers: HeaderList;
  readonly body: Body;

  constructor(command: C, headers: HeaderList = HeaderList.empty, body: Body = '') {
    this.command = command;
    this.headers = headers;
    this.body = body;
  }

  /** The first value of a header. */
  header(name: string): string | undefined {
    return this.headers.get(name);
  }

  /** The body as text; throws a TypeError if it is not UTF-8. */
  get text(): string {
    return bodyText(this.body);
  }
}

/** Commands whose frames may have a body (STOMP 1.2, Body). */
export function mayHaveBody(command: Command): boolean {
  return command === 'SEND' || command === 'MESSAGE' || command === 'ERROR';
}

/** Nothing is escaped in CONNECT and CONNECTED (STOMP 1.2, Value Encoding). */
export function isEscaped(command: Command): boolean {
  return command !== 'CONNECT' && command !== 'CONNECTED' && command !== 'STOMP';
}

/** Makes a header's value ready for the wire; undefined if that version cannot carry it. */
type EscapeValue = (value: string, version: Version) => string | undefined;

/**
 * Header lines ready for the wire, each with its end of line. Headers that the version cannot carry are left out, or, if
 * they are the sender's `own`, refused by ProtocolError `ERR_STOMP_HEADER`: nobody would be told that they are missing.
 */
export function encodeHeaders(
  headers: HeaderList,
  version: Version,
  own = false,
  escapeValue: EscapeValue = escapeHeader,
): string {
  const pairs = headers.pairs;
  let lines = '';
  for (let at = 0; at < pairs.length; at += 2) {
    const name = escapeHeader(pairs[at]!, version, 'name');
    const value = escapeValue(pairs[at + 1]!, version);
    if (name === undefined || value === undefined) {
      if (own) throw uncarried(version, pairs[at]!, pairs[at + 1]!);
    } else if (name !== 'content-length') lines += name + ':' + value + '\n';
  }
  return lines;
}

function uncarried(version: Version, name: string, value: string): ProtocolError {
  const text = `STOMP ${version} cannot carry the header ${JSON.stringify(name)}: ${JSON.stringify(value)}`;
  return new ProtocolError('ERR_STOMP_HEADER', text, { by: 'us' });
}

/** The end of a frame: content-length, which is always ours to state, the empty line, the body, NUL. */
export function encodeBody(head: string, body: Body): string | Uint8Array {
  if (typeof body === 'string') {
    return body === '' ? head + '\n\0' : head + 'content-length:' + textLength(body) + '\n\n' + body + '\0';
  }
  if (!ArrayBuffer.isView(body)) throw new TypeError('body must be a string or a Uint8Array');
  const start = encodeText(head + 'content-length:' + body.length + '\n\n');
  return concatBytes([start, body, NUL], start.length + body.length + 1);
}

const NUL = /* @__PURE__ */ new Uint8Array(1);

/**
 * A frame as it goes to the wire: text if its body is text, bytes otherwise. In CONNECT, which STOMP is another
 * name of, and CONNECTED nothing is escaped, so that they can be read before the version is known (STOMP 1.2, Value
 * Encoding).
 */
export function encodeFrame(
  frame: Frame,
  version: Version,
  own = false,
  escapeValue?: EscapeValue,
): string | Uint8Array {
  const spoken = isEscaped(frame.command) ? version : '1.0';
  return encodeBody(frame.command + '\n' + encodeHeaders(frame.headers, spoken, own, escapeValue), frame.body);
}
