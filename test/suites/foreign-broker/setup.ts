// What the tests of a foreign broker share: clients that end with their test, and names that no other test has.

import type { Delivery } from '@sallyport/core/broker';
import { bodyText } from '@sallyport/core';
import type { DeliveryStream, StompClient } from '@sallyport/core/client';
import type { Version } from '@sallyport/core/stomp';
import { connect, type NodeConnectOptions } from '@sallyport/node';
import { onTestFinished } from 'vitest';
import type { TestBroker } from '../../brokers/test-broker.js';

/** A broker that is not ours, and how it differs from others. */
export interface ForeignBroker {
  readonly name: string;
  /** Once it has been started. */
  running(): TestBroker;
  readonly transports: readonly string[];
  /** Those that carry text alone. */
  readonly textOnly?: readonly string[];
  /** Whether it looks at the header `host` of CONNECT. */
  readonly hasVirtualHosts: boolean;
  /** A destination that it refuses by an ERROR. */
  readonly refused: string;
  /** Header values that arrive as they were sent. */
  readonly headers: Readonly<Record<Version, readonly string[]>>;
  /** Where what was refused by NACK goes; else it comes again. */
  readonly deadLetters?: string;
}

export interface Setup {
  readonly broker: ForeignBroker;
  readonly version: Version;
  /** Whether nothing but text comes through. */
  readonly isTextOnly: boolean;
  /** A client of this version over this transport. */
  connect(options?: NodeConnectOptions): Promise<StompClient>;
}

export function setUp(broker: ForeignBroker, transport: string, version: Version): Setup {
  return {
    broker,
    version,
    isTextOnly: broker.textOnly?.includes(transport) ?? false,
    async connect(options = {}) {
      const { urls, certificate } = broker.running();
      const client = await connect(urls[transport]!, {
        ca: certificate,
        host: '/',
        auth: { login: 'guest', passcode: 'guest' },
        versions: [version],
        firstDelay: 50,
        longestDelay: 500,
        ...options,
      });
      onTestFinished(() => client.close());
      return client;
    },
  };
}

let lastName = 0;

/** One token of a name. */
export function newName(): string {
  return `${Date.now().toString(36)}-${++lastName}`;
}

/** The next so many deliveries. */
export async function take(stream: DeliveryStream, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  while (taken.length < count) {
    const { value, done } = await stream.next();
    if (done) throw new Error(`the subscription ended after ${taken.length} of ${count} deliveries`);
    taken.push(value);
  }
  return taken;
}

/** The bodies of the next so many deliveries, as text. */
export async function takeBodies(stream: DeliveryStream, count: number): Promise<string[]> {
  return (await take(stream, count)).map(({ body }) => bodyText(body));
}
