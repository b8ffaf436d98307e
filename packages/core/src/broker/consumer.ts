// Whoever takes messages from a queue, and what is in its hands.

import type { Delivery, OnDelivery } from './broker.js';
import type { QueueItem } from './queue-item.js';

export class Consumer {
  /** What it has been given and has not acknowledged, in that order, with which attempt it was. */
  readonly outstanding = new Map<QueueItem, number>();
  /** Of those, what an open transaction will settle: it is not given back when the consumer leaves. */
  readonly held = new Set<QueueItem>();
  private isFull = false;
  isGone = false;

  constructor(
    private readonly on: OnDelivery,
    /** How much may be outstanding; undefined: what it is given counts as done. */
    readonly prefetch?: number,
  ) {}

  get isReady(): boolean {
    if (this.isFull || this.isGone) return false;
    return this.prefetch === undefined || this.outstanding.size < this.prefetch;
  }

  /** What comes back when it is removed from its queue. */
  get returned(): QueueItem[] {
    return [...this.outstanding.keys()].filter((item) => !this.held.has(item));
  }

  /** Hands it a message; `onRoom` is called when it can take more, if it cannot at once. */
  take(delivery: Delivery, onRoom: () => void): void {
    const full = this.on(delivery);
    // Whoever pushes into an array returns a number.
    if (!(full instanceof Promise)) return;
    this.isFull = true;
    const resume = (): void => {
      this.isFull = false;
      if (!this.isGone) onRoom();
    };
    full.then(resume, resume);
  }

  /** It takes nothing more; what it holds comes back when it is removed from its queue. */
  leave(): void {
    this.isGone = true;
  }
}
