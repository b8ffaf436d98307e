// One subscription of a client, which is made again on each connection, behind what was seen on the last one.

import type { Delivery, OnDelivery, SubscribeOptions, Subscription } from '../broker/broker.js';
import { callBack } from '../callback.js';
import { Deferred } from '../deferred.js';
import { ConnectionError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { defaultLimits } from '../limits.js';
import type { StompConnection } from '../stomp/client.js';
import type { Frame } from '../stomp/frame.js';
import {
  isImplied,
  refusalOf,
  replyAddress,
  type ServerKind,
  spellPrefetch,
  spellSubscribe,
} from '../stomp/server-kind.js';
import type { StompAckMode } from '../stomp/acknowledgements.js';
import type { OptionRules } from '../options.js';

/** Options of a STOMP subscription. */
export interface StompSubscribeOptions extends Omit<SubscribeOptions, 'ack' | 'headers'> {
  /** Default `auto`. With `client` one `ack` or `nack` is for all deliveries before it, too. */
  ack?: StompAckMode | undefined;
  /** More headers of SUBSCRIBE. */
  headers?: HeaderList | HeaderRecord;
}

export const subscribeRules: OptionRules = {
  ack: ['auto', 'client', 'client-individual'],
  prefetch: 'number',
  after: 'string',
  headers: 'object',
  onEnd: 'function',
};

/** The options of a subscription whose deliveries are to be acknowledged. */
export interface AcknowledgeOptions extends StompSubscribeOptions {
  ack: 'client' | 'client-individual';
}

/** A delivery to acknowledge; only the connection that it came by knows it. */
export interface StompDelivery extends Delivery {
  /** It has been dealt with, and is forgotten. Does nothing once it is settled, or its connection has ended. */
  ack(): void;
  /** It could not be dealt with, and comes again, here or elsewhere; otherwise as `ack`. */
  nack(): void;
  /** Whether it came by this connection, its subscription is still there, and it has not been settled. */
  isHeldBy(connection: StompConnection): boolean;
}

export class StompSubscription implements Subscription {
  readonly ready: Promise<void>;
  cursor: string | undefined;
  readonly #id: string;
  readonly #destination: string;
  readonly #on: OnDelivery;
  readonly #options: StompSubscribeOptions;
  readonly #leave: () => boolean;
  readonly #taken = new Deferred().quiet();
  #connection: StompConnection | undefined;
  /** Deliveries that are to be acknowledged: how many there have been, and the last one that has been. */
  #count = 0;
  #settled = 0;

  constructor(
    id: string,
    destination: string,
    on: OnDelivery,
    options: StompSubscribeOptions,
    /** Takes it off the list; false if it was not there. */
    leave: () => boolean,
  ) {
    this.#id = id;
    this.#destination = destination;
    this.#on = on;
    this.#options = options;
    this.#leave = leave;
    this.cursor = options.after;
    this.ready = this.#taken.promise;
  }

  /** Subscribes on a new connection. */
  open(connection: StompConnection): void {
    this.#connection = connection;
    const { kind } = connection;
    const refusal = refusalOf(kind, this.#destination);
    if (refusal !== undefined) return this.end(refusal);
    if (this.#isImplied) return this.#taken.resolve();
    connection.confirmed('SUBSCRIBE', this.#headers(kind)).then(
      (frame) => {
        this.cursor ??= frame.header('cursor');
        this.#taken.resolve();
      },
      // After a lost connection the next one asks again; what the server refuses, it would refuse each time.
      (error: Error) => void (error instanceof ConnectionError || this.end(error)),
    );
  }

  deliver(frame: Frame): void {
    const { headers, body } = frame;
    const cursor = headers.get('cursor');
    this.cursor = cursor ?? this.cursor;
    const delivery: Delivery = {
      // RabbitMQ tells the name that it gave to a temporary queue, which nobody here knows.
      destination: this.#isTemporary ? this.#destination : (headers.get('destination') ?? ''),
      id: headers.get('message-id') ?? '',
      replyTo: replyAddress(this.#connection!.kind, headers.get('reply-to')),
      cursor,
      headers,
      body,
      // Others may tell that it is not the first delivery without saying which it is.
      attempt: Number(headers.get('delivery-count')) || (headers.get('redelivered') === 'true' ? 2 : 1),
    };
    callBack(this.#on, this.#isAcknowledged ? this.#withSettlement(delivery) : delivery);
  }

  /** It will not be taken, if it has not been. */
  refuse(error: Error): void {
    this.#taken.reject(error);
  }

  /** The server does not take it, or not any more. */
  end(error: Error): void {
    if (!this.#leave()) return;
    this.refuse(error);
    this.#options.onEnd?.(error);
  }

  close(): void {
    if (this.#leave() && !this.#isImplied) void this.#connection?.frame('UNSUBSCRIBE', { id: this.#id });
    this.#connection = undefined;
  }

  get #isTemporary(): boolean {
    return this.#id === this.#destination;
  }

  get #isImplied(): boolean {
    return this.#connection !== undefined && isImplied(this.#connection.kind, this.#destination);
  }

  get #isAcknowledged(): boolean {
    return (this.#options.ack ?? 'auto') !== 'auto';
  }

  #headers(kind: ServerKind): Record<string, string | undefined> {
    const { ack, prefetch = this.#isAcknowledged ? defaultLimits.prefetch : undefined, headers } = this.#options;
    return {
      ...spellSubscribe(kind, this.#destination, HeaderList.from(headers)),
      ack,
      ...(prefetch && spellPrefetch(kind, prefetch)),
      id: this.#id,
      after: this.cursor,
    };
  }

  /** What came by an earlier connection, or before the end, is the server's again; it would not know what is meant. */
  #withSettlement(delivery: Delivery): StompDelivery {
    const connection = this.#connection!;
    const number = ++this.#count;
    // What one ACK or NACK was for is all settled, and brokers end the connection of who names it again.
    const isCumulative = this.#options.ack === 'client' && connection.version !== '1.0';
    let isOpen = true;
    const isHeldBy = (other: StompConnection): boolean => isOpen && connection === other && other === this.#connection;
    const settle = (how: 'ACK' | 'NACK') => (): void => {
      if (!isHeldBy(connection)) return;
      isOpen = false;
      if (isCumulative && number <= this.#settled) return;
      this.#settled = number;
      connection.settle(how, delivery.headers);
    };
    return { ...delivery, ack: settle('ACK'), nack: settle('NACK'), isHeldBy };
  }
}
