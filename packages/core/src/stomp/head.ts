// The head of a frame, command and headers: the grammar of STOMP, on text. Where the text comes from, and what to do
// while it is not whole, is decoder.ts's matter.

import { LimitError, ProtocolError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import { clientCommands, type Command, isEscaped, serverCommands } from './frame.js';
import { unescapeHeader, type Version } from './version.js';

const CR = 0x0d;
const LF = 0x0a;
const ZERO = 0x30;
const LONGEST_COMMAND = 'UNSUBSCRIBE'.length;

/** Which of the limits a decoder keeps. */
export type DecoderLimits = Pick<Limits, 'headerLine' | 'headerCount' | 'frameHead' | 'body' | 'leadingEols'>;

/** The head of a frame. */
export interface Head {
  command: Command;
  headers: HeaderList;
  /** Bytes of the body, or -1: up to the first NUL. */
  length: number;
  /** The index in the text behind the empty line. */
  end: number;
}

/** What a text may hold, looked for once for all the frames in it. */
export interface Rarities {
  backslash: boolean;
  carriageReturn: boolean;
}

/** Looks for what most texts do not have. */
export function raritiesOf(text: string): Rarities {
  return { backslash: text.includes('\\'), carriageReturn: text.includes('\r') };
}

export class HeadReader {
  /** Undefined until the version is known: then nothing is unescaped, and both ends of line count. */
  version: Version | undefined;
  readonly limits: DecoderLimits;
  private readonly commands: readonly Command[];
  private lastCommand: Command;

  constructor(from: 'client' | 'server', limits: Partial<DecoderLimits> = {}) {
    this.limits = { ...defaultLimits, ...limits };
    this.commands = from === 'client' ? clientCommands : serverCommands;
    this.lastCommand = this.commands[0]!;
  }

  /** CR LF ends a line from 1.2 on; before the version is known it may be that. */
  get mayEndInCrLf(): boolean {
    return this.version === undefined || this.version === '1.2';
  }

  /** Reads a head from `text` at `from`; undefined while the empty line has not come. */
  read(text: string, from: number, rare: Rarities): Head | undefined {
    let lineEnd = text.indexOf('\n', from);
    if (lineEnd === -1) return this.checkUnfinished(text, from, from);
    const crLf = rare.carriageReturn && this.mayEndInCrLf;
    const command = this.command(text, from, crLf && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd);
    const unescapes = rare.backslash && this.version !== undefined && isEscaped(command);
    const trims = this.version === '1.0';
    const pairs: string[] = [];
    let length = -1;
    for (;;) {
      const start = lineEnd + 1;
      lineEnd = text.indexOf('\n', start);
      if (lineEnd === -1) return this.checkUnfinished(text, from, start);
      const stop = crLf && lineEnd > start && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
      if (stop === start) break;
      this.checkLine(stop - start);
      const colon = text.indexOf(':', start);
      if (colon === -1 || colon >= stop) throw withoutColon(text.slice(start, stop));
      let name = text.slice(start, colon);
      let value = text.slice(colon + 1, stop);
      if (unescapes) {
        name = unescapeHeader(name, this.version!);
        value = unescapeHeader(value, this.version!);
      }
      // STOMP 1.0 said nothing of spaces, and its own examples pad with them; 1.1 forbade it.
      if (trims) value = value.trim();
      if (length === -1 && name === 'content-length') length = this.bodyLength(value);
      else if (name === '') throw new ProtocolError('ERR_STOMP_HEADER', 'a header line has no name before its colon');
      pairs.push(name, value);
      if (pairs.length / 2 > this.limits.headerCount) throw this.tooManyHeaders();
    }
    this.check(text, from, lineEnd + 1, rare);
    return { command, headers: new HeaderList(pairs), length, end: lineEnd + 1 };
  }

  /** Checks the line that an unfinished head ends with, so that nothing grows while its end does not come. */
  checkUnfinishedLine(length: number, isCommand: boolean): void {
    if (isCommand && length > LONGEST_COMMAND + 1) throw this.noCommand();
    this.checkLine(length);
  }

  checkLine(length: number): void {
    if (length > this.limits.headerLine) throw this.lineTooLong();
  }

  checkSize(length: number): void {
    const { frameHead } = this.limits;
    if (length <= frameHead) return;
    throw new LimitError(
      'ERR_FRAME_HEAD',
      `the headers of a frame are longer than ${frameHead} bytes (limits.frameHead)`,
      'frameHead',
    );
  }

  bodyTooLong(): LimitError {
    const { body } = this.limits;
    return new LimitError('ERR_BODY', `the body of a frame is longer than ${body} bytes (limits.body)`, 'body');
  }

  noEmptyLine(): ProtocolError {
    return noEmptyLine();
  }

  private checkUnfinished(text: string, from: number, lineStart: number): undefined {
    // A CR at the end may be the first half of the line's.
    const stop = this.mayEndInCrLf && text.endsWith('\r') ? text.length - 1 : text.length;
    this.checkUnfinishedLine(stop - lineStart, lineStart === from);
    this.checkSize(text.length - from);
    if (text.includes('\0', from)) throw noEmptyLine();
    return undefined;
  }

  /** The command between two places in a text. */
  command(text: string, from: number, to: number): Command {
    // Most frames of a connection are of one kind; comparing in place spares a string.
    const last = this.lastCommand;
    if (last.length === to - from && text.startsWith(last, from)) return last;
    const command = this.commands.find((known) => known.length === to - from && text.startsWith(known, from));
    if (command === undefined) throw this.noCommand();
    return (this.lastCommand = command);
  }

  private check(text: string, from: number, to: number, rare: Rarities): void {
    this.checkSize(to - from);
    const nul = text.indexOf('\0', from);
    if (nul !== -1 && nul < to) throw noEmptyLine();
    if (!rare.carriageReturn || this.version !== '1.2') return;
    // CR is no octet of a header in 1.2 (Augmented BNF); what ended a line has been taken off.
    for (let cr = text.indexOf('\r', from); cr !== -1 && cr < to; cr = text.indexOf('\r', cr + 1)) {
      if (text.charCodeAt(cr + 1) !== LF) {
        throw new ProtocolError('ERR_STOMP_HEADER', 'a carriage return in a header must be written \\r');
      }
    }
  }

  /** content-length is believed on every frame, and only if it is digits (STOMP 1.2, Header content-length). */
  private bodyLength(value: string): number {
    let length = 0;
    for (let at = 0; at < value.length; at++) {
      const digit = value.charCodeAt(at) - ZERO;
      if (digit < 0 || digit > 9) length = NaN;
      length = length * 10 + digit;
    }
    if (value === '' || value.length > 10 || Number.isNaN(length)) {
      throw new ProtocolError(
        'ERR_STOMP_CONTENT_LENGTH',
        'content-length must be a number of bytes, at most ten digits',
      );
    }
    if (length > this.limits.body) throw this.bodyTooLong();
    return length;
  }

  private noCommand(): ProtocolError {
    return new ProtocolError(
      'ERR_STOMP_COMMAND',
      `a frame must begin with a command; known are ${this.commands.join(', ')}`,
    );
  }

  private tooManyHeaders(): LimitError {
    const { headerCount } = this.limits;
    return new LimitError(
      'ERR_HEADER_COUNT',
      `a frame has more than ${headerCount} headers (limits.headerCount)`,
      'headerCount',
    );
  }

  private lineTooLong(): LimitError {
    const { headerLine } = this.limits;
    return new LimitError(
      'ERR_HEADER_LINE',
      `a header line is longer than ${headerLine} bytes (limits.headerLine)`,
      'headerLine',
    );
  }
}

function withoutColon(line: string): ProtocolError {
  return line.includes('\0') ? noEmptyLine() : new ProtocolError('ERR_STOMP_HEADER', 'a header line has no colon');
}

function noEmptyLine(): ProtocolError {
  return new ProtocolError('ERR_STOMP_HEADER', 'an empty line must follow the headers of a frame, before its NUL');
}
