// The page's one connection to its server, and what is known about it, as signals.

import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { connect } from '@sallyport/websocket';

type Client = Awaited<ReturnType<typeof connect>>;

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'closed';

/** One item of the event stream: an event or, where `gap` is set, the notice that some were lost. */
export interface StreamItem {
  name: string;
  data: unknown;
  cursor?: string;
  gap?: { missed?: number };
}

/** A stretch of time without a connection; milliseconds of this machine's clock. */
export interface Outage {
  from: number;
  until?: number;
  /** Events of that time are lost for good. */
  gap?: boolean;
}

export interface Connection {
  readonly url: string;
  readonly state: ReadonlySignal<ConnectionState>;
  /** When the present state began. */
  readonly since: ReadonlySignal<number>;
  /** Which attempt since the last success is being made or waited for; 0 while connected. */
  readonly attempt: ReadonlySignal<number>;
  /** When the next attempt starts; undefined while one is under way. */
  readonly retryAt: ReadonlySignal<number | undefined>;
  readonly error: ReadonlySignal<Error | undefined>;
  readonly reconnects: ReadonlySignal<number>;
  /** How many events are lost for good. */
  readonly missed: ReadonlySignal<number>;
  /** Whether there are gaps of which the server could not say how many events they took; each counts for one. */
  readonly missedMore: ReadonlySignal<boolean>;
  /** The latest outages, oldest first. */
  readonly outages: ReadonlySignal<readonly Outage[]>;
  /** Dials; also the way back from `closed`. */
  start(): Promise<void>;
  call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Drops the connection as if the network had. */
  cut(): void;
  /** Makes the attempt that is being waited for. */
  retryNow(): void;
}

const OUTAGES_KEPT = 20;
/** A gap that shows so soon after an outage, milliseconds, comes from it; a later one from something else. */
const RESUMING = 5000;

// A cut that is over before anybody saw it shows nothing, and one page is no herd: never less than half the delay.
const retrying = { retryFirst: true, firstDelay: 3000, longestDelay: 5000, random: () => 0.5 + Math.random() / 2 };

export function createConnection(url: string, take: (item: StreamItem) => void): Connection {
  const state = signal<ConnectionState>('connecting');
  const since = signal(Date.now());
  const attempt = signal(0);
  const retryAt = signal<number | undefined>(undefined);
  const error = signal<Error | undefined>(undefined);
  const reconnects = signal(0);
  const missed = signal(0);
  const missedMore = signal(false);
  const outages = signal<readonly Outage[]>([]);
  let client: Client | undefined;

  function enter(next: ConnectionState, info: { attempt?: number; retryIn?: number; error?: Error } = {}): void {
    const now = Date.now();
    batch(() => {
      if (next !== state.value) {
        if (state.value === 'connected') outages.value = [...outages.value, { from: now }].slice(-OUTAGES_KEPT);
        if (next === 'connected') endOutage(now);
        state.value = next;
        since.value = now;
      }
      attempt.value = next === 'connected' ? 0 : (info.attempt ?? 0) + 1;
      retryAt.value = info.retryIn === undefined ? undefined : now + info.retryIn;
      error.value = next === 'connected' ? undefined : (info.error ?? error.value);
    });
  }

  function endOutage(now: number): void {
    const last = outages.value.at(-1);
    if (last === undefined || last.until !== undefined) return;
    outages.value = [...outages.value.slice(0, -1), { ...last, until: now }];
    reconnects.value += 1;
  }

  function noteGap(gap: { missed?: number }): void {
    const last = outages.value.at(-1);
    batch(() => {
      missed.value += gap.missed ?? 1;
      if (gap.missed === undefined) missedMore.value = true;
      const fresh = last?.until !== undefined && Date.now() - last.until < RESUMING;
      if (last !== undefined && fresh) outages.value = [...outages.value.slice(0, -1), { ...last, gap: true }];
    });
  }

  async function follow(source: Client): Promise<void> {
    for await (const item of source.events('#')) {
      if (item.gap !== undefined) noteGap(item.gap);
      take(item);
    }
  }

  async function start(): Promise<void> {
    enter('connecting');
    try {
      const fresh = await connect(url, retrying);
      client = fresh;
      fresh.onState((next, info) => enter(next, info));
      enter(fresh.state);
      await follow(fresh);
    } catch (thrown) {
      enter('closed', { error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
    }
  }

  onReturn(() => client?.retryNow());

  return {
    url,
    state,
    since,
    attempt,
    retryAt,
    error,
    reconnects,
    missed,
    missedMore,
    outages,
    start,
    async call(method, params, abort) {
      if (client === undefined) throw new Error('There is no connection yet');
      return client.call(method, params, { signal: abort });
    },
    cut: () => client?.cut(),
    retryNow: () => client?.retryNow(),
  };
}

/** When it is worth an attempt at once: the network is back, or whoever looks at the page is. */
function onReturn(retry: () => void): void {
  addEventListener('online', retry);
  addEventListener('pageshow', retry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') retry();
  });
}
