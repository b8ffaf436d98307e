// A socket as TLS sees it that gets its records one at a time, out of a receive buffer into which two large ones do not
// fit, as engine's Java library unwraps them.

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ByteQueue } from './byte-queue.js';

/** Of one record at its largest, and a little: 16.7 KiB. */
const RECEIVE_BUFFER = 17_100;

/** Type, version and length (RFC 8446, section 5.1). */
const RECORD_HEAD = 5;

export class TlsRecords extends Duplex {
  private held: Buffer = Buffer.alloc(0);

  constructor(private readonly socket: Socket) {
    super();
  }

  /** Reads as much as there is room for; true if there was anything. */
  fill(source: ByteQueue): boolean {
    const piece = source.take(RECEIVE_BUFFER - this.held.length);
    this.held = Buffer.concat([this.held, piece]);
    return piece.length > 0;
  }

  /** Hands one whole record to TLS; false if there is none. */
  unwrap(): boolean {
    if (this.held.length < RECORD_HEAD) return false;
    const end = RECORD_HEAD + this.held.readUInt16BE(3);
    if (this.held.length < end) return false;
    this.push(this.held.subarray(0, end));
    this.held = this.held.subarray(end);
    return true;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }
}
