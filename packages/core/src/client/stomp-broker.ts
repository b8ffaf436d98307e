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
  StateListener,
  SubscribeOptions,
  Subscription,
} from '../broker/broker.js';
import type { ByteStream } from '../channel.js';
import { type Alarm, systemClock } from '../clock.js';
import { AuthError, ConnectionError, type SallyportError, toError } from '../errors.js';
import type { HeaderList, HeaderRecord } from '../header-list.js';
import { type Random, randomName } from '../random.js';
import { connectStomp, type StompConnection, type StompConnectOptions } from '../stomp/client.js';
import type { Frame } from '../stomp/frame.js';
import type { Body } from '../text.js';

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

export class StompBroker implements Broker {
  readonly can: ReadonlySet<Capability> = new Set(['resume', 'private-requests']);
  state: BrokerState = 'connecting';
  /** Resolves with the first connection; rejects if there will be none. */
  readonly connected: Promise<void>;
  retry: RetryInfo = { attempt: 0 };
  private readonly subscriptions = new Map<string, StompSubscription>();
  private readonly listeners = new Set<StateListener>();
  private connection: StompConnection | undefined;
  private lastId = 0;
  private delay: { alarm: Alarm; wake: () => void } | undefined;
  /** The stream dialled last, and whether another one is being dialled. */
  private stream: ByteStream | undefined;
  private dialling = false;
  private first!: { resolve: () => void; reject: (error: Error) => void };
  private readonly stopped: Promise<void>;

  constructor(private readonly options: StompBrokerOptions) {
    this.connected = new Promise((resolve, reject) => (this.first = { resolve, reject }));
    this.connected.catch(() => {});
    this.stopped = this.keepConnected();
  }

  send(message: Message): Promise<void> | undefined {
    return this.current().send(message.destination, message.headers, message.body, message.replyTo);
  }

  /** Sends and resolves when the server has confirmed it by a RECEIPT. */
  async sendConfirmed(message: Message): Promise<void> {
    const headers = { ...message.headers.toRecord(), destination: message.destination, 'reply-to': message.replyTo };
    await this.current().confirmed('SEND', headers, message.body);
  }

  subscribe(destination: string, on: (delivery: Delivery) => void, options: SubscribeOptions = {}): Subscription {
    // The replies that RabbitMQ sends to a temporary queue have its name as their subscription.
    const id = destination.startsWith('/temp-queue/') ? destination : `s${++this.lastId}`;
    const subscription = new StompSubscription(id, destination, on, options, (connection) => {
      this.subscriptions.delete(id);
      if (connection !== undefined && connection === this.connection)
        void connection.frame('UNSUBSCRIBE', { id })?.catch(() => {});
    });
    if (this.isClosed()) {
      subscription.refuse(closedError());
      return subscription;
    }
    this.subscriptions.set(id, subscription);
    if (this.connection !== undefined) subscription.open(this.connection);
    return subscription;
  }

  inbox(on: (delivery: Delivery) => void): Inbox {
    const address = '/temp-queue/inbox-' + randomName().slice(0, 8);
    const subscription = this.subscribe(address, on);
    return { address, close: () => subscription.close() };
  }

  onState(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Drops the connection as if the network had; it comes back. */
  cut(): void {
    this.connection?.cut(new ConnectionError('ERR_CUT', 'the connection was cut from this side'));
  }

  /** Tries at once instead of waiting for the delay to end. */
  retryNow(): void {
    this.delay?.alarm.cancel();
    this.delay?.wake();
  }

  async close(): Promise<void> {
    const before = this.state;
    this.change('closed');
    this.retryNow();
    if (before !== 'closed') await (this.connection?.disconnect() ?? this.stream?.close());
    // Dialling cannot be called off; what comes of it will be closed.
    if (!this.dialling) await this.stopped;
  }

  private current(): StompConnection {
    if (this.connection !== undefined) return this.connection;
    throw this.isClosed() ? closedError() : new ConnectionError('ERR_NOT_CONNECTED', 'there is no connection now');
  }

  /** Connects again and again until closed, or until it makes no sense. */
  private async keepConnected(): Promise<void> {
    let hadOne = false;
    let error: Error | undefined;
    for (let attempt = 1, waits = 0; this.state !== 'closed'; attempt++) {
      try {
        const connection = await this.connect(attempt, error);
        hadOne = true;
        attempt = waits = 0;
        this.first.resolve();
        error = await connection.ended;
        this.connection = undefined;
      } catch (failure) {
        error = toError(failure);
      }
      const hopeless = error instanceof AuthError || (!hadOne && !this.options.retryFirst);
      if (hopeless) this.change('closed', error);
      if (!this.isClosed()) await this.wait(attempt, ++waits, error);
    }
  }

  private async connect(attempt: number, error: Error | undefined): Promise<StompConnection> {
    this.retry = { attempt: attempt - 1, error };
    this.change('connecting', error);
    const { stream, credentials } = await this.dial(attempt, error);
    this.stream = stream;
    const events = {
      onMessage: (id: string, frame: Frame) => this.subscriptions.get(id)?.deliver(frame),
      onError: (failure: SallyportError, receipt: string | undefined) => this.blame(failure, receipt),
    };
    const headers = { ...this.options.headers, ...(credentials as HeaderRecord | undefined) };
    const connection = await connectStomp(stream, events, { ...this.options, headers });
    if (this.isClosed()) {
      await connection.disconnect();
      throw closedError();
    }
    this.connection = connection;
    for (const subscription of this.subscriptions.values()) subscription.open(connection);
    this.retry = { attempt: 0 };
    this.change('up');
    return connection;
  }

  /** Asks for credentials, and dials with them in hand. */
  private async dial(attempt: number, error: Error | undefined) {
    const { auth, dial } = this.options;
    this.dialling = true;
    try {
      const credentials = typeof auth === 'function' ? await auth({ attempt, error }) : auth;
      if (this.isClosed()) throw closedError();
      const stream = await dial();
      if (!this.isClosed()) return { stream, credentials };
      void stream.close();
      throw closedError();
    } finally {
      this.dialling = false;
    }
  }

  /** A subscription that the server refuses would be refused each time: it ends, and the others come back. */
  private blame(error: Error, receipt: string | undefined): void {
    for (const subscription of this.subscriptions.values()) {
      if (receipt === undefined || subscription.receipt !== receipt) continue;
      this.subscriptions.delete(subscription.id);
      subscription.end(error);
    }
  }

  private wait(attempt: number, waits: number, error: Error | undefined): Promise<void> {
    const { random = Math.random, clock = systemClock } = this.options;
    const retryIn = backoff(waits, random, this.options);
    this.retry = { attempt, retryIn, error };
    this.change('down', error);
    return new Promise((resolve) => {
      this.delay = { alarm: clock.after(retryIn, resolve), wake: resolve };
      if (this.isClosed()) this.retryNow();
    });
  }

  private isClosed(): boolean {
    return this.state === 'closed';
  }

  private change(state: BrokerState, reason?: Error): void {
    if (this.state === 'closed') return;
    this.state = state;
    if (state === 'closed') {
      this.first.reject(reason ?? closedError());
      for (const subscription of this.subscriptions.values()) subscription.refuse(reason ?? closedError());
    }
    for (const listener of [...this.listeners]) listener(state, reason);
  }
}

function closedError(): ConnectionError {
  return new ConnectionError('ERR_CLOSED', 'the connection has been closed');
}

class StompSubscription implements Subscription {
  readonly ready: Promise<void>;
  /** The receipt asked for with SUBSCRIBE. */
  receipt: string | undefined;
  cursor: string | undefined;
  private connection: StompConnection | undefined;
  private settle!: { resolve: () => void; reject: (error: Error) => void };

  constructor(
    readonly id: string,
    private readonly destination: string,
    private readonly on: (delivery: Delivery) => void,
    private readonly options: SubscribeOptions,
    private readonly onClose: (connection: StompConnection | undefined) => void,
  ) {
    this.cursor = options.after;
    this.ready = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.ready.catch(() => {});
  }

  /** Subscribes on a new connection, behind what was seen on the last one. */
  open(connection: StompConnection): void {
    this.connection = connection;
    if (this.id.startsWith('/temp-queue/') && connection.server?.startsWith('RabbitMQ')) return this.settle.resolve();
    const { receipt, confirmation } = connection.expectReceipt();
    this.receipt = receipt;
    const headers = {
      ...this.options.headers?.toRecord(),
      id: this.id,
      destination: this.destination,
      receipt,
      after: this.cursor,
    };
    void connection.frame('SUBSCRIBE', headers)?.catch(() => {});
    confirmation.then(
      (frame) => {
        this.cursor ??= frame.header('cursor');
        this.settle.resolve();
      },
      () => {}, // The connection was lost; the next one asks again.
    );
  }

  deliver(frame: Frame): void {
    const delivery = new FrameDelivery(frame);
    this.cursor = delivery.cursor ?? this.cursor;
    this.on(delivery);
  }

  /** It will not be taken, if it has not been. */
  refuse(error: Error): void {
    this.settle.reject(error);
  }

  end(error: Error): void {
    this.refuse(error);
    this.options.onEnd?.(error);
  }

  close(): void {
    this.onClose(this.connection);
  }
}

/** A MESSAGE as a delivery; headers are looked up when somebody asks. */
class FrameDelivery implements Delivery {
  readonly headers: HeaderList;
  readonly body: Body;

  constructor(frame: Frame) {
    this.headers = frame.headers;
    this.body = frame.body;
  }

  get destination(): string {
    return this.headers.get('destination') ?? '';
  }

  get id(): string {
    return this.headers.get('message-id') ?? '';
  }

  get replyTo(): string | undefined {
    return this.headers.get('reply-to');
  }

  get cursor(): string | undefined {
    return this.headers.get('cursor');
  }
}
