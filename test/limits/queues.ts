// Limits on what waits in queues, and on how often a message comes again.

import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { frame } from '../fixtures/raw.js';
import type { Crossings, Stage } from './crossing.js';
import { expectError, stompTalk, type Talk } from './talk.js';

type Names =
  | 'prefetch'
  | 'deliveries'
  | 'redeliveryDelay'
  | 'longestRedeliveryDelay'
  | 'deadLetterTime'
  | 'destinations'
  | 'queueMessages'
  | 'queueBytes'
  | 'clientQueuedBytes'
  | 'addressQueuedBytes'
  | 'queuedBytes';

const send = (destination: string, body = 'x'): string => frame('SEND', { destination }, body);
/** Of these two fit into the limits below, with what keeping each of them costs beside, a queue of its own included. */
const large = 'x'.repeat(800);
const TWO = 6000;

/** A client that gets the messages of /queue/work, and acknowledges them one by one. */
async function worker({ house }: Stage, headers: Record<string, string> = {}): Promise<Talk> {
  const client = await stompTalk(house);
  client.say(frame('SUBSCRIBE', { id: '1', destination: '/queue/work', ack: 'client-individual', ...headers }));
  await client.settled();
  return client;
}

/** The `ack` headers of all messages that have come. */
function acksOf({ text }: Talk): string[] {
  return [...text.matchAll(/\nack:([^\n]*)\n/g)].map(([, id]) => id!);
}

/** Refuses the message that came last; resolves once that has been heard of. */
async function refuse(client: Talk): Promise<void> {
  client.say(frame('NACK', { id: acksOf(client).at(-1)! }));
  await client.settled();
}

/** Expects the message that was refused to come again after so long, and not before. */
async function comesAgainAfter({ clock }: Stage, client: Talk, delay: number): Promise<void> {
  const before = acksOf(client).length;
  clock.advance(delay - 1);
  await client.settled();
  expect(acksOf(client)).toHaveLength(before);
  clock.advance(1);
  await until(() => acksOf(client).length > before);
}

export const queueCrossings: Crossings<Names> = {
  prefetch: {
    value: 2,
    cross: async (stage) => {
      const client = await worker(stage, { 'prefetch-count': '5' });
      client.say(send('/queue/work').repeat(5));
      await client.settled();
      expect(acksOf(client)).toHaveLength(2);
      client.say(frame('ACK', { id: acksOf(client)[0]! }));
      await client.settled();
      expect(acksOf(client)).toHaveLength(3);
    },
  },
  deliveries: {
    value: 2,
    cross: async (stage) => {
      const client = await worker(stage);
      client.say(send('/queue/work', 'the sour one'));
      await client.settled();
      await refuse(client);
      await comesAgainAfter(stage, client, 100);
      await refuse(client);
      stage.clock.advance(60_000);
      await client.settled();
      expect(acksOf(client)).toHaveLength(2);
      client.say(frame('SUBSCRIBE', { id: '2', destination: '/queue/dead-letter.work' }));
      await client.hears(/subscription:2\n[^\0]*original-destination:\/queue\/work\n[^\0]*the sour one\0/);
    },
  },
  redeliveryDelay: {
    value: 400,
    cross: async (stage) => {
      const client = await worker(stage);
      client.say(send('/queue/work'));
      await client.settled();
      for (const delay of [400, 800, 1600]) {
        await refuse(client);
        await comesAgainAfter(stage, client, delay);
      }
    },
  },
  longestRedeliveryDelay: {
    value: 150,
    cross: async (stage) => {
      const client = await worker(stage);
      client.say(send('/queue/work'));
      await client.settled();
      for (const delay of [100, 150, 150]) {
        await refuse(client);
        await comesAgainAfter(stage, client, delay);
      }
    },
  },
  deadLetterTime: {
    value: 5000,
    options: { limits: { deliveries: 1 } },
    cross: async (stage) => {
      const client = await worker(stage);
      for (const body of ['the older one', 'the younger one']) {
        client.say(send('/queue/work', body));
        await client.settled();
        await refuse(client);
        stage.clock.advance(2500);
      }
      client.say(frame('SUBSCRIBE', { id: '2', destination: '/queue/dead-letter.work' }));
      await client.settled();
      const found = client.text.split('\0').filter((text) => text.includes('subscription:2'));
      expect(found).toEqual([expect.stringContaining('the younger one')]);
    },
  },
  destinations: {
    value: 2,
    options: { limits: { deliveries: 1 } },
    cross: async (stage) => {
      const { house } = stage;
      const frames = ['a', 'b', 'c'].map((name) => send(`/queue/${name}`)).join('');
      await expectError(house, frames, 'ERR_DESTINATIONS', 'destinations');
      // So does what others have refused.
      const work = await worker(stage);
      const sender = await stompTalk(house);
      sender.say(send('/queue/work'));
      await sender.settled();
      await refuse(work);
      sender.say(send('/queue/d') + send('/queue/e'));
      expect(await sender.end()).toMatch(/\nerror-code:ERR_DESTINATIONS\n/);
    },
  },
  queueMessages: {
    value: 2,
    cross: ({ house }) => expectError(house, send('/queue/full').repeat(3), 'ERR_QUEUE_FULL', 'queueMessages'),
  },
  queueBytes: {
    value: 3000,
    cross: ({ house }) => expectError(house, send('/queue/full', large).repeat(3), 'ERR_QUEUE_FULL', 'queueBytes'),
  },
  clientQueuedBytes: {
    value: TWO,
    cross: async ({ house }) => {
      const frames = ['a', 'b', 'c'].map((name) => send(`/queue/${name}`, large)).join('');
      await expectError(house, frames, 'ERR_QUEUE_FULL', 'clientQueuedBytes');
      // Others have room of their own.
      const other = await stompTalk(house);
      other.say(send('/queue/d', large) + send('/queue/e', large));
      await other.settled();
    },
  },
  addressQueuedBytes: {
    value: TWO,
    cross: async ({ house }) => {
      const first = await stompTalk(house);
      first.say(send('/queue/a', large));
      await first.settled();
      const frames = send('/queue/b', large) + send('/queue/c', large);
      await expectError(house, frames, 'ERR_QUEUE_FULL', 'addressQueuedBytes');
    },
  },
  queuedBytes: {
    value: TWO,
    cross: async ({ house }) => {
      const first = await stompTalk(house);
      first.say(send('/queue/a', large));
      await first.settled();
      const frames = send('/queue/b', large) + send('/queue/c', large);
      await expectError(house, frames, 'ERR_QUEUE_FULL', 'queuedBytes');
      // What has been taken away leaves its room.
      first.say(frame('SUBSCRIBE', { id: '1', destination: '/queue/a' }) + send('/queue/d', large));
      await first.settled();
    },
  },
};
