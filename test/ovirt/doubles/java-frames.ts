// How engine's Java library takes frames out of what it reads: heads in a buffer of 1024 bytes, on the assumption that a
// read delivers a whole one. Its faults are the point: a server that it survives may be put in vdsm's place.

import type { ByteQueue } from './byte-queue.js';

export interface JavaFrame {
  readonly command: string;
  /** As they stand on the wire: it undoes no escapes. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

const HEADER_BUFFER = 1024;

const known: ReadonlySet<string> = new Set([
  'CONNECTED',
  'ACK',
  'ERROR',
  'MESSAGE',
  'RECEIPT',
  'CONNECT',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'DISCONNECT',
]);

const LF = 0x0a;
const NUL = 0;

interface Head {
  command: string;
  headers: ReadonlyMap<string, string>;
}

/** A frame whose head has been read. */
interface Begun {
  head: Head;
  body: Buffer;
  /** Of the body, from its content-length; undefined where there is none. */
  length: number | undefined;
}

export class JavaFrameReader {
  /** Heads, and whatever came with them and waits for its turn. */
  private held: Buffer = Buffer.alloc(0);
  private begun: Begun | undefined;

  /** Nothing but line ends in a full buffer: from here on it reads nothing any more. */
  get isFull(): boolean {
    return this.begun === undefined && this.held.length === HEADER_BUFFER;
  }

  /**
   * Takes what one wake-up lets it take; at most one frame comes of it, although several may be there. Throws where the
   * library throws, after which it drops the connection.
   */
  read(source: ByteQueue): JavaFrame | undefined {
    this.begun ??= this.readHead(source);
    const begun = this.begun;
    const frame =
      begun && (begun.length === undefined ? this.endUnmeasured(begun, source) : this.endMeasured(begun, source));
    if (frame !== undefined) this.begun = undefined;
    return frame;
  }

  private readHead(source: ByteQueue): Begun | undefined {
    this.held = Buffer.concat([this.held, source.take(HEADER_BUFFER - this.held.length)]);
    const start = this.held.findIndex((byte) => byte !== LF);
    // Line ends alone stay where they are, and take the room of what is to come.
    if (start < 0) return undefined;
    const end = this.held.indexOf('\n\n', start);
    if (end < 0) return this.refusePart(start);
    const head = readHead(this.held.toString('utf8', start, end));
    const length = head.headers.get('content-length');
    const rest = this.held.subarray(end + 2);
    if (length === undefined) {
      this.held = rest;
      return { head, body: Buffer.alloc(0), length: undefined };
    }
    const size = Number(length);
    this.held = rest.subarray(size + 1);
    return { head, body: rest.subarray(0, size + 1), length: size };
  }

  /** A head that is not whole is waited for only while it is short; one with CRLF is never whole. */
  private refusePart(start: number): undefined {
    const part = this.held.subarray(start);
    if (part.filter((byte) => byte === LF).length >= 3) throw new Error('the head of a frame came in pieces');
    if (this.held.length === HEADER_BUFFER) throw new Error('the head of a frame does not fit into the header buffer');
    return undefined;
  }

  private endMeasured(begun: Begun, source: ByteQueue): JavaFrame | undefined {
    const length = begun.length!;
    // A NUL that comes by itself is fine, but not with a line end right behind it.
    if (begun.body.length === length && source.length > 0) {
      const [nul, next] = source.take(2);
      if (next === LF) throw new Error('Unrecognized message received');
      if (next !== undefined) this.held = Buffer.concat([this.held, Buffer.of(next)]);
      begun.body = Buffer.concat([begun.body, Buffer.of(nul!)]);
    } else if (begun.body.length < length) {
      begun.body = Buffer.concat([begun.body, source.take(length + 1 - begun.body.length)]);
    }
    if (begun.body.length <= length) return undefined;
    if (begun.body[length] !== NUL) throw new Error('no NUL where content-length says');
    return { ...begun.head, body: begun.body.toString('utf8', 0, length) };
  }

  /** Without content-length the body ends at a NUL, and what is right behind that had better be nothing. */
  private endUnmeasured({ head }: Begun, source: ByteQueue): JavaFrame | undefined {
    if (!this.held.includes(NUL)) this.held = Buffer.concat([this.held, source.take(HEADER_BUFFER - this.held.length)]);
    const end = this.held.indexOf(NUL);
    if (end < 0) return undefined;
    const body = this.held.toString('utf8', 0, end);
    this.held = this.held.subarray(end + 1);
    if (this.held[0] === LF) throw new Error('a line end behind a frame without content-length');
    if (this.held.length > 0 && this.held.at(-1) !== NUL)
      throw new Error('a frame that is cut behind a frame without content-length');
    return { ...head, body };
  }
}

function readHead(text: string): Head {
  const [command = '', ...lines] = text.split('\n');
  if (!known.has(command)) throw new Error(`Unrecognized message received: ${command}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new Error(`a header without colon: ${line}`);
    headers.set(line.slice(0, colon), line.slice(colon + 1));
  }
  return { command, headers };
}
