// The page's one connection to its server: made, followed, made again as somebody else, and hung up.

import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { connect } from '@sallyport/websocket';
import { type Client, createEventWatch, extents, type StreamItem, type Watched } from './event-watch.js';
import { createOutages, type Outages } from './outages.js';
import { isExpired, isForbidden, isUnwelcome } from './refusals.js';
import { type Attempt, createStanding, type Standing } from './standing.js';

/** Who we say we are: a name and its passcode, or a token. */
export interface Credentials {
  login?: string;
  passcode?: string;
  token?: string;
}

export interface Connection extends Omit<Standing, 'enter'> {
  readonly url: string;
  readonly outages: Outages;
  readonly watched: ReadonlySignal<Watched>;
  /** Whether something was refused to which somebody else might have the right. */
  readonly limited: ReadonlySignal<boolean>;
  /** Dials, as whoever that is now, who is kept for the times the connection has to be made again. */
  start(credentials?: Credentials): Promise<void>;
  /** Dials as whoever it was before; the way back from `closed`. */
  restart(): Promise<void>;
  /** Hangs up, and knows nothing of what was. */
  forget(): void;
  call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Drops the connection as if the network had. */
  cut(): void;
  /** Makes the attempt that is being waited for. */
  retryNow(): void;
}

// A cut that is over before anybody saw it shows nothing, and one page is no herd: never less than half the delay.
const retrying = { retryFirst: true, firstDelay: 3000, longestDelay: 5000, random: () => 0.5 + Math.random() / 2 };

/** A login that is over sooner than this, milliseconds, is not said anew at once: that would go on and on. */
const BRIEF = 1000;

export function createConnection(url: string, take: (item: StreamItem) => void): Connection {
  const outages = createOutages();
  const { enter, ...standing } = createStanding(outages);
  const limited = signal(false);
  let client: Client | undefined;
  let who: Credentials | undefined;
  /** Counts: of two starts that overtake each other the last one is meant. */
  let starts = 0;

  const watch = createEventWatch(outages, (from, item) => {
    if (from === client) take(item);
    return from === client;
  });

  function changed(own: Client, info: Attempt): void {
    // What one has no right to ends the connection, and is seen to by who started it.
    if (own !== client || isForbidden(info.error)) return;
    const isBrief = standing.state.value !== 'connected' || Date.now() - standing.since.value < BRIEF;
    if (own.state === 'closed') return enter(isUnwelcome(info.error) ? 'refused' : 'closed', info);
    enter(own.state, info);
    if (info.retryIn !== undefined && isExpired(info.error) && !isBrief) own.retryNow();
  }

  function hangUp(): void {
    const last = client;
    client = undefined;
    void last?.close();
  }

  async function start(credentials?: Credentials): Promise<void> {
    const own = (starts += 1);
    who = credentials;
    try {
      for (const extent of extents) {
        hangUp();
        enter('connecting');
        limited.value = extent !== 'everything';
        const fresh = await connect(url, { ...retrying, auth: credentials });
        if (own !== starts) return void fresh.close();
        client = fresh;
        fresh.onState((_, info) => changed(fresh, info));
        const isTooMuch = await watch.follow(fresh, extent);
        if (own !== starts || !isTooMuch) return;
      }
    } catch (thrown) {
      if (own !== starts) return;
      hangUp();
      enter('closed', { error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
    }
  }

  function forget(): void {
    starts += 1;
    hangUp();
    who = undefined;
    watch.forget();
    batch(() => {
      enter('connecting');
      outages.forget();
    });
  }

  async function call(method: string, params: unknown, abort?: AbortSignal): Promise<unknown> {
    if (client === undefined) throw new Error('There is no connection');
    try {
      return await client.call(method, params, { signal: abort });
    } catch (thrown) {
      if (isForbidden(thrown)) limited.value = true;
      throw thrown;
    }
  }

  const retryNow = (): void => client?.retryNow();
  const cut = (): void => client?.cut();
  const restart = (): Promise<void> => start(who);
  onReturn(retryNow);
  const { watched } = watch;
  return { ...standing, url, outages, watched, limited, start, restart, forget, call, cut, retryNow };
}

/** When it is worth an attempt at once: the network is back, or whoever looks at the page is. */
function onReturn(retry: () => void): void {
  addEventListener('online', retry);
  addEventListener('pageshow', retry);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') retry();
  });
}
