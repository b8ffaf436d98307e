// What the connection has been through: the times without one, and what was lost in them.

import { batch, type ReadonlySignal, signal } from '@preact/signals';

/** A stretch of time without a connection; milliseconds of this machine's clock. */
export interface Outage {
  from: number;
  until?: number;
  /** Events of that time are lost for good. */
  gap?: boolean;
}

export interface Outages {
  /** The latest ones, oldest first. */
  readonly list: ReadonlySignal<readonly Outage[]>;
  /** How many are over. */
  readonly reconnects: ReadonlySignal<number>;
  /** How many events are lost for good. */
  readonly missed: ReadonlySignal<number>;
  /** Whether there are gaps of which the server could not say how many events they took; each counts for one. */
  readonly missedMore: ReadonlySignal<boolean>;
  begin(): void;
  end(): void;
  noteGap(gap: { missed?: number }): void;
  forget(): void;
}

const KEPT = 20;
/** A gap that shows so soon after an outage, milliseconds, comes from it; a later one from something else. */
const RESUMING = 5000;

export function createOutages(): Outages {
  const list = signal<readonly Outage[]>([]);
  const reconnects = signal(0);
  const missed = signal(0);
  const missedMore = signal(false);
  const change = (last: Outage): void => void (list.value = [...list.value.slice(0, -1), last]);

  return {
    list,
    reconnects,
    missed,
    missedMore,
    begin() {
      list.value = [...list.value, { from: Date.now() }].slice(-KEPT);
    },
    end() {
      const last = list.value.at(-1);
      if (last === undefined || last.until !== undefined) return;
      change({ ...last, until: Date.now() });
      reconnects.value += 1;
    },
    noteGap(gap) {
      const last = list.value.at(-1);
      batch(() => {
        missed.value += gap.missed ?? 1;
        if (gap.missed === undefined) missedMore.value = true;
        if (last?.until !== undefined && Date.now() - last.until < RESUMING) change({ ...last, gap: true });
      });
    },
    forget() {
      batch(() => {
        list.value = [];
        reconnects.value = 0;
        missed.value = 0;
        missedMore.value = false;
      });
    },
  };
}
