// Long work in pieces: whoever gives us much to do at once waits now and then, so that everybody else is served meanwhile.

import type { Clock } from './clock.js';

/** How long nobody else is served, milliseconds. */
const LONGEST = 10;

/** The clock is asked once in so many pieces: most are far shorter than the question is dear. */
const SELDOM = 4;

/** What goes on again sooner than this is the same turn, milliseconds: one connection's chunks can come without a pause. */
const PAUSE = 1;

export class FairTurn {
  private began: number;
  private ended = -Infinity;
  private pieces = 0;

  constructor(private readonly clock: Clock) {
    this.began = clock.now();
  }

  /** To be called where there is work again, if there had been none. */
  begin(): void {
    const now = this.clock.now();
    if (now - this.ended > PAUSE) this.began = now;
  }

  /** To be called where there is no more work for now. */
  end(): void {
    this.ended = this.clock.now();
  }

  /** To be called after each piece of work: what to wait for before the next one, if it is the others' turn. */
  next(): Promise<void> | undefined {
    if (++this.pieces % SELDOM !== 0 || this.clock.now() - this.began < LONGEST) return undefined;
    return new Promise((resolve) => {
      this.clock.after(0, () => {
        this.began = this.clock.now();
        resolve();
      });
    });
  }
}
