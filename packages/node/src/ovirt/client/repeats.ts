// What is sent again because no answer came: after each time-out, so many times, the same request with the same id.

import type { Clock } from '@sallyport/core';
import { Deadlines, type Expiring, type Id, type PendingCall } from '@sallyport/core/jsonrpc';

/** Which calls are sent again, how often, and when. */
export interface RetryPolicy {
  /** How long each sending waits for its answer, milliseconds. Default: the call's, or the client's, `timeout`. */
  timeout?: number;
  /** How often a request is sent again before the call fails. */
  attempts: number;
  /** The methods that may be run twice, by name or as a predicate; also the calls with `idempotent: true`. */
  methods?: readonly string[] | ((method: string) => boolean);
}

/** Whether a policy takes a method for one that may be run twice. */
export function mayRepeat({ methods = [] }: RetryPolicy, method: string): boolean {
  return typeof methods === 'function' ? methods(method) : methods.includes(method);
}

interface Repeat extends Expiring {
  readonly call: PendingCall;
  left: number;
  deadline: number;
}

export class Repeats {
  readonly #attempts: number;
  readonly #clock: Clock;
  readonly #waiting = new Map<Id, Repeat>();
  readonly #deadlines: Deadlines<Repeat>;

  constructor(attempts: number, clock: Clock, again: (call: PendingCall) => void) {
    this.#attempts = attempts;
    this.#clock = clock;
    this.#deadlines = new Deadlines(
      clock,
      () => this.#waiting.values(),
      (repeat) => {
        // It may have to wait for a place; until it is sent nothing is missed.
        repeat.deadline = Infinity;
        again(repeat.call);
      },
    );
  }

  /** The time of a call is that of all its sendings. */
  timeOf(one: number): number {
    return one * (1 + this.#attempts);
  }

  /** It has just been sent. */
  sent(call: PendingCall): void {
    if (!call.idempotent || this.#attempts === 0) return;
    const { id, timeout } = call;
    const repeat = this.#waiting.get(id) ?? { call, left: this.#attempts + 1, deadline: Infinity };
    repeat.left--;
    repeat.deadline = repeat.left > 0 ? this.#clock.now() + timeout / (1 + this.#attempts) : Infinity;
    this.#waiting.set(id, repeat);
    this.#deadlines.watch(repeat.deadline);
  }

  /** It is over. */
  delete(id: Id): void {
    this.#waiting.delete(id);
  }

  /** Nothing is on its way any more; what is sent on the next connection begins anew. */
  clear(): void {
    this.#waiting.clear();
    this.#deadlines.stop();
  }
}
