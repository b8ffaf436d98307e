// What is to go out: collected during one turn, joined, and handed to the platform in batches, one at a time; in a long
// turn the first batch goes at once. Bounded in bytes and in time. The one place where writes are coalesced.

import type { Alarm, Clock } from './clock.js';
import { Deferred } from './deferred.js';
import { LimitError } from './errors.js';
import type { Limits } from './limits.js';
import { bodyBytes } from './text.js';

/** A piece of a byte stream. */
export type Piece = string | Uint8Array;

/** At most this much is handed over at once, unless one piece is larger: so progress shows, and the rest is counted here. */
const BATCH = 256 * 1024;

/** With this much waiting in the middle of a turn the first write is made at once: the other side works meanwhile. */
const EAGER = 8 * 1024;

/** Strings are joined up to this length: one write instead of many, without making giants. */
const JOIN = 64 * 1024;

/** More than this waiting, and {@link Departures.add} returns a promise. */
const ROOM = 128 * 1024;

/** One turn may send this much to a connection that keeps up, such as all that it has missed, although it is over `writeBuffer`. */
const BURST = 64 * 1024 * 1024;

/** How {@link Departures} reaches the platform. */
export interface Gate {
  /**
   * Writes a batch, never an empty one; calls `taken` once the platform has taken all of it, and before that `moved` each time
   * that it has taken some, where that is known.
   */
  write(batch: Piece[], taken: () => void, moved: () => void): void;
  /** Runs at the end of the current turn, so that everything sent during it leaves together. */
  schedule(run: () => void): void;
  /** A limit was reached: the connection must be torn down. */
  cut(error: LimitError): void;
}

export interface DeparturesOptions {
  clock: Clock;
  limits: Pick<Limits, 'writeBuffer' | 'writeStall'>;
  /** Whether adjacent strings may be joined into one piece, because boundaries mean nothing. */
  join: boolean;
  /** Whether a large piece may be handed over in parts. */
  split: boolean;
  /** Whether each piece is to be handed over by itself. */
  isApart?: () => boolean;
}

/** The outgoing half of a channel. Lengths count bytes, and UTF-16 units of strings: what they cost to keep. */
export class Departures {
  private pieces: Piece[] = [];
  private queued = 0;
  private underWay = 0;
  private scheduled = false;
  /** Whether what is under way was written in the present turn, in the middle of it. */
  private isEager = false;
  private stopped = false;
  private progress = 0;
  private alarm: Alarm | undefined;
  private room: Deferred | undefined;
  private empty: Deferred | undefined;

  constructor(
    private readonly gate: Gate,
    private readonly options: DeparturesOptions,
  ) {}

  /** Whether something has been handed over and not been taken. */
  get isBusy(): boolean {
    return this.underWay > 0;
  }

  /** Queues a piece. Returns nothing while there is room, else a promise for room. */
  add(piece: Piece): Promise<void> | undefined {
    if (this.stopped || this.empty !== undefined) return undefined;
    this.append(piece);
    if (!this.scheduled) {
      this.scheduled = true;
      this.gate.schedule(this.flush);
    } else if (this.queued >= EAGER && this.underWay === 0) {
      this.isEager = true;
      this.write();
    }
    const { writeBuffer } = this.options.limits;
    const most = this.underWay === 0 || this.isEager ? Math.max(BURST, writeBuffer) : writeBuffer;
    if (this.queued > most) return this.overflow(most);
    if (this.queued + this.underWay <= ROOM) return undefined;
    return (this.room ??= new Deferred()).promise;
  }

  /** Takes nothing more; resolves when the platform has taken everything, or it was dropped. */
  end(): Promise<void> {
    this.empty ??= new Deferred();
    this.check();
    return this.empty.promise;
  }

  /** Forgets what has not been handed over. Everybody who waits is released. */
  drop(): void {
    this.stopped = true;
    this.pieces = [];
    this.queued = this.underWay = 0;
    this.alarm?.cancel();
    this.alarm = undefined;
    this.check();
  }

  private append(piece: Piece): void {
    if (this.options.split && piece.length > BATCH) return this.slice(bodyBytes(piece));
    this.queued += piece.length;
    const end = this.pieces.length - 1;
    const last = this.pieces[end];
    const fits = this.options.join && !this.isApart && typeof last === 'string' && last.length + piece.length <= JOIN;
    if (fits && typeof piece === 'string') this.pieces[end] = last + piece;
    else this.pieces.push(piece);
  }

  private slice(bytes: Uint8Array): void {
    this.queued += bytes.length;
    for (let at = 0; at < bytes.length; at += BATCH) this.pieces.push(bytes.subarray(at, at + BATCH));
  }

  private readonly flush = (): void => {
    this.scheduled = false;
    this.isEager = false;
    this.write();
  };

  private write(): void {
    if (this.underWay > 0 || this.pieces.length === 0) return;
    const batch = this.batch();
    for (const piece of batch) this.underWay += piece.length;
    this.queued -= this.underWay;
    this.progress = this.options.clock.now();
    // One alarm serves many batches: it looks when it rings whether anything has moved since.
    if (this.alarm === undefined) this.arm(this.options.limits.writeStall);
    this.gate.write(batch, this.taken, this.moved);
  }

  /** As many pieces as make up a batch. */
  private batch(): Piece[] {
    const all = this.pieces;
    if (this.queued <= BATCH && !this.isApart) {
      this.pieces = [];
      return all;
    }
    let size = 0;
    let count = 0;
    do size += all[count++]!.length;
    while (count < all.length && !this.isApart && size + all[count]!.length <= BATCH);
    return all.splice(0, count);
  }

  private get isApart(): boolean {
    return this.options.isApart?.() === true;
  }

  private readonly taken = (): void => {
    if (this.stopped) return;
    this.underWay = 0;
    this.check();
    this.write();
  };

  private readonly moved = (): void => {
    this.progress = this.options.clock.now();
  };

  private check(): void {
    if (this.room !== undefined && this.queued + this.underWay <= ROOM) {
      this.room.resolve();
      this.room = undefined;
    }
    if (this.empty !== undefined && this.queued + this.underWay === 0) this.empty.resolve();
  }

  private arm(delay: number): void {
    this.alarm = this.options.clock.after(delay, () => {
      this.alarm = undefined;
      if (this.underWay === 0) return;
      const left = this.progress + this.options.limits.writeStall - this.options.clock.now();
      if (left > 0) this.arm(left);
      else this.stall();
    });
  }

  private stall(): void {
    const time = this.options.limits.writeStall;
    const text = `the other side took none of ${this.queued + this.underWay} waiting bytes for ${time} ms (limits.writeStall)`;
    this.cut(new LimitError('ERR_WRITE_STALL', text, 'writeStall'));
  }

  private overflow(most: number): undefined {
    const text = `more than ${most} bytes wait for the other side (limits.writeBuffer); await what send() returns`;
    this.cut(new LimitError('ERR_WRITE_BUFFER', text, 'writeBuffer'));
  }

  private cut(error: LimitError): void {
    this.drop();
    this.gate.cut(error);
  }
}
