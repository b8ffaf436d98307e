// What has come of a frame, line or message that is not complete: it counts as what waits in queues does, and it has to go
// on coming. Looked at where a chunk ends, so that what comes whole costs nothing.

import type { Alarm, Clock } from './clock.js';
import type { LimitError } from './errors.js';
import { limitError, type Limits } from './limits.js';
import type { Room } from './room.js';

/** What is shorter does not count: it costs less than its connection. */
const FREE = 4096;

/** So many bytes must come in each `limits.frameTime`, or the end. */
const LEAST = 64 * 1024;

export interface UnfinishedOptions {
  /** Whose room it takes. */
  quota: Room | undefined;
  clock: Clock;
  limits: Pick<Limits, 'frameTime'>;
  /** What it is a part of, for messages: `frame`, `line` or `message`. */
  what: string;
  /** Whether nothing can come now, because we do not read. */
  isPaused?: () => boolean;
  /** Called once if it does not go on coming; this is the end of the connection. */
  onStall: (error: LimitError) => void;
}

export class Unfinished {
  /** What is counted. */
  private bytes = 0;
  /** When the present time began, and how much there was then. */
  private since = 0;
  private before = 0;
  /** One alarm serves many: it looks when it rings whether enough has come since. */
  private alarm: Alarm | undefined;

  constructor(private readonly options: UnfinishedOptions) {}

  get isHeld(): boolean {
    return this.bytes > 0;
  }

  /** So many bytes are kept of what is not complete. Throws LimitError if there is no room for them. */
  hold(bytes: number): void {
    if (bytes < FREE) return;
    const { quota, limits, what } = this.options;
    quota?.take(bytes - this.bytes, `the rest of this ${what}`);
    const isNew = this.bytes === 0;
    this.bytes = bytes;
    if (!isNew) return;
    this.begin();
    this.alarm ??= this.look(limits.frameTime);
  }

  /** We read again: only from now on can anything come. */
  resumed(): void {
    if (this.isHeld) this.begin();
  }

  /** It is complete, or given up. */
  done(): void {
    this.options.quota?.release(this.bytes);
    this.bytes = 0;
  }

  /** There will be nothing more. */
  stop(): void {
    this.done();
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  private begin(): void {
    this.since = this.options.clock.now();
    this.before = this.bytes;
  }

  private look(delay: number): Alarm {
    const { clock, limits, isPaused } = this.options;
    return clock.after(delay, () => {
      this.alarm = undefined;
      if (this.bytes === 0) return;
      if (isPaused?.() === true) this.begin();
      const left = this.since + limits.frameTime - clock.now();
      if (left <= 0 && this.bytes - this.before < LEAST) return this.stall();
      if (left <= 0) this.begin();
      this.alarm = this.look(left > 0 ? left : limits.frameTime);
    });
  }

  private stall(): void {
    const { limits, what, onStall } = this.options;
    onStall(limitError('frameTime', limits.frameTime, `ms for the next ${LEAST} bytes of a ${what}, or its end`));
  }
}
