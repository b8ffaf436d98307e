// Limits on what is kept of events, and on readers that do not read.

import { connect } from '@sallyport/node';
import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { frame } from '../fixtures/raw.js';
import type { Crossings, Stage } from './crossing.js';
import { stompTalk, type Talk } from './talk.js';

type Names = 'historyEvents' | 'historyBytes' | 'historyTime' | 'eventBuffer' | 'writeBuffer' | 'writeStall';

/** Comes back by a cursor of long ago; expects word of a gap, and then the last events only. */
async function comesBack({ house }: Stage, cursor: string, missed: unknown, kept: readonly number[]): Promise<void> {
  const client = await stompTalk(house);
  client.say(frame('SUBSCRIBE', { id: '1', destination: '/topic/news', after: cursor }));
  await client.settled();
  const [gap, ...events] = [...client.text.matchAll(/\{"jsonrpc"[^\0]*/g)].map(([text]) => JSON.parse(text) as object);
  expect(gap).toMatchObject({ method: '$/gap', params: { missed } });
  expect(events).toMatchObject(kept.map((params) => ({ method: 'news', params })));
}

/** The cursor of now. */
async function cursorOf({ house }: Stage): Promise<string> {
  const client = await stompTalk(house);
  client.say(frame('SUBSCRIBE', { id: '1', destination: '/topic/news', receipt: 'r' }));
  await client.hears(/cursor:[^\n]*\n/);
  client.socket.destroy();
  return /cursor:([^\n]*)\n/.exec(client.text)![1]!;
}

/** A client that listens, and does not read. */
async function lazy({ house }: Stage): Promise<Talk> {
  const client = await stompTalk(house);
  client.say(frame('SUBSCRIBE', { id: '1', destination: '/topic/big' }));
  await client.settled();
  client.socket.pause();
  return client;
}

export const eventCrossings: Crossings<Names> = {
  historyEvents: {
    value: 3,
    cross: async (stage) => {
      const cursor = await cursorOf(stage);
      for (const number of [1, 2, 3, 4, 5]) stage.house.server.emit('news', number);
      await comesBack(stage, cursor, 2, [3, 4, 5]);
    },
  },
  historyBytes: {
    value: 4000,
    cross: async (stage) => {
      const cursor = await cursorOf(stage);
      stage.house.server.emit('news', 1);
      for (let at = 0; at < 3; at++) stage.house.server.emit('other', 'x'.repeat(1000));
      stage.house.server.emit('news', 2);
      stage.house.server.emit('other', 'x'.repeat(1000));
      // What an event costs beside its text is an estimate.
      await comesBack(stage, cursor, expect.any(Number), [2]);
    },
  },
  historyTime: {
    value: 5000,
    cross: async (stage) => {
      const cursor = await cursorOf(stage);
      stage.house.server.emit('news', 1);
      stage.clock.advance(2000);
      stage.house.server.emit('news', 2);
      stage.clock.advance(3001);
      await comesBack(stage, cursor, 1, [2]);
    },
  },
  eventBuffer: {
    value: 3,
    cross: async ({ house }) => {
      const client = await connect(house.urls.tcp, { limits: { eventBuffer: 3 } });
      const events = client.events<number>('news');
      await events.ready;
      for (const number of [1, 2, 3, 4, 5]) house.server.emit('news', number);
      await client.call('house.add', { a: 1, b: 1 });
      expect((await events.next()).value).toMatchObject({ gap: { missed: 2 } });
      for (const data of [3, 4, 5]) expect((await events.next()).value).toMatchObject({ gap: undefined, data });
      await client.close();
    },
  },
  writeBuffer: {
    value: 300_000,
    cross: async (stage) => {
      const { server } = stage.house;
      const client = await lazy(stage);
      while (server.sessions.size > 1) {
        server.emit('big', 'x'.repeat(100_000));
        // Each in a turn of its own: one turn may say more.
        await new Promise((resolve) => setImmediate(resolve));
      }
      client.socket.resume();
      await client.end();
    },
  },
  writeStall: {
    value: 2000,
    cross: async (stage) => {
      const { server } = stage.house;
      await lazy(stage);
      // More than the system holds for both sides together.
      server.emit('big', 'x'.repeat(15_000_000));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(server.sessions.size).toBe(2);
      stage.clock.advance(1000);
      expect(server.sessions.size).toBe(2);
      // So long for each part of what the system has been given at once.
      for (let time = 0; server.sessions.size > 1 && time < 1_000_000; time += 2000) {
        stage.clock.advance(2000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => server.sessions.size === 1);
    },
  },
};
