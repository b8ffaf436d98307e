// Many deadlines with one alarm. An alarm for each call would cost more than the call.

import type { Alarm, Clock } from '../clock.js';

export interface Expiring {
  /** When its time is over, on the clock's scale; Infinity: never. */
  readonly deadline: number;
}

/** Watches a changing set of things that expire. */
export class Deadlines<T extends Expiring> {
  readonly #clock: Clock;
  readonly #living: () => Iterable<T>;
  readonly #expire: (item: T) => void;
  #alarm: Alarm | undefined;
  #rings = Infinity;

  constructor(clock: Clock, living: () => Iterable<T>, expire: (item: T) => void) {
    this.#clock = clock;
    this.#living = living;
    this.#expire = expire;
  }

  /** Something was added. Costs a comparison unless it is the next to expire. */
  watch(deadline: number): void {
    if (deadline >= this.#rings) return;
    this.#alarm?.cancel();
    this.#rings = deadline;
    this.#alarm = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => this.#ring());
  }

  stop(): void {
    this.#alarm?.cancel();
    this.#rings = Infinity;
  }

  #ring(): void {
    this.stop();
    const now = this.#clock.now();
    for (const item of [...this.#living()]) {
      if (item.deadline <= now) this.#expire(item);
      else this.watch(item.deadline);
    }
  }
}
