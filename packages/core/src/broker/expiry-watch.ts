// Sees to it that what has expired does not keep its room until somebody takes it out of the line.

import type { Alarm, Clock } from '../clock.js';
import type { QueueItem } from './queue-item.js';
import type { WaitingLine } from './waiting-line.js';

/** What has expired is thrown out no more often than this, milliseconds; it is never handed out, and makes room sooner if need be. */
const SWEEP = 1000;

/**
 * Messages looked through in a millisecond, if senders find the queue full again and again: a hundred thousand that expire
 * one after the other must not all be looked through for each of them.
 */
const PACE = 1000;

export class ExpiryWatch {
  private alarm: { at: number; alarm: Alarm } | undefined;
  /** Nothing in the line expires before. */
  private earliest = Infinity;
  /** Nobody looks before. */
  private rest = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly line: WaitingLine,
    /** Told of what has expired, which is no longer in the line. */
    private readonly dropped: (items: readonly QueueItem[]) => void,
  ) {}

  /** An item has come into the line. */
  watch({ expires }: QueueItem): void {
    if (expires === Infinity) return;
    this.earliest = Math.min(this.earliest, expires);
    // All of the line is looked through each time: a message for each millisecond must not make that a thousand times a second.
    const at = Math.max(expires, this.clock.now() + SWEEP);
    if (this.alarm !== undefined && this.alarm.at <= at) return;
    this.alarm?.alarm.cancel();
    this.alarm = { at, alarm: this.clock.after(at - this.clock.now(), () => this.sweep()) };
  }

  /** Room is wanted: throws out what has expired, if there can be anything, and the last time was not just now. */
  look(): void {
    const now = this.clock.now();
    if (this.earliest <= now && this.rest <= now) this.sweep();
  }

  stop(): void {
    this.alarm?.alarm.cancel();
    this.alarm = undefined;
    this.earliest = Infinity;
  }

  private sweep(): void {
    const now = this.clock.now();
    this.stop();
    this.rest = now + this.line.length / PACE;
    let next: QueueItem | undefined;
    const expired = this.line.take((item) => {
      if (item.expires > now && (next === undefined || item.expires < next.expires)) next = item;
      return item.expires <= now;
    });
    if (next !== undefined) this.watch(next);
    this.dropped(expired);
  }
}
