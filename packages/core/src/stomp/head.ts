// The head of a frame, command and headers: the grammar of STOMP, on text. Where the text comes from, and what to do
// while it is not whole, is decoder.ts's matter.

import { ProtocolError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { limitError, type Limits } from '../limits.js';
import { type Command, isEscaped } from './frame.js';
import { unescapeHeader, type Version, withoutPadding } from './version.js';

const CR = 0x0d;
const ZERO = 0x30;

/** Which of the limits a decoder keeps. */
export type DecoderLimits = Pick<Limits, 'headerLine' | 'headerCount' | 'frameHead' | 'body' | 'leadingEols'>;

/** What decides how a head is read. */
export interface Grammar {
  /** Undefined until the version is known: then nothing is unescaped, and both ends of line count. */
  readonly version: Version | undefined;
  readonly commands: readonly Command[];
  readonly limits: DecoderLimits;
}

/** The head of a frame. */
export interface Head {
  command: Command;
  headers: HeaderList;
  /** Bytes of the body, or -1: up to the first NUL. */
  length: number;
  /** The index in the text behind the empty line. */
  end: number;
}

/** CR LF ends a line from 1.2 on; before the version is known it may be that. */
export function mayEndInCrLf(version: Version | undefined): boolean {
  return version === undefined || version === '1.2';
}

/**
 * Reads a head from `text` at `from`; undefined while the empty line has not come. A `plain` text has neither backslash
 * nor carriage return, which is looked for once for all the frames in it.
 */
export function readHead(text: string, from: number, plain: boolean, grammar: Grammar): Head | undefined {
  const { version, limits } = grammar;
  const crLf = !plain && mayEndInCrLf(version);
  const lineStop = (end: number): number => (crLf && text.charCodeAt(end - 1) === CR ? end - 1 : end);
  let lineEnd = text.indexOf('\n', from);
  if (lineEnd === -1) return undefined;
  const command = text.slice(from, lineStop(lineEnd)) as Command;
  if (!grammar.commands.includes(command)) checkCommand(command, grammar, true);
  const unescapes = !plain && version !== undefined && isEscaped(command);
  const pairs: string[] = [];
  let length = -1;
  for (;;) {
    const start = lineEnd + 1;
    lineEnd = text.indexOf('\n', start);
    if (lineEnd === -1) return undefined;
    const stop = lineStop(lineEnd);
    if (stop === start) break;
    checkLine(stop - start, grammar);
    const colon = text.indexOf(':', start);
    if (colon === -1 || colon > stop) throw badHeader('a header line has no colon, or no empty line follows the last');
    let name = text.slice(start, colon);
    let value = text.slice(colon + 1, stop);
    // CR is no octet of a header in 1.2 (Augmented BNF).
    if (!plain && version === '1.2' && (name + value).includes('\r')) throw badHeader('write a carriage return as \\r');
    if (unescapes) {
      name = unescapeHeader(name, version);
      value = unescapeHeader(value, version);
    }
    // STOMP 1.0 said nothing of spaces, and its own examples pad with them; 1.1 forbade it.
    if (version === '1.0') value = withoutPadding(value);
    if (name === '') throw badHeader('a header line has no name before its colon');
    if (length === -1 && name === 'content-length') length = bodyLength(value);
    pairs.push(name, value);
    if (pairs.length > 2 * limits.headerCount)
      throw limitError('headerCount', limits.headerCount, 'headers in a frame');
  }
  const nul = text.indexOf('\0', from);
  if (nul !== -1 && nul < lineEnd) throw noEmptyLine();
  return { command, headers: new HeaderList(pairs), length, end: lineEnd + 1 };
}

/** Junk is refused with its first octets; the end of its line is not waited for. */
export function checkCommand(text: string, { commands }: Grammar, isWhole: boolean): void {
  if (commands.some((known) => (isWhole ? known === text : known.startsWith(text)))) return;
  throw new ProtocolError('ERR_STOMP_COMMAND', `a frame must begin with a command: ${commands.join(', ')}`);
}

export function checkLine(length: number, { limits: { headerLine } }: Grammar): void {
  if (length > headerLine) throw limitError('headerLine', headerLine, 'bytes in a header line');
}

export function noEmptyLine(): ProtocolError {
  return badHeader('an empty line must follow the headers, before the NUL');
}

function badHeader(why: string): ProtocolError {
  return new ProtocolError('ERR_STOMP_HEADER', why);
}

/** content-length is believed on every frame, and only if it is digits (STOMP 1.2, Header content-length). */
function bodyLength(value: string): number {
  let length = value === '' || value.length > 10 ? NaN : 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - ZERO;
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : NaN;
  }
  if (length >= 0) return length;
  throw new ProtocolError('ERR_STOMP_CONTENT_LENGTH', 'content-length must be one to ten digits');
}
