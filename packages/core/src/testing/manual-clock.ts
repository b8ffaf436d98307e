// A clock whose hand is turned by the test.

import type { Alarm, Clock } from '../clock.js';

interface Entry {
  at: number;
  run: () => void;
}

export class ManualClock implements Clock {
  private time = 0;
  private alarms: Entry[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, run: () => void): Alarm {
    const entry = { at: this.time + Math.max(0, delay), run };
    this.alarms.push(entry);
    return { cancel: () => void (this.alarms = this.alarms.filter((other) => other !== entry)) };
  }

  /** How many alarms are set. */
  get pending(): number {
    return this.alarms.length;
  }

  /** Turns the hand; what is due on the way rings in order, each at its own time. */
  advance(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const due = this.alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.alarms = this.alarms.filter((other) => other !== due);
      this.time = Math.max(this.time, due.at);
      due.run();
    }
    this.time = until;
  }

  /** As {@link advance}, in steps, letting promises settle after each. */
  async run(milliseconds: number, step = milliseconds): Promise<void> {
    for (let left = milliseconds; left > 0; left -= step) {
      this.advance(Math.min(step, left));
      await settled();
    }
  }
}

/** Resolves when what could go on without time passing has gone on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
