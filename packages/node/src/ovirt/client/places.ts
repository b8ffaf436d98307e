// How many requests one host is busy with. vdsm has 8 workers and a queue of 80: whatever comes on top is refused by 1100.

import type { Clock } from '@sallyport/core';
import { Deadlines, type Expiring, type Id } from '@sallyport/core/jsonrpc';

/** A request that nobody waits for keeps its place so long, milliseconds, if no answer comes: the host may be busy with it. */
const LINGER = 60_000;

/** The same of one that was sent again and has its answer: vdsm knows where to send one of an id, and drops the other. */
const LINGER_ANSWERED = 10_000;

interface Forgotten extends Expiring {
  readonly id: Id;
}

export class Places {
  readonly #most: number;
  readonly #clock: Clock;
  readonly #onFree: () => void;
  #taken = 0;
  /** How many each request has: one that is sent again is work for the host again. */
  readonly #of = new Map<Id, number>();
  readonly #forgotten = new Map<Id, Forgotten>();
  readonly #deadlines: Deadlines<Forgotten>;

  constructor(most: number, clock: Clock, onFree: () => void) {
    this.#most = most;
    this.#clock = clock;
    this.#onFree = onFree;
    this.#deadlines = new Deadlines(
      clock,
      () => this.#forgotten.values(),
      ({ id }) => this.#freeAll(id),
    );
  }

  get isFull(): boolean {
    return this.#taken >= this.#most;
  }

  /** Takes a place; false if there is none. */
  take(id: Id): boolean {
    if (this.isFull) return false;
    this.#taken++;
    this.#of.set(id, (this.#of.get(id) ?? 0) + 1);
    return true;
  }

  /** An answer came: one place is free, and the others of the request will be. */
  free(id: Id): void {
    const left = (this.#of.get(id) ?? 0) - 1;
    if (left < 0) return;
    this.#taken--;
    if (left > 0) {
      this.#of.set(id, left);
      this.forget(id, LINGER_ANSWERED);
    } else {
      this.#of.delete(id);
      this.#forgotten.delete(id);
    }
    this.#onFree();
  }

  /** Nobody waits for the answer any more. */
  forget(id: Id, time = LINGER): void {
    if (!this.#of.has(id) || this.#forgotten.has(id)) return;
    const deadline = this.#clock.now() + time;
    this.#forgotten.set(id, { id, deadline });
    this.#deadlines.watch(deadline);
  }

  /** The connection is gone, and all that was on its way with it. */
  clear(): void {
    this.#taken = 0;
    this.#of.clear();
    this.#forgotten.clear();
    this.#deadlines.stop();
  }

  #freeAll(id: Id): void {
    this.#taken -= this.#of.get(id) ?? 0;
    this.#of.delete(id);
    this.#forgotten.delete(id);
    this.#onFree();
  }
}
