// Bytes in, frames out: incremental at any split, strict on what is malformed, bounded by limits. No I/O.
//
// Two readers share one grammar. A chunk that is all ASCII becomes one string, and frames are cut from that; it is
// several times faster. Anything else is cut byte by byte. An incomplete frame is kept in one buffer that grows by
// doubling, with a mark of how far it has been searched, so that one byte at a time does not cost quadratic time.

import { LimitError, ProtocolError } from '../errors.js';
import { type Body, decodeText } from '../text.js';
import { type Command, Frame, mayHaveBody } from './frame.js';
import { type DecoderLimits, type Head, HeadReader, type Rarities, raritiesOf } from './head.js';
import type { Version } from './version.js';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** Below this many new bytes it is not worth turning them into a string. */
const WORTH_A_STRING = 64;

const nothing = /* @__PURE__ */ new Uint8Array(0);

export interface DecoderOptions {
  /** Whose frames these are. */
  from: 'client' | 'server';
  limits?: Partial<DecoderLimits> | undefined;
}

/** Turns chunks into frames: `push` a chunk, then take `next()` until it is undefined. */
export class Decoder {
  private readonly heads: HeadReader;
  private readonly limits: DecoderLimits;
  /** Unread bytes are `bytes[at, end)`. */
  private bytes: Uint8Array = nothing;
  private at = 0;
  private end = 0;
  /** Whether `bytes` is ours to append to; a chunk is not. */
  private owned = false;
  /** The unread bytes as a string with one character a byte, where they are all ASCII. */
  private text: string | undefined;
  /** Whether nobody has tried yet to make the unread bytes a string, and it may be worth it. */
  private mayBeText = false;
  private rare: Rarities = { backslash: false, carriageReturn: false };
  /** The place of `text[0]` in `bytes`. */
  private textStart = 0;
  /** Set once a frame's head has been read and its body has not come whole. */
  private head: Head | undefined;
  /** How far the unread bytes have been searched for what is missing, and where the line in question began. */
  private searched = 0;
  private lineStart = 0;
  private eols = 0;

  constructor(options: DecoderOptions) {
    this.heads = new HeadReader(options.from, options.limits);
    this.limits = this.heads.limits;
  }

  /** The version agreed on; to be set before the first frame that follows CONNECT or CONNECTED. */
  get version(): Version | undefined {
    return this.heads.version;
  }

  set version(version: Version | undefined) {
    this.heads.version = version;
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
    this.mayBeText = chunk.length >= WORTH_A_STRING;
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
      this.bytes = nothing;
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
    this.mayBeText = false;
    const unread = this.bytes.subarray(this.at, this.end);
    try {
      const text = decodeText(unread);
      if (text.length === unread.length) {
        this.text = text;
        this.rare = raritiesOf(text);
        this.textStart = this.at;
      }
    } catch {
      // Not UTF-8, or a character is split: the reader of bytes will tell.
    }
  }

  private readFrame(): Frame | undefined {
    if (!this.skipEols()) return undefined;
    if (this.mayBeText) this.makeText();
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
      else if (octet !== CR || !this.heads.mayEndInCrLf || (at + 1 < end && bytes[at + 1] !== LF)) break;
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

  private readHeadFromText(text: string): Head | undefined {
    const head = this.heads.read(text, this.at - this.textStart, this.rare);
    if (head !== undefined) this.at = this.searched = head.end + this.textStart;
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
    this.heads.checkSize(end - this.at);
    const head = this.heads.read(text, 0, raritiesOf(text));
    this.at = this.searched = end;
    return head;
  }

  /** The byte behind the empty line that ends the head, or -1 while it has not come. */
  private findHeadEnd(): number {
    const { bytes, end, heads } = this;
    for (let at = this.searched; at < end; at++) {
      const octet = bytes[at];
      if (octet === LF) {
        const length = this.lineLength(at);
        if (length === 0) return at + 1;
        if (this.lineStart === this.at) this.checkCommand(length);
        else heads.checkLine(length);
        this.lineStart = at + 1;
      } else if (octet === NUL) {
        throw heads.noEmptyLine();
      }
    }
    this.searched = end;
    heads.checkUnfinishedLine(this.lineLength(end), this.lineStart === this.at);
    heads.checkSize(end - this.at);
    return -1;
  }

  /** How long the line is that goes to `end`, without a CR that is, or may be, part of its end. */
  private lineLength(end: number): number {
    const length = end - this.lineStart;
    return length > 0 && this.bytes[end - 1] === CR && this.heads.mayEndInCrLf ? length - 1 : length;
  }

  /** Junk is refused with its first line; an end of its head is not waited for. */
  private checkCommand(length: number): void {
    this.heads.checkUnfinishedLine(length, true);
    this.heads.command(String.fromCharCode(...this.bytes.subarray(this.at, this.at + length)), 0, length);
  }

  private readBody(head: Head): Frame | undefined {
    if (!this.mayHaveBody(head.command)) this.refuseBody(head);
    const stop = head.length === -1 ? this.findNul() : this.at + head.length;
    if (stop - this.at > this.limits.body) throw this.heads.bodyTooLong();
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
    this.head = undefined;
    this.at = this.searched = this.lineStart = stop + 1;
    return new Frame(head.command, head.headers, body);
  }

  /** STOMP 1.2, Body; 1.0 says nothing of it. Before login no frame of a client has one. */
  private mayHaveBody(command: Command): boolean {
    return this.version === '1.0' || (mayHaveBody(command) && (this.version !== undefined || command === 'ERROR'));
  }

  /** Throws if there is a body, as soon as that can be told, so that it gets no room. */
  private refuseBody({ command, length }: Head): void {
    if (length === 0 || (length === -1 && (this.at >= this.end || this.bytes[this.at] === NUL))) return;
    throw mayHaveBody(command)
      ? new ProtocolError('ERR_STOMP_NOT_CONNECTED', `${command} may not come before the session is connected`)
      : new ProtocolError('ERR_STOMP_BODY', `a ${command} frame must not have a body`);
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
    if (found === -1 && this.end - this.at > this.limits.body) throw this.heads.bodyTooLong();
    return found;
  }
}
