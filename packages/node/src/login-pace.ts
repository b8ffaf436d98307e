// How fast one address may try to log in. A refusal is kept back for a while, and while refusals are kept back only so
// many attempts of that address are looked at; the others wait for their turn. Who gets in waits no longer than that.

import type { Alarm, Clock } from '@sallyport/core';
import { networkOf } from './network.js';

/** How many times as many attempts are looked at once, while all of them are let in. */
const WIDEST = 8;

/** An attempt whose turn it is. */
export interface Turn {
  /** It was let in. */
  admitted(): void;
  /** It is of no interest any more. */
  leave(): void;
  /** It was refused; resolves when that may be said. Whoever does not wait for it frees nothing. */
  refused(): Promise<void>;
}

interface Lane {
  /** How many attempts may be looked at, or kept back, at once. */
  width: number;
  taken: number;
  /** Whose turn is still to come, in order. */
  readonly waiting: Set<() => void>;
}

export class LoginPace {
  private readonly lanes = new Map<string, Lane>();
  private readonly kept = new Map<Alarm, () => void>();

  constructor(
    private readonly clock: Clock,
    /** How long a refusal is kept back, milliseconds (limits.loginPause). */
    private readonly pause: number,
    /** How many are kept back at once (limits.loginFailures). */
    private readonly width: number,
  ) {}

  /** How many addresses there is something to remember of. */
  get size(): number {
    return this.lanes.size;
  }

  /** Its turn, if that has come; else a promise of it, which is never settled if it is given up before. */
  enter(address: string, givenUp: AbortSignal): Turn | Promise<Turn> {
    const name = networkOf(address);
    let lane = this.lanes.get(name);
    if (lane === undefined) this.lanes.set(name, (lane = { width: this.width, taken: 0, waiting: new Set() }));
    const own = lane;
    const begin = (): Turn => {
      own.taken++;
      return this.turn(name, own);
    };
    if (own.taken < own.width) return begin();
    return new Promise((resolve) => {
      const called = (): void => resolve(begin());
      own.waiting.add(called);
      givenUp.addEventListener('abort', () => own.waiting.delete(called), { once: true });
    });
  }

  /** Keeps nobody waiting any more. */
  close(): void {
    for (const [alarm, release] of this.kept) {
      alarm.cancel();
      release();
    }
    this.kept.clear();
  }

  private turn(name: string, lane: Lane): Turn {
    const since = this.clock.now();
    let isOver = false;
    const free = (): void => {
      if (!isOver) this.free(name, lane);
      isOver = true;
    };
    return {
      admitted: () => {
        // Many that come back together after a lost connection are looked at twice as many at a time with each round;
        // but not so many that one good login pays for guesses without number.
        lane.width = Math.min(lane.width + 1, WIDEST * this.width);
        free();
      },
      leave: free,
      refused: () => {
        lane.width = this.width;
        // From the beginning of the look, so that its duration does not tell what was found.
        return this.keep(this.pause - ((this.clock.now() - since) % this.pause)).then(free);
      },
    };
  }

  private keep(time: number): Promise<void> {
    return new Promise((resolve) => {
      const alarm = this.clock.after(time, () => {
        this.kept.delete(alarm);
        resolve();
      });
      this.kept.set(alarm, resolve);
    });
  }

  private free(name: string, lane: Lane): void {
    lane.taken--;
    for (const begin of lane.waiting) {
      if (lane.taken >= lane.width) return;
      lane.waiting.delete(begin);
      begin();
    }
    if (lane.taken === 0) this.lanes.delete(name);
  }
}
