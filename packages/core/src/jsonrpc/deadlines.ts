// Many deadlines with one alarm. An alarm for each call would cost more than the call.

import type { Alarm, Clock } from '../clock.js';

export interface Expiring {
  /** When its time is over, on the clock's scale; Infinity: never. */
  readonly deadline: number;
}

/** Watches a changing set of things that expire. */
export class Deadlines<T extends Expiring> {
  private alarm: Alarm | undefined;
  private rings = Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly living: () => Iterable<T>,
    private readonly expire: (item: T) => void,
  ) {}

  /** Something was added. Costs a comparison unless it is the next to expire. */
  watch(deadline: number): void {
    if (deadline >= this.rings) return;
    this.alarm?.cancel();
    this.rings = deadline;
    this.alarm = this.clock.after(Math.max(0, deadline - this.clock.now()), () => this.ring());
  }

  stop(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
    this.rings = Infinity;
  }

  private ring(): void {
    this.stop();
    const now = this.clock.now();
    let next = Infinity;
    for (const item of [...this.living()]) {
      if (item.deadline <= now) this.expire(item);
      else next = Math.min(next, item.deadline);
    }
    if (next < Infinity) this.watch(next);
  }
}
