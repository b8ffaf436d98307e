// Bytes in, frames out: incremental at any split, strict on what is malformed, bounded by limits. No I/O.
//
// Two readers share one grammar. A chunk that is all ASCII becomes one string, and frames are cut from that; it is
// several times faster. Anything else is cut byte by byte. An incomplete frame is kept in one buffer that grows by
// doubling, with a mark of how far it has been searched, so that one byte at a time does not cost quadratic time.

import { LimitError, ProtocolError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import { type Body, decodeText } from '../text.js';
import { clientCommands, type Command, Frame, mayHaveBody, serverCommands } from './frame.js';
import { unescapeHeader, type Version } from './version.js';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** Below this many new bytes it is not worth turning them into a string. */
const WORTH_A_STRING = 64;
const LONGEST_COMMAND = 'UNSUBSCRIBE'.length;

/** Which of the limits a decoder keeps. */
export type DecoderLimits = Pick<Limits, 'headerLine' | 'headerCount' | 'frameHead' | 'body' | 'leadingEols'>;

export interface DecoderOptions {
  /** Whose frames these are. */
  from: 'client' | 'server';
  limits?: Partial<DecoderLimits>;
}

/** Where the head of the current frame ended and how its body is delimited. */
interface Head {
  command: Command;
  headers: HeaderList;
  /** Bytes of the body, or -1: up to the first NUL. */
  length: number;
}

/** Turns chunks into frames: `push` a chunk, then take `next()` until it is undefined. */
export class Decoder {
  /** Undefined until the version is known: then nothing is unescaped, and both ends of line count. */
  version: Version | undefined;

  private readonly commands: readonly string[];
  private readonly limits: DecoderLimits;
  /** Unread bytes are `bytes[at, end)`. */
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private end = 0;
  /** Whether `bytes` is ours to append to; a chunk is not. */
  private owned = false;
  /** The unread bytes as a string with one character a byte, where they are all ASCII. */
  private text: string | undefined;
  /** The place of `text[0]` in `bytes`. */
  private textStart = 0;
  /** Set once a frame's head has been read and its body has not come whole. */
  private head: Head | undefined;
  /** How far the unread bytes have been searched for what is missing, and where the line in question began. */
  private searched = 0;
  private lineStart = 0;
  private eols = 0;

  constructor(options: DecoderOptions) {
    this.commands = options.from === 'client' ? clientCommands : serverCommands;
    this.limits = { ...defaultLimits, ...options.limits };
  }

  /** How many bytes are being kept for a frame that is not complete. */
  get held(): number {
    return this.end - this.at;
  }

  /** Takes a chunk; it must not be changed until `next()` has returned undefined. */
  push(chunk: Uint8Array): void {
    if (this.at === this.end) {
      this.bytes = chunk;
      this.at = 0;
      this.end = chunk.length;
      this.owned = false;
      this.searched = this.lineStart = 0;
    } else {
      this.append(chunk);
    }
    this.text = undefined;
    if (this.head === undefined && chunk.length >= WORTH_A_STRING) this.makeText();
  }

  /** The next whole frame, or undefined: more bytes are needed. Throws ProtocolError or LimitError; then it is over. */
  next(): Frame | undefined {
    const frame = this.head === undefined ? this.readFrame() : this.readBody(this.head);
    if (frame === undefined) this.keepRest();
    return frame;
  }

  private append(chunk: Uint8Array): void {
    const length = this.end - this.at;
    const needed = length + chunk.length;
    if (!this.owned || this.bytes.length - this.end < chunk.length) {
      // The capacity follows what has come, not what a content-length promises.
      const grown = new Uint8Array(Math.max(256, needed, Math.min(length * 2, this.wanted())));
      grown.set(this.bytes.subarray(this.at, this.end));
      this.searched -= this.at;
      this.lineStart -= this.at;
      this.bytes = grown;
      this.at = 0;
      this.end = length;
      this.owned = true;
    }
    this.bytes.set(chunk, this.end);
    this.end += chunk.length;
  }

  /** How many bytes the frame being read will need, as far as is known. */
  private wanted(): number {
    return this.head !== undefined && this.head.length >= 0 ? this.head.length + 1 : this.limits.body;
  }

  /** Moves an incomplete frame out of the chunk, which belongs to the caller. */
  private keepRest(): void {
    this.text = undefined;
    if (this.at === this.end) {
      this.bytes = this.bytes.subarray(0, 0);
      this.at = this.end = 0;
    } else if (!this.owned) {
      const rest = this.bytes.subarray(this.at, this.end);
      this.at = this.end = 0;
      this.searched -= rest.byteOffset - this.bytes.byteOffset;
      this.lineStart -= rest.byteOffset - this.bytes.byteOffset;
      this.bytes = rest.slice();
      this.end = rest.length;
      this.owned = true;
    }
  }

  private makeText(): void {
    const unread = this.bytes.subarray(this.at, this.end);
    try {
      const text = decodeText(unread);
      if (text.length === unread.length) {
        this.text = text;
        this.textStart = this.at;
      }
    } catch {
      // Not UTF-8, or a character is split: the reader of bytes will tell.
    }
  }

  private readFrame(): Frame | undefined {
    if (!this.skipEols()) return undefined;
    const head = this.text === undefined ? this.readHeadFromBytes() : this.readHeadFromText(this.text);
    if (head === undefined) return undefined;
    this.eols = 0;
    return this.readBody(head);
  }

  /** EOLs between frames are heart-beats or padding (STOMP 1.2, Augmented BNF). Whether anything else is left. */
  private skipEols(): boolean {
    const { bytes, end } = this;
    let at = this.at;
    for (; at < end; at++) {
      const octet = bytes[at];
      if (octet === LF) this.countEol();
      else if (octet !== CR || !this.mayEndInCrLf() || (at + 1 < end && bytes[at + 1] !== LF)) break;
      else if (at + 1 === end) break; // A CR whose LF is still to come.
    }
    if (at !== this.at) {
      this.at = at;
      this.searched = this.lineStart = at;
    }
    return at < end;
  }

  private countEol(): void {
    if (this.version !== undefined || ++this.eols <= this.limits.leadingEols) return;
    throw new LimitError(
      'ERR_LEADING_EOLS',
      `more than ${this.limits.leadingEols} EOLs before CONNECT (limits.leadingEols)`,
      'leadingEols',
    );
  }

  /** CR LF ends a line from 1.2 on; before the version is known it may be that. */
  private mayEndInCrLf(): boolean {
    return this.version === undefined || this.version === '1.2';
  }

  private readHeadFromText(text: string): Head | undefined {
    const offset = this.textStart;
    const head = this.parseHead(text, this.at - offset);
    if (head === undefined) return undefined;
    this.at = this.searched = this.headEnd + offset;
    return head;
  }

  private readHeadFromBytes(): Head | undefined {
    const end = this.findHeadEnd();
    if (end === -1) return undefined;
    let text: string;
    try {
      text = decodeText(this.bytes.subarray(this.at, end));
    } catch (cause) {
      throw new ProtocolError('ERR_STOMP_UTF8', 'command and headers of a frame must be UTF-8', { cause });
    }
    const head = this.parseHead(text, 0);
    this.at = this.searched = end;
    return head;
  }

  /** The byte behind the empty line that ends the head, or -1 while it has not come. */
  private findHeadEnd(): number {
    const { bytes, end } = this;
    for (let at = this.searched; at < end; at++) {
      const octet = bytes[at];
      if (octet === LF) {
        const length = at - this.lineStart;
        if (length === 0 || (length === 1 && bytes[at - 1] === CR && this.mayEndInCrLf())) return at + 1;
        this.checkLine(length, this.lineStart === this.at);
        this.lineStart = at + 1;
      } else if (octet === NUL) {
        throw this.noEmptyLine();
      }
    }
    this.searched = end;
    this.checkLine(end - this.lineStart, this.lineStart === this.at);
    this.checkHead(end - this.at);
    return -1;
  }

  /** Set by parseHead, beside what it returns: the index behind the head. */
  private headEnd = 0;

  /** Reads command and headers from `text` at `from`; undefined while the empty line has not come. */
  private parseHead(text: string, from: number): Head | undefined {
    let lineEnd = text.indexOf('\n', from);
    if (lineEnd === -1) {
      this.checkLine(text.length - from, true);
      return undefined;
    }
    const crLf = this.mayEndInCrLf();
    const command = this.readCommand(text, from, crLf && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd);
    // Nothing is escaped in CONNECT and CONNECTED (STOMP 1.2, Value Encoding).
    const escaped =
      this.version !== undefined && command !== 'CONNECT' && command !== 'CONNECTED' && command !== 'STOMP';
    const pairs: string[] = [];
    let contentLength: string | undefined;
    for (;;) {
      const start = lineEnd + 1;
      lineEnd = text.indexOf('\n', start);
      if (lineEnd === -1) return this.incompleteHead(text, from, start);
      const stop = crLf && lineEnd > start && text.charCodeAt(lineEnd - 1) === CR ? lineEnd - 1 : lineEnd;
      if (stop === start) break;
      this.checkLine(stop - start, false);
      const colon = text.indexOf(':', start);
      if (colon === -1 || colon >= stop) throw this.headerWithoutColon(text.slice(start, stop));
      let name = text.slice(start, colon);
      let value = text.slice(colon + 1, stop);
      if (escaped) {
        if (name.includes('\\')) name = unescapeHeader(name, this.version!);
        if (value.includes('\\')) value = unescapeHeader(value, this.version!);
      }
      // STOMP 1.0 said nothing of spaces, and its own examples pad with them; 1.1 forbade it.
      if (this.version === '1.0') value = value.trim();
      if (name === 'content-length') contentLength ??= value;
      pairs.push(name, value);
    }
    this.headEnd = lineEnd + 1;
    this.checkHead(this.headEnd - from);
    this.checkPairs(pairs, text, from, this.headEnd);
    return { command, headers: new HeaderList(pairs), length: this.bodyLength(contentLength) };
  }

  private incompleteHead(text: string, from: number, lineStart: number): undefined {
    this.checkLine(text.length - lineStart, false);
    this.checkHead(text.length - from);
    if (text.includes('\0', from)) throw this.noEmptyLine();
    return undefined;
  }

  private readCommand(text: string, from: number, to: number): Command {
    this.checkLine(to - from, true);
    const command = text.slice(from, to);
    if (this.commands.includes(command)) return command as Command;
    throw new ProtocolError('ERR_STOMP_COMMAND', `unknown command; known are ${this.commands.join(', ')}`);
  }

  private checkPairs(pairs: readonly string[], text: string, from: number, to: number): void {
    if (pairs.length / 2 > this.limits.headerCount) {
      throw new LimitError(
        'ERR_HEADER_COUNT',
        `a frame has more than ${this.limits.headerCount} headers (limits.headerCount)`,
        'headerCount',
      );
    }
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at] === '') throw new ProtocolError('ERR_STOMP_HEADER', 'a header line has no name before its colon');
    }
    const nul = text.indexOf('\0', from);
    if (nul !== -1 && nul < to) throw this.noEmptyLine();
    if (this.version !== '1.2') return;
    // CR is not a header octet in 1.2 (Augmented BNF); what ended a line has been taken off.
    for (let cr = text.indexOf('\r', from); cr !== -1 && cr < to; cr = text.indexOf('\r', cr + 1)) {
      if (text.charCodeAt(cr + 1) !== LF)
        throw new ProtocolError('ERR_STOMP_HEADER', 'a carriage return in a header must be written \\r');
    }
  }

  private checkLine(length: number, isCommand: boolean): void {
    if (isCommand && length > LONGEST_COMMAND + 1) {
      throw new ProtocolError(
        'ERR_STOMP_COMMAND',
        `a frame must begin with a command; known are ${this.commands.join(', ')}`,
      );
    }
    if (length <= this.limits.headerLine) return;
    throw new LimitError(
      'ERR_HEADER_LINE',
      `a header line is longer than ${this.limits.headerLine} bytes (limits.headerLine)`,
      'headerLine',
    );
  }

  private checkHead(length: number): void {
    if (length <= this.limits.frameHead) return;
    throw new LimitError(
      'ERR_FRAME_HEAD',
      `the headers of a frame are longer than ${this.limits.frameHead} bytes (limits.frameHead)`,
      'frameHead',
    );
  }

  /** content-length is believed on every frame, and only if it is digits (STOMP 1.2, Header content-length). */
  private bodyLength(contentLength: string | undefined): number {
    if (contentLength === undefined) return -1;
    if (!/^\d{1,10}$/.test(contentLength)) {
      throw new ProtocolError('ERR_STOMP_CONTENT_LENGTH', 'content-length must be a number of bytes, digits only');
    }
    const length = Number(contentLength);
    if (length > this.limits.body) throw this.bodyTooLong();
    return length;
  }

  private readBody(head: Head): Frame | undefined {
    const stop = head.length === -1 ? this.findNul() : this.at + head.length;
    if (stop - this.at > this.limits.body) throw this.bodyTooLong();
    if (stop === -1 || stop >= this.end) {
      this.head = head;
      return undefined;
    }
    if (this.bytes[stop] !== NUL) {
      throw new ProtocolError(
        'ERR_STOMP_CONTENT_LENGTH',
        'a NUL must follow the body where content-length says it ends',
      );
    }
    const body = this.cutBody(this.at, stop);
    if (body.length > 0 && !mayHaveBody(head.command) && this.version !== '1.0') {
      throw new ProtocolError('ERR_STOMP_BODY', `a ${head.command} frame must not have a body`);
    }
    this.head = undefined;
    this.at = this.searched = this.lineStart = stop + 1;
    return new Frame(head.command, head.headers, body);
  }

  private cutBody(from: number, to: number): Body {
    if (from === to) return '';
    return this.text === undefined
      ? this.bytes.subarray(from, to)
      : this.text.slice(from - this.textStart, to - this.textStart);
  }

  private findNul(): number {
    const found = this.bytes.subarray(0, this.end).indexOf(NUL, this.searched);
    this.searched = found === -1 ? this.end : found;
    if (found === -1 && this.end - this.at > this.limits.body) throw this.bodyTooLong();
    return found;
  }

  private bodyTooLong(): LimitError {
    return new LimitError(
      'ERR_BODY',
      `the body of a frame is longer than ${this.limits.body} bytes (limits.body)`,
      'body',
    );
  }

  private headerWithoutColon(line: string): ProtocolError {
    return line.includes('\0')
      ? this.noEmptyLine()
      : new ProtocolError('ERR_STOMP_HEADER', 'a header line has no colon');
  }

  private noEmptyLine(): ProtocolError {
    return new ProtocolError('ERR_STOMP_HEADER', 'an empty line must follow the headers of a frame, before its NUL');
  }
}
