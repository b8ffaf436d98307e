// A @stomp/stompjs client as a Broker. It connects and reconnects as its owner has told it to; here subscriptions are
// made again on each connection, behind what was seen on the last one, and only then is it `up`.

import {
  AuthError,
  type Clock,
  ConnectionError,
  defaultLimits,
  LimitError,
  type Limits,
  ProtocolError,
  randomName,
  systemClock,
} from '@sallyport/core';
import type {
  Broker,
  BrokerState,
  Capability,
  Delivery,
  Inbox,
  Message,
  StateListener,
  SubscribeOptions,
  Subscription,
} from '@sallyport/core/broker';
import { extrasOf, isImplied, type ServerKind, serverKind, spellExpiration } from '@sallyport/core/stomp';
import type { Client as StompjsClient, IFrame } from '@stomp/stompjs';
import { listenIn } from './callbacks.js';
import { StompjsSubscription } from './stompjs-subscription.js';

/** Options of {@link StompjsBroker}. */
export interface StompjsBrokerOptions {
  /** `writeBuffer`. */
  limits?: Partial<Limits>;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
}

/** WebSocket.OPEN, where there may be no WebSocket. */
const OPEN = 1;

/** The WebSocket's buffer may hold this much before senders are asked to wait. */
const BUFFERED = 1024 * 1024;

/** There is no drain event, so the buffer is looked at this often while it is full, milliseconds. */
const LOOK = 10;

/** A `Client` of @stomp/stompjs as a Broker; the client stays its owner's. */
export class StompjsBroker implements Broker {
  can: ReadonlySet<Capability> = new Set(extrasOf('sallyport'));
  readonly #stomp: StompjsClient;
  readonly #subscriptions = new Map<string, StompjsSubscription>();
  readonly #listeners = new Set<StateListener>();
  readonly #stopListening: () => void;
  readonly #clock: Clock;
  readonly #writeBuffer: number;
  /** The user and others like us name subscriptions of the same connection. */
  readonly #name = randomName().slice(0, 8);
  #lastId = 0;
  #stage: BrokerState;
  #kind: ServerKind = 'sallyport';
  #failure: Error | undefined;
  #full: Promise<void> | undefined;

  constructor(stomp: StompjsClient, options: StompjsBrokerOptions = {}) {
    this.#stomp = stomp;
    this.#clock = options.clock ?? systemClock;
    this.#writeBuffer = options.limits?.writeBuffer ?? defaultLimits.writeBuffer;
    this.#stage = stomp.connected ? 'up' : 'connecting';
    this.#stopListening = listenIn(stomp, {
      onConnect: (frame) => this.#connected(frame),
      onStompError: (frame) => this.#refused(frame),
      onUnhandledMessage: (message) => this.#subscriptions.get(message.headers['subscription'] ?? '')?.take(message),
      onWebSocketClose: () => this.#lost(),
    });
  }

  get state(): BrokerState {
    // A WebSocket that is being closed takes messages, and drops them without a word.
    return this.#stage === 'up' && !this.#isOpen ? 'down' : this.#stage;
  }

  send(message: Message): Promise<void> | undefined {
    if (this.state !== 'up') throw this.#unreachable();
    if (this.#buffered > this.#writeBuffer) throw this.#tooMuch();
    const { destination, headers, body, replyTo } = message;
    const record = spellExpiration(this.#kind, headers).toRecord();
    if (replyTo !== undefined) record['reply-to'] = replyTo;
    const content = typeof body === 'string' ? { body } : { binaryBody: body };
    this.#stomp.publish({ destination, headers: record, ...content });
    return this.#buffered > BUFFERED ? (this.#full ??= this.#room()) : undefined;
  }

  subscribe(destination: string, on: (delivery: Delivery) => void, options: SubscribeOptions = {}): Subscription {
    // The replies that RabbitMQ sends to a temporary queue have its name as their subscription.
    const id = destination.startsWith('/temp-queue/') ? destination : `${this.#name}-${++this.#lastId}`;
    const subscription = new StompjsSubscription(id, destination, on, options, () => this.#unsubscribe(id));
    if (this.#stage === 'closed') {
      subscription.refuse(this.#unreachable());
      return subscription;
    }
    this.#subscriptions.set(id, subscription);
    if (this.state === 'up') this.#open(id, subscription);
    return subscription;
  }

  inbox(on: (delivery: Delivery) => void): Inbox {
    const address = `/temp-queue/inbox-${randomName().slice(0, 8)}`;
    const subscription = this.subscribe(address, on);
    return { address, close: () => subscription.close() };
  }

  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends our part; the client stays as it is. */
  close(): Promise<void> {
    const subscriptions = [...this.#subscriptions.values()];
    for (const subscription of subscriptions) subscription.close();
    this.#change('closed');
    for (const subscription of subscriptions) subscription.refuse(this.#unreachable());
    this.#stopListening();
    return Promise.resolve();
  }

  get #isOpen(): boolean {
    return this.#stomp.connected && this.#stomp.webSocket?.readyState === OPEN;
  }

  /** Bytes that the WebSocket has not sent yet; what stands in for one may not count them. */
  get #buffered(): number {
    return (this.#stomp.webSocket as { bufferedAmount?: number } | undefined)?.bufferedAmount ?? 0;
  }

  #connected(frame: IFrame): void {
    this.#kind = serverKind(frame.headers['server']);
    this.can = new Set(extrasOf(this.#kind));
    this.#failure = undefined;
    for (const [id, subscription] of this.#subscriptions) this.#open(id, subscription);
    this.#change('up');
  }

  #open(id: string, subscription: StompjsSubscription): void {
    const refusal = subscription.refusal(this.#kind);
    if (refusal === undefined) return subscription.open(this.#stomp, this.#kind);
    this.#subscriptions.delete(id);
    subscription.end(refusal);
  }

  #lost(): void {
    if (this.#stage !== 'down') this.#change('down', this.#failure);
  }

  /** An ERROR. A subscription that is refused would be refused each time: it ends, and the others come back. */
  #refused({ headers }: IFrame): void {
    const message = headers['message'] ?? 'the server sent an ERROR without saying why';
    const code = headers['error-code'] ?? 'ERR_STOMP_ERROR';
    const failure = code.startsWith('ERR_AUTH')
      ? new AuthError(code, message)
      : new ProtocolError(code, message, { by: 'us' });
    this.#failure = failure;
    const receipt = headers['receipt-id'];
    for (const [id, subscription] of this.#subscriptions) {
      if (receipt === undefined || subscription.receipt !== receipt) continue;
      this.#subscriptions.delete(id);
      subscription.end(failure);
    }
  }

  #unsubscribe(id: string): void {
    if (this.#subscriptions.delete(id) && this.state === 'up' && !isImplied(this.#kind, id))
      this.#stomp.unsubscribe(id);
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#buffered > BUFFERED) return void this.#clock.after(LOOK, look);
        this.#full = undefined;
        resolve();
      };
      look();
    });
  }

  #change(state: BrokerState, reason?: Error): void {
    if (this.#stage === 'closed') return;
    this.#stage = state;
    for (const listener of [...this.#listeners]) listener(state, reason);
  }

  #unreachable(): ConnectionError {
    if (this.#stage === 'closed') return new ConnectionError('ERR_CLOSED', 'this client has been closed');
    return new ConnectionError('ERR_NOT_CONNECTED', 'the @stomp/stompjs client is not connected now', {
      cause: this.#failure,
    });
  }

  #tooMuch(): LimitError {
    const message = `more than ${this.#writeBuffer} bytes wait for the server to take them (limits.writeBuffer)`;
    return new LimitError('ERR_WRITE_BUFFER', message, 'writeBuffer');
  }
}
