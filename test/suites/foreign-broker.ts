// What our client does with brokers that are not ours, in each version of STOMP, over each transport.

import { setTimeout as delay } from 'node:timers/promises';
import { versions } from '@sallyport/core/stomp';
import { describe, expect, test } from 'vitest';
import { acknowledgement } from './foreign-broker/acknowledgement.js';
import { calls } from './foreign-broker/calls.js';
import { connections } from './foreign-broker/connections.js';
import { events } from './foreign-broker/events.js';
import { messages } from './foreign-broker/messages.js';
import { restart } from './foreign-broker/restart.js';
import { type ForeignBroker, newName, setUp, takeBodies } from './foreign-broker/setup.js';
import { stompjs } from './foreign-broker/stompjs.js';
import { transactions } from './foreign-broker/transactions.js';

export type { ForeignBroker } from './foreign-broker/setup.js';

export function foreignBroker(broker: ForeignBroker): void {
  describe.each(broker.transports)(`${broker.name} over %s`, (transport) => {
    describe.each(versions)('STOMP %s', (version) => {
      const setup = setUp(broker, transport, version);
      describe('connections', () => connections(setup));
      describe('messages', () => messages(setup));
      describe('acknowledgement', () => acknowledgement(setup));
      describe('transactions', () => transactions(setup));
      describe('calls', () => calls(setup));
      describe('events', () => events(setup));
    });
  });

  // Pages have WebSocket, and nothing else.
  if (broker.transports.includes('ws')) describe(`${broker.name} and @stomp/stompjs`, () => stompjs(broker));

  test('heart-beats, both ways, in all versions over all transports', async () => {
    const all = broker.transports.flatMap((transport) => versions.map((version) => setUp(broker, transport, version)));
    const beats = { heartBeat: { outgoing: 1000, incoming: 1000 }, leastGrace: 500 };
    const clients = await Promise.all(all.map(({ connect }) => connect(beats)));
    const states: string[] = [];
    for (const client of clients) client.onState((state) => states.push(state));
    // One that gets something in between, another that does not: some count silence from there.
    const [name, { stomp }] = [newName(), clients[0]!];
    const stream = stomp.subscribe(`/topic/${name}`);
    await stream.ready;
    await delay(1300);
    void stomp.send({ destination: `/topic/${name}`, body: 'x' });
    expect(await takeBodies(stream, 1)).toEqual(['x']);
    // Either side would have given the other up by now.
    await delay(3500);
    expect(states).toEqual([]);
  });

  restart(
    broker,
    broker.transports.map((transport) => setUp(broker, transport, '1.2')),
  );
}

/** Other listeners of a broker that is tried in full elsewhere: what depends on how bytes are carried. */
export function foreignListeners(broker: ForeignBroker): void {
  describe.each(broker.transports)(`${broker.name} over %s`, (transport) => {
    describe.each(versions)('STOMP %s', (version) => {
      const setup = setUp(broker, transport, version);
      describe('connections', () => connections(setup));
      describe('messages', () => messages(setup));
    });
    const setup = setUp(broker, transport, '1.2');
    describe('calls', () => calls(setup));
    describe('events', () => events(setup));
  });

  if (broker.transports.includes('ws')) describe(`${broker.name} and @stomp/stompjs`, () => stompjs(broker));
}
