// A STOMP server as a Broker, over connections that are made again when they are lost. On each: connect, authenticate,
// subscribe, resume; only then `up`, and what has been waiting goes out.

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
import type { ByteStream } from '../channel.js';
import { closedError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { checkOptions } from '../options.js';
import { randomName } from '../random.js';
import { connectStomp, type StompConnection, type StompConnectOptions } from '../stomp/client.js';
import { extrasOf } from '../stomp/server-kind.js';
import { DeliveryStream } from './delivery-stream.js';
import { type Credentials, KeptConnection, type KeepOptions, type RetryInfo } from './kept-connection.js';
import {
  type AcknowledgeOptions,
  type StompDelivery,
  type StompSubscribeOptions,
  StompSubscription,
  subscribeRules,
} from './stomp-subscription.js';
import { checkMessage, type PlainMessage, StompTransaction } from './stomp-transaction.js';

/** How to connect, and to connect again. */
export interface StompBrokerOptions extends StompConnectOptions, Omit<KeepOptions, 'clock'> {}

const standard: readonly Capability[] = ['acknowledge', 'transact'];

/** A STOMP server as a Broker, with acknowledgement and transactions; what `client.stomp` is. */
export class StompBroker implements Broker {
  /** What the server can do, as far as it has said who it is. */
  can: ReadonlySet<Capability> = new Set([...standard, ...extrasOf('sallyport')]);
  readonly #options: StompBrokerOptions;
  readonly #subscriptions = new Map<string, StompSubscription>();
  readonly #kept: KeptConnection<StompConnection>;
  #lastId = 0;

  constructor(options: StompBrokerOptions) {
    this.#options = options;
    this.#kept = new KeptConnection<StompConnection>(options, {
      open: (stream, credentials) => this.#open(stream, credentials),
      restore: (connection) => this.#restore(connection),
    });
    this.#kept.onState((state, reason) => {
      if (state !== 'closed') return;
      for (const subscription of this.#subscriptions.values()) subscription.refuse(reason ?? closedError());
    });
  }

  /** What has become of the connection. */
  get state(): BrokerState {
    return this.#kept.state;
  }

  /** How far making the connection again has come. */
  get retry(): RetryInfo {
    return this.#kept.retry;
  }

  /** Whether there has been a connection. */
  get wasUp(): boolean {
    return this.#kept.wasUp;
  }

  /** Resolves while there is a connection, or with the next one; rejects if there will be none. */
  get connected(): Promise<void> {
    return this.#kept.connected;
  }

  /**
   * Sends a message; its headers may be a plain object. Returns nothing if there is room for more, else a promise for that,
   * which never rejects. What cannot be sent throws at once: ConnectionError if there is no connection now, ProtocolError
   * `ERR_DESTINATION` for a destination that this server does not have, TypeError for wrong arguments.
   */
  send(message: Message | PlainMessage): Promise<void> | undefined {
    const { destination, headers, body, replyTo } = message;
    // Calls and their answers have theirs made already.
    if (!(headers instanceof HeaderList)) checkMessage(message);
    return this.#kept.get().send(destination, HeaderList.from(headers), body, replyTo);
  }

  /** Sends and resolves when the server has confirmed it by a RECEIPT; rejects with what {@link send} throws, too. */
  async sendConfirmed(message: Message | PlainMessage): Promise<void> {
    checkMessage(message);
    const { destination, headers, body, replyTo } = message;
    await this.#kept
      .get()
      .confirmed('SEND', { ...HeaderList.from(headers).toRecord(), destination, 'reply-to': replyTo }, body);
  }

  /**
   * Subscribes, on this connection and those that follow it. Without a callback the deliveries are to be iterated:
   * `for await (const delivery of client.stomp.subscribe('/queue/work', { ack: 'client-individual' })) …`
   */
  subscribe(destination: string, on: (delivery: StompDelivery) => unknown, options: AcknowledgeOptions): Subscription;
  subscribe(destination: string, on: OnDelivery, options?: StompSubscribeOptions): Subscription;
  subscribe(destination: string, options: AcknowledgeOptions): DeliveryStream<StompDelivery>;
  subscribe(destination: string, options?: StompSubscribeOptions): DeliveryStream;
  subscribe(
    destination: string,
    on?: ((delivery: StompDelivery) => unknown) | StompSubscribeOptions,
    options: StompSubscribeOptions = {},
  ): Subscription | DeliveryStream | DeliveryStream<StompDelivery> {
    if (typeof destination !== 'string') throw new TypeError('destination must be a string such as /queue/work');
    checkOptions(typeof on === 'object' ? on : options, subscribeRules, 'subscribe');
    if (typeof on !== 'function') return new DeliveryStream(this, destination, on, this.#options.limits?.eventBuffer);
    // The replies that RabbitMQ sends to a temporary queue have its name as their subscription.
    const id = destination.startsWith('/temp-queue/') ? destination : `s${++this.#lastId}`;
    const subscription = new StompSubscription(id, destination, on as OnDelivery, options, () =>
      this.#subscriptions.delete(id),
    );
    if (this.#kept.isClosed) subscription.refuse(closedError());
    else {
      this.#subscriptions.set(id, subscription);
      const { current } = this.#kept;
      if (current !== undefined) subscription.open(current);
    }
    return subscription;
  }

  /** Begins a transaction on the present connection; {@link transaction} is the way that cannot be left open. */
  begin(): StompTransaction {
    return new StompTransaction(this.#kept.get());
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

  /** An address of our own, the same on all connections. */
  inbox(on: (delivery: Delivery) => void): Inbox {
    const address = '/temp-queue/inbox-' + randomName().slice(0, 8);
    const subscription = this.subscribe(address, on);
    return { address, close: () => subscription.close() };
  }

  /** Calls back on each change; returns what stops that. */
  onState(listener: StateListener): () => void {
    return this.#kept.onState(listener);
  }

  /** Drops the connection as if the network had; it comes back. */
  cut(): void {
    this.#kept.cut();
  }

  /** Tries at once instead of waiting for the delay to end. */
  retryNow(): void {
    this.#kept.retryNow();
  }

  /** Ends all subscriptions and leaves; for good. */
  close(): Promise<void> {
    return this.#kept.close();
  }

  #open(stream: ByteStream, credentials: Credentials | undefined): Promise<StompConnection> {
    return connectStomp(
      stream,
      { onMessage: (id, frame) => this.#subscriptions.get(id)?.deliver(frame) },
      { ...this.#options, headers: { ...this.#options.headers, ...(credentials as HeaderRecord | undefined) } },
    );
  }

  #restore(connection: StompConnection): void {
    this.can = new Set([...standard, ...extrasOf(connection.kind)]);
    for (const subscription of this.#subscriptions.values()) subscription.open(connection);
  }
}
