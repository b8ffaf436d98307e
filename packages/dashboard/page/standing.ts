// How the connection stands, since when, and what comes next, as signals.

import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { Outages } from './outages.js';

/** `refused`: the server does not let us in as who we are, or wants to know who that is. `closed`: for any other reason. */
export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'refused' | 'closed';

/** What is known of the attempts to connect. */
export interface Attempt {
  /** How many have failed since the last success. */
  attempt?: number;
  /** Milliseconds until the next one, while it is waited for. */
  retryIn?: number | undefined;
  error?: Error | undefined;
}

export interface Standing {
  readonly state: ReadonlySignal<ConnectionState>;
  /** When the present state began. */
  readonly since: ReadonlySignal<number>;
  /** Which attempt since the last success is being made or waited for; 0 while connected. */
  readonly attempt: ReadonlySignal<number>;
  /** When the next attempt starts; undefined while one is under way. */
  readonly retryAt: ReadonlySignal<number | undefined>;
  readonly error: ReadonlySignal<Error | undefined>;
  enter(next: ConnectionState, info?: Attempt): void;
}

export function createStanding(outages: Outages): Standing {
  const state = signal<ConnectionState>('connecting');
  const since = signal(Date.now());
  const attempt = signal(0);
  const retryAt = signal<number | undefined>(undefined);
  const error = signal<Error | undefined>(undefined);
  return {
    state,
    since,
    attempt,
    retryAt,
    error,
    enter(next, info = {}) {
      const now = Date.now();
      batch(() => {
        if (next !== state.value) {
          // From `connected` to `connecting` it is the page that wants another one.
          if (state.value === 'connected' && next !== 'connecting') outages.begin();
          if (next === 'connected') outages.end();
          state.value = next;
          since.value = now;
        }
        attempt.value = next === 'connected' ? 0 : (info.attempt ?? 0) + 1;
        retryAt.value = info.retryIn === undefined ? undefined : now + info.retryIn;
        error.value = next === 'connected' ? undefined : (info.error ?? error.value);
      });
    },
  };
}
