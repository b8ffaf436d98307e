// Work that is dear, a little at a time: who wants much of it waits for those who want little.

import { type Clock, systemClock } from '@sallyport/core';

export interface TurnsOptions {
  /** How many run at once. */
  atOnce: number;
  /** How many may wait, of all together. */
  waiting: number;
  /** How long one may wait, milliseconds: nobody is there any more after that. */
  longest: number;
  clock?: Clock | undefined;
}

interface Waiting {
  since: number;
  begin(): void;
  refuse(error: Error): void;
}

/** The work was not begun. */
export class NoTurnError extends Error {
  override get name(): string {
    return 'NoTurnError';
  }
}

/** Runs work for many askers, who are served in turn whatever each has waiting. */
export class Turns {
  private running = 0;
  private waiting = 0;
  /** By asker; whose turn is next stands first. */
  private readonly askers = new Map<string, Waiting[]>();
  private readonly clock: Clock;

  constructor(private readonly options: TurnsOptions) {
    this.clock = options.clock ?? systemClock;
  }

  /** Runs `work` when it is its turn. Rejects with NoTurnError if that does not come. */
  async run<T>(asker: string, work: () => Promise<T>): Promise<T> {
    if (this.running >= this.options.atOnce) await this.wait(asker);
    else this.running++;
    try {
      return await work();
    } finally {
      this.running--;
      this.next();
    }
  }

  private wait(asker: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.waiting >= this.options.waiting && !this.makeRoom(asker)) return reject(tooMany(this.options.waiting));
      this.waiting++;
      const one = { since: this.clock.now(), begin: resolve, refuse: reject };
      const line = this.askers.get(asker);
      if (line === undefined) this.askers.set(asker, [one]);
      else line.push(one);
    });
  }

  /** Sends away the last of the longest line, if that is longer than the asker's own. */
  private makeRoom(asker: string): boolean {
    const own = this.askers.get(asker)?.length ?? 0;
    const longest = [...this.askers.values()].reduce((a, b) => (b.length > a.length ? b : a), []);
    if (longest.length <= own + 1) return false;
    longest.pop()!.refuse(tooMany(this.options.waiting));
    this.waiting--;
    return true;
  }

  private next(): void {
    while (this.running < this.options.atOnce && this.waiting > 0) {
      const one = this.take();
      const waited = this.clock.now() - one.since;
      if (waited > this.options.longest) {
        one.refuse(new NoTurnError(`waited ${Math.round(waited)} ms for its turn`));
        continue;
      }
      this.running++;
      one.begin();
    }
  }

  private take(): Waiting {
    const [asker, line] = this.askers.entries().next().value!;
    const one = line.shift()!;
    this.waiting--;
    this.askers.delete(asker);
    if (line.length > 0) this.askers.set(asker, line);
    return one;
  }
}

function tooMany(limit: number): NoTurnError {
  return new NoTurnError(`more than ${limit} wait for their turn`);
}
