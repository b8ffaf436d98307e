// The recent past of all topics, so that a subscriber who comes back gets what it missed, or is told that it cannot.

import type { Clock } from '../clock.js';
import type { Limits } from '../limits.js';
import { type Delivery, keptBytes } from './broker.js';

/** What a subscriber missed. */
export interface Missed {
  /** Events still kept, in order. */
  events: Delivery[];
  /** Set if some are gone: the cursor from which on, and how many of all topics if that is known. */
  gap?: { after: string; missed?: number };
  /** The cursor just before the oldest event kept. */
  kept: string;
}

interface Entry {
  delivery: Delivery;
  tokens: readonly string[];
  bytes: number;
  at: number;
}

const CURSOR = /^(.*):(-1|\d{1,15})$/s;

export class History {
  /** Names this run of the server; a cursor of another epoch cannot be resumed. */
  readonly epoch: string;
  private readonly entries: (Entry | undefined)[] = [];
  /** Index in `entries` of the oldest one kept; those before it are gone and are cut off now and then. */
  private head = 0;
  /** Offset of the oldest event kept, and of the next one to come. */
  private oldest = 0;
  private next = 0;
  private bytes = 0;

  constructor(
    epoch: string,
    private readonly limits: Pick<Limits, 'historyEvents' | 'historyBytes' | 'historyTime'>,
    private readonly clock: Clock,
  ) {
    this.epoch = epoch;
  }

  /** The cursor of the latest event. */
  get cursor(): string {
    return `${this.epoch}:${this.next - 1}`;
  }

  /** The cursor that the event to be added next will have. */
  get nextCursor(): string {
    return `${this.epoch}:${this.next}`;
  }

  add(delivery: Delivery, tokens: readonly string[]): void {
    const bytes = keptBytes(delivery);
    this.entries.push({ delivery, tokens, bytes, at: this.clock.now() });
    this.bytes += bytes;
    this.next++;
    this.trim();
  }

  /** All events behind a cursor that `wanted` accepts. */
  after(cursor: string, wanted: (tokens: readonly string[]) => boolean): Missed {
    this.trim();
    const [, epoch, number] = CURSOR.exec(cursor) ?? [];
    const offset = Number(number);
    const known = epoch === this.epoch && offset < this.next;
    const first = known ? offset + 1 : this.oldest;
    const events: Delivery[] = [];
    for (let at = this.head + Math.max(0, first - this.oldest); at < this.entries.length; at++) {
      const entry = this.entries[at]!;
      if (wanted(entry.tokens)) events.push(entry.delivery);
    }
    const kept = `${this.epoch}:${this.oldest - 1}`;
    if (!known) return { events, kept, gap: { after: cursor } };
    return first < this.oldest
      ? { events, kept, gap: { after: cursor, missed: this.oldest - first } }
      : { events, kept };
  }

  private trim(): void {
    const { historyEvents, historyBytes, historyTime } = this.limits;
    const old = this.clock.now() - historyTime;
    for (;;) {
      const entry = this.entries[this.head];
      if (entry === undefined) break;
      if (this.next - this.oldest <= historyEvents && this.bytes <= historyBytes && entry.at >= old) break;
      this.entries[this.head++] = undefined;
      this.oldest++;
      this.bytes -= entry.bytes;
    }
    // Cutting off in lots keeps the cost of each event constant.
    if (this.head > 1024 && this.head * 2 > this.entries.length) {
      this.entries.splice(0, this.head);
      this.head = 0;
    }
  }
}
