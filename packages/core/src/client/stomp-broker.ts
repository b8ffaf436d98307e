// A STOMP server as a Broker, over connections that are made again when they are lost. On each: connect, authenticate,
// subscribe, resume; only then `up`, and what has been waiting goes out.

import { backoff, type BackoffOptions } from '../backoff.js';
import type {
  Broker,
  BrokerState,
  Capability,
  Delivery,
  Inbox,
  Message,
  OnDelivery,
  StateListener,
  Subscription,
} from '../broker/broker.js';
import { callBack } from '../callback.js';
import type { ByteStream } from '../channel.js';
import { systemClock } from '../clock.js';
import { Deferred } from '../deferred.js';
import { AuthError, closedError, ConnectionError, toError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { type Random, randomName } from '../random.js';
import { connectStomp, type StompConnection, type StompConnectOptions } from '../stomp/client.js';
import { extrasOf } from '../stomp/server-kind.js';
import { DeliveryStream } from './delivery-stream.js';
import { type StompSubscribeOptions, StompSubscription } from './stomp-subscription.js';
import { type PlainMessage, StompTransaction } from './stomp-transaction.js';

/** Who we are: a token, or login and passcode. */
export interface Credentials {
  token?: string;
  login?: string;
  passcode?: string;
}

export interface StompBrokerOptions extends StompConnectOptions, BackoffOptions {
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
}

/** What is known of a connection that is being made again. */
export interface RetryInfo {
  /** How many attempts have failed since the last success. */
  attempt: number;
  /** Milliseconds until the next attempt, while one is being waited for. */
  retryIn?: number | undefined;
  error?: Error | undefined;
}

const standard: readonly Capability[] = ['acknowledge', 'transact'];

/** A connection that ended sooner than this was none to speak of, milliseconds. */
const BRIEF = 1000;

export class StompBroker implements Broker {
  can: ReadonlySet<Capability> = new Set([...standard, ...extrasOf('sallyport')]);
  state: BrokerState = 'connecting';
  /** Resolves with the first connection; rejects if there will be none. */
  readonly connected: Promise<void>;
  retry: RetryInfo = { attempt: 0 };
  readonly #options: StompBrokerOptions;
  readonly #subscriptions = new Map<string, StompSubscription>();
  readonly #listeners = new Set<StateListener>();
  readonly #first = new Deferred().quiet();
  /** The stream dialled last. */
  #stream: ByteStream | undefined;
  #connection: StompConnection | undefined;
  #lastId = 0;
  #wake = (): void => {};
  #closing: Promise<void> | undefined;

  constructor(options: StompBrokerOptions) {
    this.#options = options;
    this.connected = this.#first.promise;
    void this.#keepConnected();
  }

  /** Sends a message; its headers may be a plain object. Throws ConnectionError if there is no connection now. */
  send({ destination, headers, body, replyTo }: Message | PlainMessage): Promise<void> | undefined {
    return this.#current().send(destination, HeaderList.from(headers), body, replyTo);
  }

  /** Sends and resolves when the server has confirmed it by a RECEIPT. */
  async sendConfirmed({ destination, headers, body, replyTo }: Message | PlainMessage): Promise<void> {
    await this.#current().confirmed(
      'SEND',
      { ...HeaderList.from(headers).toRecord(), destination, 'reply-to': replyTo },
      body,
    );
  }

  /**
   * Subscribes, on this connection and those that follow it. Without a callback the deliveries are to be iterated:
   * `for await (const delivery of client.stomp.subscribe('/queue/work', { ack: 'client-individual' })) …`
   */
  subscribe(destination: string, on: OnDelivery, options?: StompSubscribeOptions): Subscription;
  subscribe(destination: string, options?: StompSubscribeOptions): DeliveryStream;
  subscribe(
    destination: string,
    on?: OnDelivery | StompSubscribeOptions,
    options: StompSubscribeOptions = {},
  ): Subscription | DeliveryStream {
    if (typeof on !== 'function') return new DeliveryStream(this, destination, on, this.#options.limits?.eventBuffer);
    // The replies that RabbitMQ sends to a temporary queue have its name as their subscription.
    const id = destination.startsWith('/temp-queue/') ? destination : `s${++this.#lastId}`;
    const subscription = new StompSubscription(id, destination, on, options, () => this.#subscriptions.delete(id));
    if (this.#isClosed) subscription.refuse(closedError());
    else {
      this.#subscriptions.set(id, subscription);
      if (this.#connection !== undefined) subscription.open(this.#connection);
    }
    return subscription;
  }

  /** Begins a transaction on the present connection; {@link transaction} is the way that cannot be left open. */
  begin(): StompTransaction {
    return new StompTransaction(this.#current());
  }

  /** Runs `work`, then commits what it did by the transaction; aborts if it throws. Rejects unless all of it was done. */
  async transaction<T>(work: (transaction: StompTransaction) => T | Promise<T>): Promise<T> {
    const transaction = this.begin();
    try {
      const result = await work(transaction);
      await transaction.commit();
      return result;
    } finally {
      transaction.abort();
    }
  }

  inbox(on: (delivery: Delivery) => void): Inbox {
    const address = '/temp-queue/inbox-' + randomName().slice(0, 8);
    const subscription = this.subscribe(address, on);
    return { address, close: () => subscription.close() };
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Drops the connection as if the network had; it comes back. */
  cut(): void {
    this.#connection?.cut(new ConnectionError('ERR_CUT', 'the connection was cut from this side'));
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
    await (this.#connection?.disconnect() ?? this.#stream?.close());
  }

  #current(): StompConnection {
    if (this.#connection !== undefined) return this.#connection;
    throw this.#isClosed ? closedError() : new ConnectionError('ERR_NOT_CONNECTED', 'there is no connection now');
  }

  /** Connects again and again until closed, or until it makes no sense. */
  async #keepConnected(): Promise<void> {
    let hadOne = false;
    let error: Error | undefined;
    let brief = 0;
    const { clock = systemClock } = this.#options;
    for (let attempt = 1; !this.#isClosed; attempt++) {
      try {
        const connection = await this.#connect(attempt, error);
        const since = clock.now();
        hadOne = true;
        attempt = 0;
        error = await connection.ended;
        // A server that takes us and drops us at once, again and again, is asked less and less often.
        brief = clock.now() - since < BRIEF ? brief + 1 : 0;
      } catch (failure) {
        error = toError(failure);
      }
      this.#connection = undefined;
      // Who may not do one thing may still connect.
      const isRefused = error instanceof AuthError && error.code !== 'ERR_FORBIDDEN';
      const hopeless = isRefused || !(hadOne || this.#options.retryFirst);
      if (hopeless) {
        this.retry = { attempt, error };
        this.#change('closed', error);
      }
      await this.#wait(attempt, attempt + Math.max(hadOne ? 1 : 0, brief), error);
    }
  }

  /** Asks for credentials, dials with them in hand, connects, subscribes; then it is `up`. */
  async #connect(attempt: number, error: Error | undefined): Promise<StompConnection> {
    const { auth, dial, headers } = this.#options;
    this.retry = { attempt: attempt - 1, error };
    this.#change('connecting', error);
    const credentials = typeof auth === 'function' ? await auth({ attempt, error }) : auth;
    if (this.#isClosed) throw closedError();
    const stream = (this.#stream = await dial());
    if (this.#isClosed) {
      void stream.close();
      throw closedError();
    }
    const connection = await connectStomp(
      stream,
      { onMessage: (id, frame) => this.#subscriptions.get(id)?.deliver(frame) },
      { ...this.#options, headers: { ...headers, ...(credentials as HeaderRecord | undefined) } },
    );
    if (this.#isClosed) {
      await connection.disconnect();
      throw closedError();
    }
    this.#connection = connection;
    this.can = new Set([...standard, ...extrasOf(connection.kind)]);
    for (const subscription of this.#subscriptions.values()) subscription.open(connection);
    this.retry = { attempt: 0 };
    this.#first.resolve();
    this.#change('up');
    return connection;
  }

  /** The first delay after a success is that of a first attempt: `step` 1. */
  async #wait(attempt: number, step: number, error: Error | undefined): Promise<void> {
    if (this.#isClosed) return;
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

  get #isClosed(): boolean {
    return this.state === 'closed';
  }

  #change(state: BrokerState, reason?: Error): void {
    if (this.#isClosed) return;
    this.state = state;
    if (state === 'closed') {
      const error = reason ?? closedError();
      this.#first.reject(error);
      for (const subscription of this.#subscriptions.values()) subscription.refuse(error);
    }
    for (const listener of [...this.#listeners]) callBack(listener, state, reason);
  }
}
