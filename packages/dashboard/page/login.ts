// Who the page is towards its server: asks when that wants to know, and forgets on request. Nothing is stored: what was
// typed is kept in memory, for the times the connection has to be made again.

import { batch, computed, effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { Connection, Credentials } from './connection.js';

/** Who has been let in. Only the server knows whose token it is. */
export interface Person {
  name?: string | undefined;
}

/**
 * - `idle`: nothing has been tried.
 * - `checking`: the server is thinking about it, which takes it a second at least where the answer is no.
 * - `waiting`: it does not answer; the page goes on trying.
 * - `unknown`: it does not know whoever that is.
 */
export type LoginProgress = 'idle' | 'checking' | 'waiting' | 'unknown';

export interface Login {
  /** Whether it has to be said who one is, before there is anything to see. */
  readonly asked: ReadonlySignal<boolean>;
  readonly progress: ReadonlySignal<LoginProgress>;
  /** Undefined for somebody who has said nothing, be it that nobody asked. */
  readonly person: ReadonlySignal<Person | undefined>;
  /** Who was in, and is taken no more: the passcode was changed, or its time is over. */
  readonly ended: ReadonlySignal<Person | undefined>;
  /** Whether the server lets in those who say nothing. */
  readonly optional: ReadonlySignal<boolean>;
  /** Asks although the server does not. */
  ask(): void;
  /** Goes on without. */
  skip(): void;
  logIn(credentials: Credentials): void;
  logOut(): void;
}

/** `forget` drops what has been seen, which is not for the next one's eyes. */
export function createLogin(connection: Connection, forget: () => void): Login {
  const asked = signal(false);
  const trying = signal<Credentials | undefined>(undefined);
  const refused = signal(false);
  const person = signal<Person | undefined>(undefined);
  const ended = signal<Person | undefined>(undefined);
  const optional = signal(false);
  /** Whose eyes have seen what there is. */
  let seenBy: Person | undefined;

  function wasLetIn(): void {
    if (trying.value === undefined) {
      if (person.value === undefined) optional.value = true;
      return;
    }
    person.value = seenBy = { name: trying.value.login };
    trying.value = ended.value = undefined;
    asked.value = refused.value = false;
  }

  function wasRefused(): void {
    refused.value = trying.value !== undefined;
    if (person.value !== undefined) ended.value = person.value;
    else if (trying.value === undefined) optional.value = false;
    person.value = trying.value = undefined;
    asked.value = true;
  }

  effect(() => {
    const { value } = connection.state;
    if (value === 'connected') batch(() => untracked(wasLetIn));
    if (value === 'refused') batch(() => untracked(wasRefused));
  });

  const drop = (): void => {
    connection.forget();
    forget();
  };
  return {
    asked,
    person,
    ended,
    optional,
    progress: computed(() => {
      if (trying.value === undefined) return refused.value ? 'unknown' : 'idle';
      return connection.attempt.value > 1 || connection.retryAt.value !== undefined ? 'waiting' : 'checking';
    }),
    ask: () => void (asked.value = true),
    skip() {
      asked.value = refused.value = false;
      if (connection.state.value === 'connected') return;
      trying.value = undefined;
      void connection.start();
    },
    logIn(credentials) {
      const isSame = credentials.login !== undefined && credentials.login === seenBy?.name;
      if (!isSame) drop();
      trying.value = credentials;
      refused.value = false;
      void connection.start(credentials);
    },
    logOut() {
      drop();
      seenBy = person.value = undefined;
      if (optional.value) void connection.start();
      else asked.value = true;
    },
  };
}
