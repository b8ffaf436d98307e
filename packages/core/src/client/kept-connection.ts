// A connection that is made again when it is lost, until it is closed or makes no sense any more: dial, open, restore what
// there was; then it is `up`. Between attempts it waits, longer and longer.

import { backoff, type BackoffOptions } from '../backoff.js';
import type { BrokerState, StateListener } from '../broker/broker.js';
import { callBack } from '../callback.js';
import type { ByteStream } from '../channel.js';
import { type Clock, systemClock } from '../clock.js';
import { Deferred } from '../deferred.js';
import { AuthError, closedError, ConnectionError, toError } from '../errors.js';
import type { Random } from '../random.js';

/** Who we are: a token, or login and passcode. */
export interface Credentials {
  /** Says by itself who we are. */
  token?: string;
  /** With `passcode`, unless our certificate proves it. */
  login?: string;
  /** With `login`. */
  passcode?: string;
}

/** How a connection is made, and made again when it is lost. */
export interface KeepOptions extends BackoffOptions {
  /** Makes a connection; rejects if it cannot. */
  dial: () => Promise<ByteStream>;
  /** Asked before each connection, so that credentials are fresh; or the credentials themselves. */
  auth?:
    | Credentials
    | ((reason: { attempt: number; error?: Error | undefined }) => Credentials | Promise<Credentials>)
    | undefined;
  /** Whether to go on trying if the very first connection fails. Default false. */
  retryFirst?: boolean;
  /** Chance in [0, 1) for the jitter of delays; for tests. Default Math.random. */
  random?: Random;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
}

/** What is known of a connection that is being made again. */
export interface RetryInfo {
  /** How many attempts have failed since the last success. */
  attempt: number;
  /** Milliseconds until the next attempt, while one is being waited for. */
  retryIn?: number | undefined;
  /** Why the last one was lost, or could not be made. */
  error?: Error | undefined;
}

/** One connection, from its beginning to its end. */
export interface Connection {
  /** Resolves when it has ended; with the reason, unless that was `disconnect`. */
  readonly ended: Promise<Error | undefined>;
  /** Leaves in good order. */
  disconnect(): Promise<void>;
  /** Ends at once. */
  cut(reason: Error): void;
}

/** What is particular to a kind of connection. */
export interface Making<C extends Connection> {
  /** Makes it of what was dialled; rejects if the other side will not have us. */
  open(stream: ByteStream, credentials: Credentials | undefined): Promise<C>;
  /** It is there, and nobody has been told yet: makes the subscriptions again. */
  restore(connection: C): void;
}

/** A connection that ended sooner than this was none to speak of, milliseconds. */
const BRIEF = 1000;

export class KeptConnection<C extends Connection> {
  state: BrokerState = 'connecting';
  retry: RetryInfo = { attempt: 0 };
  /** The connection there is. */
  current: C | undefined;
  /** Whether there has been one. */
  wasUp = false;
  readonly #options: KeepOptions;
  readonly #making: Making<C>;
  readonly #listeners = new Set<StateListener>();
  /** Resolved while there is a connection. */
  #up = new Deferred().quiet();
  /** The stream dialled last. */
  #stream: ByteStream | undefined;
  #wake = (): void => {};
  #closing: Promise<void> | undefined;

  constructor(options: KeepOptions, making: Making<C>) {
    this.#options = options;
    this.#making = making;
    void this.#keep();
  }

  /** Resolves while there is a connection, or with the next one; rejects if there will be none. */
  get connected(): Promise<void> {
    return this.#up.promise;
  }

  get isClosed(): boolean {
    return this.state === 'closed';
  }

  /** The connection there is; throws a ConnectionError if there is none. */
  get(): C {
    if (this.current !== undefined) return this.current;
    throw this.isClosed ? closedError() : new ConnectionError('ERR_NOT_CONNECTED', 'there is no connection now');
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops the connection as if the network had; it comes back. */
  cut(): void {
    this.current?.cut(new ConnectionError('ERR_CUT', 'the connection was cut from this side'));
  }

  /** Tries at once instead of waiting for the delay to end. */
  retryNow(): void {
    this.#wake();
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#disconnect());
  }

  /** Dialling cannot be called off; what comes of it will be closed. */
  async #disconnect(): Promise<void> {
    this.#change('closed');
    this.retryNow();
    await (this.current?.disconnect() ?? this.#stream?.close());
  }

  /** Connects again and again until closed, or until it makes no sense. */
  async #keep(): Promise<void> {
    let error: Error | undefined;
    let brief = 0;
    const { clock = systemClock } = this.#options;
    for (let attempt = 1; !this.isClosed; attempt++) {
      try {
        const connection = await this.#connect(attempt, error);
        const since = clock.now();
        attempt = 0;
        error = await connection.ended;
        if (!this.isClosed) this.#up = new Deferred().quiet();
        // A server that takes us and drops us at once, again and again, is asked less and less often.
        brief = clock.now() - since < BRIEF ? brief + 1 : 0;
      } catch (failure) {
        error = toError(failure);
      }
      this.current = undefined;
      // Who may not do one thing may still connect.
      const isRefused = error instanceof AuthError && error.code !== 'ERR_FORBIDDEN';
      const hopeless = isRefused || !(this.wasUp || this.#options.retryFirst);
      if (hopeless) {
        this.retry = { attempt, error };
        this.#change('closed', error);
      }
      await this.#wait(attempt, attempt + Math.max(this.wasUp ? 1 : 0, brief), error);
    }
  }

  /** Asks for credentials, dials with them in hand, opens, restores; then it is `up`. */
  async #connect(attempt: number, error: Error | undefined): Promise<C> {
    const { auth, dial } = this.#options;
    this.retry = { attempt: attempt - 1, error };
    this.#change('connecting', error);
    const credentials = typeof auth === 'function' ? await auth({ attempt, error }) : auth;
    if (this.isClosed) throw closedError();
    const stream = (this.#stream = await dial());
    if (this.isClosed) {
      void stream.close();
      throw closedError();
    }
    const connection = await this.#making.open(stream, credentials);
    if (this.isClosed) {
      await connection.disconnect();
      throw closedError();
    }
    this.current = connection;
    try {
      this.#making.restore(connection);
    } catch (failure) {
      connection.cut(toError(failure));
      throw failure;
    }
    this.wasUp = true;
    this.retry = { attempt: 0 };
    this.#up.resolve();
    this.#change('up');
    return connection;
  }

  /** The first delay after a success is that of a first attempt: `step` 1. */
  async #wait(attempt: number, step: number, error: Error | undefined): Promise<void> {
    if (this.isClosed) return;
    const { random = Math.random, clock = systemClock } = this.#options;
    const retryIn = backoff(step, random, this.#options);
    this.retry = { attempt, retryIn, error };
    const delay = new Deferred();
    this.#wake = delay.resolve;
    const alarm = clock.after(retryIn, delay.resolve);
    this.#change('down', error);
    await delay.promise;
    alarm.cancel();
  }

  #change(state: BrokerState, reason?: Error): void {
    if (this.isClosed) return;
    this.state = state;
    if (state === 'closed') {
      const error = reason ?? closedError();
      // Who waits is told, and who asks from now on.
      this.#up.reject(error);
      (this.#up = new Deferred().quiet()).reject(error);
    }
    for (const listener of [...this.#listeners]) callBack(listener, state, reason);
  }
}
