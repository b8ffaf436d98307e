// A clause of a standard as tests: once for each version that has it, over each transport, for each case of its table.

import type { ServerOptions } from '@sallyport/node';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { type House, startHouse } from '../fixtures/house.js';
import { type ServerFrame, StompPeer, type Transport, type Version } from './stomp-peer.js';

export const transports: readonly Transport[] = ['tcp', 'tls', 'ws'];
export const versions: readonly Version[] = ['1.0', '1.1', '1.2'];

export type Headers = Readonly<Record<string, string>>;

/** What a test of a clause has to work with. */
export interface Scene {
  house: House;
  version: Version;
  transport: Transport;
  /** A destination that no other test uses. */
  newName(kind: 'queue' | 'topic'): string;
  /** A connection that has said nothing yet. */
  dial(): Promise<StompPeer>;
  /** A connection that is connected, by this test's version unless it is told another. */
  connect(version?: Version, headers?: Headers): Promise<StompPeer>;
}

/** Where a clause stands, in which versions, and over what it is tried: all but TLS below WebSocket by default. */
export interface Place {
  section: string;
  versions: string;
  over?: readonly Transport[];
}

type Run<Case> = (scene: Scene, one: Case) => Promise<void>;

export interface Clauses {
  clause(title: string, place: Place, run: Run<undefined>): void;
  clause<Case>(title: string, place: Place, cases: Readonly<Record<string, Case>>, run: Run<Case>): void;
}

/** Clauses that are tried on one server, started for this file. */
export function clauses(options: ServerOptions = {}): Clauses {
  let house!: House;
  let names = 0;
  beforeAll(async () => {
    house = await startHouse(options);
  });
  afterAll(() => house.close());

  const add = <Case>(
    title: string,
    place: Place,
    cases: Readonly<Record<string, Case>> | Run<undefined>,
    run?: Run<Case>,
  ): void => {
    const table = typeof cases === 'function' ? { '': undefined } : cases;
    const body = (typeof cases === 'function' ? cases : run) as Run<unknown>;
    describe.concurrent(title, () => {
      for (const [name, one] of Object.entries(table))
        for (const transport of place.over ?? transports)
          for (const version of place.versions.split(', ') as Version[])
            test(`${name} ${transport} ${version}`.trim(), async ({ onTestFinished }) => {
              const dial = async (): Promise<StompPeer> => {
                const peer = await StompPeer.dial(house.port, transport);
                onTestFinished(() => peer.destroy());
                return peer;
              };
              const newName = (kind: string): string => `/${kind}/conformance-${++names}`;
              const connect: Scene['connect'] = async (spoken = version, headers = {}) =>
                connected(await dial(), spoken, headers);
              await body({ house, version, transport, newName, dial, connect }, one);
            });
    });
  };
  return { clause: add };
}

/** CONNECT as a client of that version says it. */
export function hello(version: Version, headers: Headers = {}): string {
  const required: Headers = version === '1.0' ? {} : { 'accept-version': version, host: 'gate.example' };
  return frame('CONNECT', { ...required, ...headers });
}

async function connected(peer: StompPeer, version: Version, headers: Headers): Promise<StompPeer> {
  peer.send(hello(version, headers));
  await peer.next('CONNECTED');
  return peer;
}

/** A subscription that the server has confirmed. */
export async function subscribe(
  peer: StompPeer,
  id: string,
  destination: string,
  headers: Headers = {},
): Promise<void> {
  const receipt = `subscribed-${id}`;
  const before = await peer.confirmed(receipt, frame('SUBSCRIBE', { id, destination, receipt, ...headers }));
  // What waited in the queue may come first.
  peer.frames.unshift(...before);
}

/** ACK or NACK of a MESSAGE, as each version has it. */
export function settle(command: 'ACK' | 'NACK', message: ServerFrame, version: Version, headers: Headers = {}): string {
  const id = message.get('message-id')!;
  if (version === '1.2') return frame(command, { id: escaped(message.get('ack')!), ...headers });
  if (version === '1.1')
    return frame(command, {
      subscription: escaped(message.get('subscription')!),
      'message-id': escaped(id),
      ...headers,
    });
  return frame(command, { 'message-id': id, ...headers });
}

function escaped(value: string): string {
  return value.replace(/[\\\r\n:]/g, (octet) => ({ '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' })[octet]!);
}
