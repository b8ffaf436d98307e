// The events that came, newest first and bounded, with the view's filter, pause and rate.

import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { StreamItem } from './event-watch.js';
import { HOST_EVENT } from './host.js';
import { matches, patternProblem } from './pattern.js';

export interface LoggedEvent extends StreamItem {
  id: number;
  /** When it came, milliseconds since 1970. */
  at: number;
}

/** Events of one name that came in a row; they share a line of the list. */
export interface Run {
  /** The id of its oldest event: stays as the run grows. */
  id: number;
  newest: LoggedEvent;
  events: readonly LoggedEvent[];
}

export interface EventLog {
  /** What the list shows. */
  readonly runs: ReadonlySignal<readonly Run[]>;
  /** Whether anything at all is kept, shown or not. */
  readonly empty: ReadonlySignal<boolean>;
  readonly pattern: Signal<string>;
  readonly patternProblem: ReadonlySignal<string | undefined>;
  /** Whether {@link HOST_EVENT}, which comes each second, is in the list; its count is always shown. */
  readonly showHost: Signal<boolean>;
  readonly hostCount: ReadonlySignal<number>;
  readonly paused: ReadonlySignal<boolean>;
  /** Events that came since the pause. */
  readonly waiting: ReadonlySignal<number>;
  take(item: StreamItem): void;
  setPaused(paused: boolean): void;
  clear(): void;
  /** Events a second, over the last five or those there were; undefined before the first is over. */
  rate(now: number): number | undefined;
}

/** Bounds of the list. Those of the host have one of their own, or they would push the others out. */
const KEPT = 200;
const HOST_KEPT = 60;
/** Seconds. */
const RATE_WINDOW = 5;

export function createEventLog(): EventLog {
  const events = signal<readonly LoggedEvent[]>([]);
  const hostEvents = signal<readonly LoggedEvent[]>([]);
  const frozen = signal<readonly LoggedEvent[] | undefined>(undefined);
  const total = signal(0);
  const pausedAt = signal(0);
  const hostCount = signal(0);
  const showHost = signal(false);
  const pattern = signal('');
  const problem = computed(() => patternProblem(pattern.value));
  const perSecond = new Map<number, number>();
  let pending: LoggedEvent[] = [];
  let firstSecond = Number.POSITIVE_INFINITY;
  let ids = 0;

  const all = computed(() => [...events.value, ...hostEvents.value].sort((a, b) => b.id - a.id));
  const shown = computed(() => {
    const wanted = problem.value === undefined ? pattern.value : '';
    return (frozen.value ?? all.value).filter(
      (event) =>
        event.gap !== undefined || ((showHost.value || event.name !== HOST_EVENT) && matches(wanted, event.name)),
    );
  });

  /** At most once per frame: a burst of events is one change of the page. */
  function publish(): void {
    const fresh = pending.reverse();
    pending = [];
    const ofHost = fresh.filter(isOfHost);
    const others = fresh.filter((event) => !isOfHost(event));
    total.value += fresh.length;
    hostCount.value += ofHost.length;
    if (ofHost.length > 0) hostEvents.value = [...ofHost, ...hostEvents.value].slice(0, HOST_KEPT);
    if (others.length > 0) events.value = [...others, ...events.value].slice(0, KEPT);
  }

  return {
    runs: computed(() => intoRuns(shown.value)),
    empty: computed(() => events.value.length === 0),
    pattern,
    patternProblem: problem,
    showHost,
    hostCount,
    paused: computed(() => frozen.value !== undefined),
    waiting: computed(() => total.value - pausedAt.value),
    take(item) {
      const at = Date.now();
      const second = Math.floor(at / 1000);
      firstSecond = Math.min(firstSecond, second);
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      for (const old of perSecond.keys()) if (old < second - RATE_WINDOW) perSecond.delete(old);
      if (pending.length === 0) requestAnimationFrame(publish);
      pending.push({ ...item, id: (ids += 1), at });
      // A page in the background gets no frames.
      if (pending.length >= KEPT + HOST_KEPT) publish();
    },
    setPaused(paused) {
      pausedAt.value = total.value;
      frozen.value = paused ? all.value : undefined;
    },
    clear() {
      events.value = [];
      hostEvents.value = [];
      if (frozen.value !== undefined) frozen.value = [];
      pausedAt.value = total.value;
    },
    rate(now) {
      const second = Math.floor(now / 1000);
      // Whole seconds only: the present one is not over, and the first had begun before.
      const seconds = Math.min(RATE_WINDOW, second - firstSecond - 1);
      if (seconds < 1) return undefined;
      let count = 0;
      for (let back = 1; back <= seconds; back += 1) count += perSecond.get(second - back) ?? 0;
      return count / seconds;
    },
  };
}

function isOfHost(event: LoggedEvent): boolean {
  return event.name === HOST_EVENT && event.gap === undefined;
}

function intoRuns(events: readonly LoggedEvent[]): Run[] {
  const runs: { id: number; newest: LoggedEvent; events: LoggedEvent[] }[] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (
      run !== undefined &&
      run.newest.name === event.name &&
      run.newest.gap === undefined &&
      event.gap === undefined
    ) {
      run.events.push(event);
      run.id = event.id;
    } else {
      runs.push({ id: event.id, newest: event, events: [event] });
    }
  }
  return runs;
}
