// The seam between what is carried and who carries it. RPC and events are users of a Broker; the embedded broker, a
// STOMP connection to any server and other engines are brokers. Headers have STOMP's names on all of them.

import { detachHeaders, type HeaderList } from '../header-list.js';
import { type Body, bodyLength, detachBody, detachText } from '../text.js';

/** What is sent. */
export interface Message {
  /** `/topic/a.b`, `/queue/x`, `/temp-queue/x`, or an address that a `replyTo` gave. */
  readonly destination: string;
  /** Under STOMP's names, on every engine. */
  readonly headers: HeaderList;
  /** A text, or bytes. */
  readonly body: Body;
  /** Where answers go: a destination that the sender itself listens to. */
  readonly replyTo?: string | undefined;
}

/** What is received. */
export interface Delivery extends Message {
  /** Unique on this broker. */
  readonly id: string;
  /** `epoch:offset` of an event; hand it back as `after` to go on behind it. */
  readonly cursor?: string | undefined;
  /** On the embedded broker, whoever sent it: what its connection was linked with. */
  readonly origin?: unknown;
  /** Which delivery of this message it is, if it is not the first: 2, 3, … */
  readonly attempt?: number | undefined;
  /** Where the subscription asked to acknowledge: it has been dealt with, and is forgotten. Once; later ones do nothing. */
  ack?(): void;
  /** Where the subscription asked to acknowledge: it could not be dealt with, and comes again, here or elsewhere. */
  nack?(): void;
  /** Where it is to be acknowledged: a transaction will settle it, so that it does not come again when its subscription ends. */
  hold?(): void;
  /** The opposite of `hold`: the transaction was aborted. */
  release?(): void;
}

/** A delivery that may be kept: it does not keep alive the chunk that it arrived in. */
export function detachDelivery(delivery: Delivery): Delivery {
  return {
    ...delivery,
    destination: detachText(delivery.destination),
    headers: detachHeaders(delivery.headers),
    body: detachBody(delivery.body),
  };
}

/** What a kept message costs beyond its body and headers, and each text of these beyond its characters; an estimate. */
const OVERHEAD = 256;
const TEXT = 24;

/** About how many bytes a message takes while it is kept. */
export function keptBytes({ headers, body }: Delivery): number {
  let length = bodyLength(body) + OVERHEAD;
  for (const text of headers.pairs) length += text.length + TEXT;
  return length;
}

/**
 * - `auto`: what has been delivered is gone.
 * - `client-individual`: each delivery waits for its `ack` or `nack`; without it comes again once the subscription ends.
 */
export type AckMode = 'auto' | 'client-individual';

/**
 * Takes a delivery. While it has no room for more, it returns a promise for that: what comes from a queue then goes to
 * others, or waits there. Anything else it returns means nothing.
 */
export type OnDelivery = (delivery: Delivery) => unknown;

/** How a subscription is to be served. */
export interface SubscribeOptions {
  /** Default `auto`. */
  ack?: AckMode | undefined;
  /** How many deliveries may wait for their acknowledgement at once. Default limits.prefetch, which is also the most. */
  prefetch?: number | undefined;
  /** The cursor of the last event seen; what came after it is delivered first. */
  after?: string | undefined;
  /** More headers for an engine that knows them. */
  headers?: HeaderList;
  /** Called if the broker ends the subscription. */
  onEnd?: (reason: Error) => void;
}

/** A subscription that is there until it is closed, whatever becomes of the connection below. */
export interface Subscription {
  /** Resolves once the broker has taken the subscription; rejects if it refuses. */
  readonly ready: Promise<void>;
  /** The cursor up to which everything has been delivered, where the broker keeps events. */
  readonly cursor: string | undefined;
  /** Ends it: nothing more is delivered, and what has not been acknowledged comes again, here or elsewhere. */
  close(): void;
}

/** An address of our own that answers can be sent to. */
export interface Inbox {
  /** What to give as `replyTo`. */
  readonly address: string;
  /** Nothing more is received. */
  close(): void;
}

/** Messages sent and deliveries settled all together, or not at all. */
export interface Transaction {
  /** Sends once it is committed. Throws if that could never succeed. */
  send(message: Message): Promise<void> | undefined;
  /** Settles a delivery once it is committed: it has been dealt with. */
  ack(delivery: Delivery): void;
  /** Settles a delivery once it is committed: it could not be dealt with, and comes again. */
  nack(delivery: Delivery): void;
  /** Does all of it; throws, or rejects, if it could not, and then nothing was done. */
  commit(): Promise<void> | undefined;
  /** Forgets all of it; the deliveries wait for their acknowledgement again. */
  abort(): void;
}

/**
 * - `resume`: subscriptions can go on after a cursor.
 * - `private-requests`: a subscription of `/temp-queue/rpc` can be called by the server.
 * - `acknowledge`: subscriptions can ask to acknowledge.
 * - `transact`: `begin` is there.
 */
export type Capability = 'resume' | 'private-requests' | 'acknowledge' | 'transact';

/** `up`: sends go out now. `down`: the connection was lost and is being made again. `closed`: for good. */
export type BrokerState = 'connecting' | 'up' | 'down' | 'closed';

/** Told of each change; `reason` is why a connection was lost, or is closed for good. */
export type StateListener = (state: BrokerState, reason?: Error) => void;

/** Whoever carries messages: the server inside this process, a STOMP connection to any server, another engine. */
export interface Broker {
  /** Returns nothing if the message went out and there is room for more; else a promise for that. */
  send(message: Message): Promise<void> | undefined;
  /** A topic may be a pattern: `*` is one token, `#` the rest. Survives reconnects. */
  subscribe(destination: string, on: OnDelivery, options?: SubscribeOptions): Subscription;
  /** Survives reconnects. */
  inbox(on: (delivery: Delivery) => void): Inbox;
  /** Begins a transaction; on brokers that can `transact`. */
  begin?(): Transaction;
  /** What it can do beside sending and subscribing. */
  readonly can: ReadonlySet<Capability>;
  /** What has become of the connection. */
  readonly state: BrokerState;
  /** Calls back on each change; returns what stops that. */
  onState(listener: StateListener): () => void;
  /** Ends all subscriptions, and the connection if it has one of its own; for good. */
  close(): Promise<void>;
}
