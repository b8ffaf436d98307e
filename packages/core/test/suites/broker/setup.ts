// What the cases of a broker share: an engine with its connections, and those who listen.

import { bodyText, HeaderList } from '@sallyport/core';
import type { Broker, BrokerLimits, Delivery, Message, Subscription } from '@sallyport/core/broker';

/** One engine with its connections. */
export interface Engine {
  /** A connection of its own, up. */
  connect(): Promise<Broker>;
  /** Resolves when what has been sent has been delivered. */
  settle(): Promise<void>;
  /** Sends, and rejects if the engine refuses. */
  confirm(broker: Broker, message: Message): Promise<void>;
  /** Lets time pass, where the engine's clock is ours. */
  advance?(milliseconds: number): Promise<void>;
  /** Loses a connection as a network does; it comes back. */
  cut?(broker: Broker): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerSuiteOptions {
  /** Whether the bounds of the embedded broker hold: its limits can be set, and replies are its connections' own. */
  isOurs?: boolean;
  /** Whether there is a connection that can be lost: `Engine.cut`. */
  cuts?: boolean;
  /** What this engine does not do as all others do. */
  lacks?: readonly Lack[];
  /** Destinations that it refuses. Default: all that are not of our grammar. */
  refused?: { send: readonly string[]; subscribe: readonly string[] };
}

/**
 * - `own-temporary`: a connection can send to its own temporary queue.
 * - `return`: what was not acknowledged comes back when its subscription ends, not only with its connection.
 * - `redelivery`: what was refused comes again.
 * - `nack-in-transaction`: a transaction can refuse.
 */
export type Lack = 'own-temporary' | 'return' | 'redelivery' | 'nack-in-transaction';

export const notOurs = {
  send: ['', 'nowhere', '/nowhere/x', '/topic/', '/topic/a..b', '/topic/*', '/topic/a.#'],
  subscribe: ['nowhere', '/nowhere/x', '/topic/', '/topic/a..b', '/topic/#.a'],
};

export interface Listening {
  subscription: Subscription;
  deliveries: Delivery[];
  /** The bodies as text. */
  readonly bodies: string[];
}

/** What the cases of all topics share. */
export interface Suite {
  /** A new engine and so many connections to it. */
  brokers(count: number, limits?: Partial<BrokerLimits>): Promise<[Engine, ...Broker[]]>;
  does(what: Lack): boolean;
  isOurs: boolean;
  cuts: boolean;
  refused: { send: readonly string[]; subscribe: readonly string[] };
}

export function message(destination: string, body: string, headers: Record<string, string> = {}): Message {
  return { destination, headers: HeaderList.of(headers), body };
}

export async function send(engine: Engine, broker: Broker, destination: string, body: string): Promise<void> {
  await broker.send(message(destination, body));
  await engine.settle();
}

/** Subscribes and waits until the broker has taken it; rejects if it refuses, whichever way. */
export async function listen(broker: Broker, destination: string, after?: string): Promise<Listening> {
  const deliveries: Delivery[] = [];
  const subscription = broker.subscribe(destination, (delivery) => void deliveries.push(delivery), { after });
  await subscription.ready;
  return {
    subscription,
    deliveries,
    get bodies() {
      return deliveries.map(({ body }) => bodyText(body));
    },
  };
}

/** Listens to acknowledge. */
export async function work(broker: Broker, destination: string, prefetch?: number): Promise<Listening> {
  const deliveries: Delivery[] = [];
  const take = (delivery: Delivery): void => void deliveries.push(delivery);
  const subscription = broker.subscribe(destination, take, { ack: 'client-individual', prefetch });
  await subscription.ready;
  return {
    subscription,
    deliveries,
    get bodies() {
      return deliveries.map(({ body }) => bodyText(body));
    },
  };
}

export function inbox(broker: Broker): { address: string; bodies: string[]; close(): void } {
  const bodies: string[] = [];
  const { address, close } = broker.inbox(({ body }) => bodies.push(bodyText(body)));
  return { address, bodies, close };
}

/** Answers whatever comes to a queue. */
export async function serve(broker: Broker, destination: string): Promise<void> {
  const answer = ({ body, replyTo }: Delivery): void => void broker.send(message(replyTo!, `re: ${bodyText(body)}`));
  await broker.subscribe(destination, answer).ready;
}
