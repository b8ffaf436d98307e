// Bytes in, frames out: incremental at any split, strict on what is malformed, bounded by limits. No I/O.
//
// A chunk that is all ASCII becomes one string, and heads are read from that; it is several times faster. Any other head
// is first searched for byte by byte. An incomplete frame is kept in one buffer that grows by doubling, with a mark of
// how far it has been searched, so that one byte at a time does not cost quadratic time.

import { ProtocolError } from '../errors.js';
import { defaultLimits, limitError } from '../limits.js';
import { type Body, decodeText } from '../text.js';
import { clientCommands, type Command, Frame, mayHaveBody, serverCommands } from './frame.js';
import {
  checkCommand,
  checkLine,
  type DecoderLimits,
  type Grammar,
  type Head,
  mayEndInCrLf,
  noEmptyLine,
  readHead,
} from './head.js';
import type { Version } from './version.js';

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;

/** Below this many new bytes it is not worth turning them into a string. */
const WORTH_A_STRING = 64;

const nothing: Uint8Array = /* @__PURE__ */ new Uint8Array();

export interface DecoderOptions {
  /** Whose frames these are. */
  from: 'client' | 'server';
  limits?: Partial<DecoderLimits> | undefined;
}

/** Turns chunks into frames: `push` a chunk, then take `next()` until it is undefined. */
export class Decoder implements Grammar {
  /** The version agreed on; to be set before the first frame that follows CONNECT or CONNECTED. */
  version: Version | undefined;
  readonly commands: readonly Command[];
  readonly limits: DecoderLimits;
  /** Unread bytes are `bytes[at, end)`. */
  #bytes = nothing;
  #at = 0;
  #end = 0;
  /** The unread bytes as a string with one character a byte, undefined if they are not all ASCII or it was not tried. */
  #text: string | undefined;
  #mayBeText = false;
  #isPlain = true;
  /** The place of `text[0]` in `bytes`. */
  #textStart = 0;
  /** Set once a frame's head has been read and its body has not come whole. */
  #head: Head | undefined;
  /** How far the unread bytes have been searched for what is missing, and where the line in question began. */
  #searched = 0;
  #lineStart = 0;
  #eols = 0;

  constructor({ from, limits }: DecoderOptions) {
    this.commands = from === 'client' ? clientCommands : serverCommands;
    this.limits = { ...defaultLimits, ...limits };
  }

  /** What is there of a frame that is not complete, or was refused: its head, if that was good, else what is unread. */
  get begun(): Head | Uint8Array {
    return this.#head ?? this.#unread();
  }

  get isBetweenFrames(): boolean {
    return this.#head === undefined && this.held === 0;
  }

  /** How many bytes are being kept for a frame that is not complete. */
  get held(): number {
    return this.#end - this.#at;
  }

  /** Takes a chunk; it must not be changed until `next()` has returned undefined. */
  push(chunk: Uint8Array): void {
    const { held } = this;
    if (held === 0) {
      this.#replace(chunk);
      this.#end = chunk.length;
    } else {
      if (this.#bytes.length - this.#end < chunk.length) {
        // The capacity follows what has come, not what a content-length promises; but is no greater than that needs.
        const size = held + chunk.length;
        const length = this.#head?.length ?? -1;
        const most = (length < 0 ? Math.max(this.limits.body, this.limits.frameHead) : length) + 1;
        const grown = new Uint8Array(Math.max(size, Math.min(2 * size, most)));
        grown.set(this.#unread());
        this.#replace(grown);
      }
      this.#bytes.set(chunk, this.#end);
      this.#end += chunk.length;
    }
    this.#mayBeText = chunk.length >= WORTH_A_STRING;
  }

  /** The next whole frame, or undefined: more bytes are needed. Throws ProtocolError or LimitError; then it is over. */
  next(): Frame | undefined {
    this.#head ??= this.#readHead();
    const frame = this.#head && this.#readBody(this.#head);
    if (frame === undefined) this.#keepRest();
    return frame;
  }

  #unread(): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#end);
  }

  /** Moves what is unread to the beginning of other bytes, which hold it. */
  #replace(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#searched -= this.#at;
    this.#lineStart -= this.#at;
    this.#end -= this.#at;
    this.#at = 0;
    this.#text = undefined;
  }

  /** Moves an incomplete frame out of the chunk, which belongs to the caller, or away from the frames before it. */
  #keepRest(): void {
    const isChunk = this.#bytes.length === this.#end;
    if (isChunk || this.#at > 0) this.#replace(this.held === 0 ? nothing : new Uint8Array(this.#unread()));
    this.#text = undefined;
  }

  #readHead(): Head | undefined {
    if (!this.#skipEols()) return undefined;
    if (this.#mayBeText) this.#makeText();
    const start = this.#textStart;
    let head = this.#text === undefined ? undefined : readHead(this.#text, this.#at - start, this.#isPlain, this);
    const end = head === undefined ? this.#findHeadEnd() : head.end + start;
    const { frameHead } = this.limits;
    if ((end ?? this.#end) - this.#at > frameHead) throw limitError('frameHead', frameHead, 'bytes of headers');
    if (end === undefined) return undefined;
    head ??= readHead(this.#decodeHead(end), 0, false, this);
    this.#at = this.#searched = end;
    this.#eols = 0;
    return head;
  }

  /** EOLs between frames are heart-beats or padding (STOMP 1.2, Augmented BNF). Whether anything else is left. */
  #skipEols(): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    let at = this.#at;
    for (; at < end; at++) {
      const octet = bytes[at];
      if (octet === LF) this.#countEol();
      // A CR may be half of an EOL whose LF is still to come.
      else if (octet !== CR || !mayEndInCrLf(this.version) || at + 1 === end || bytes[at + 1] !== LF) break;
    }
    if (at !== this.#at) this.#at = this.#searched = this.#lineStart = at;
    return at < end;
  }

  #countEol(): void {
    const { leadingEols } = this.limits;
    if (this.version === undefined && ++this.#eols > leadingEols)
      throw limitError('leadingEols', leadingEols, 'EOLs before CONNECT');
  }

  #makeText(): void {
    this.#mayBeText = false;
    try {
      const text = decodeText(this.#unread());
      if (text.length !== this.held) return;
      this.#text = text;
      this.#textStart = this.#at;
      this.#isPlain = !text.includes('\\') && !text.includes('\r');
    } catch {
      // Not UTF-8, or a character is split: the head will tell.
    }
  }

  #decodeHead(end: number): string {
    try {
      return decodeText(this.#bytes.subarray(this.#at, end));
    } catch (cause) {
      throw new ProtocolError('ERR_STOMP_UTF8', 'command and headers of a frame must be UTF-8', { cause });
    }
  }

  /** The place behind the empty line that ends the head; undefined while it has not come. */
  #findHeadEnd(): number | undefined {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let at = this.#searched; at < end; at++) {
      const octet = bytes[at];
      if (octet === NUL) throw noEmptyLine();
      if (octet !== LF) continue;
      if (this.#checkLine(at, true) === 0) return at + 1;
      this.#lineStart = at + 1;
    }
    this.#searched = end;
    this.#checkLine(end, false);
    return undefined;
  }

  /** Checks the line that goes to `end`, and returns its length without a CR that is, or may be, part of its end. */
  #checkLine(end: number, isWhole: boolean): number {
    const bytes = this.#bytes;
    const start = this.#lineStart;
    const stop = end > start && bytes[end - 1] === CR && mayEndInCrLf(this.version) ? end - 1 : end;
    checkLine(stop - start, this);
    if (start === this.#at) checkCommand(String.fromCharCode(...bytes.subarray(start, stop)), this, isWhole);
    return stop - start;
  }

  #readBody({ command, headers, length }: Head): Frame | undefined {
    const at = this.#at;
    const stop = length === -1 ? this.#findNul() : at + length;
    const { body } = this.limits;
    if (stop - at > body) throw limitError('body', body, 'bytes in a body');
    if (stop > at) this.#checkBody(command);
    if (stop >= this.#end) return undefined;
    if (this.#bytes[stop] !== NUL)
      throw new ProtocolError('ERR_STOMP_CONTENT_LENGTH', 'a NUL must follow where content-length says the body ends');
    this.#head = undefined;
    this.#at = this.#searched = this.#lineStart = stop + 1;
    return new Frame(command, headers, this.#cutBody(at, stop));
  }

  /** STOMP 1.2, Body; 1.0 says nothing of it. Before login no frame of a client has one. */
  #checkBody(command: Command): void {
    if (this.version === '1.0') return;
    if (!mayHaveBody(command)) throw new ProtocolError('ERR_STOMP_BODY', `${command} must not have a body`);
    if (this.version === undefined && command !== 'ERROR')
      throw new ProtocolError('ERR_STOMP_NOT_CONNECTED', `${command} may not come before the session is connected`);
  }

  #cutBody(from: number, to: number): Body {
    if (from === to) return '';
    const start = this.#textStart;
    return this.#text?.slice(from - start, to - start) ?? this.#bytes.subarray(from, to);
  }

  /** The place of the NUL that ends the body, or the end of what has come. */
  #findNul(): number {
    const found = this.#bytes.subarray(0, this.#end).indexOf(NUL, this.#searched);
    return (this.#searched = found === -1 ? this.#end : found);
  }
}
