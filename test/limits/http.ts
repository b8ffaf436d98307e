// Limits on HTTP.

import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import type { Crossings, Stage } from './crossing.js';
import { httpTalk, post, talk, type Talk } from './talk.js';

type Names = 'headTime' | 'requestTime' | 'keepAliveTime' | 'httpHead' | 'httpHeaders';

const GET = 'GET /healthz HTTP/1.1';

/** A connection that has begun to speak HTTP. */
async function begun({ house }: Stage, text: string): Promise<Talk> {
  const { http } = house.server.outcomes!;
  const client = await talk(house);
  client.say(text);
  await until(() => house.server.outcomes!.http > http);
  return client;
}

/** Dribbles until the time is over; expects the end then, without an answer, and not before. */
async function endsAfter({ clock }: Stage, client: Talk, time: number, crumb: string): Promise<void> {
  for (let left = time; left > 1000; left -= 1000) {
    client.say(crumb);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
  }
  clock.advance(999);
  expect(client.isOver).toBe(false);
  clock.advance(1);
  await client.end();
}

export const httpCrossings: Crossings<Names> = {
  headTime: {
    value: 3000,
    cross: async (stage) => {
      const client = await begun(stage, `${GET}\r\nhost: 127.0.0.1\r\n`);
      await endsAfter(stage, client, 3000, 'x: 1\r\n');
      expect(client.text).toBe('');
    },
  },
  requestTime: {
    value: 4000,
    cross: async (stage) => {
      const head =
        'POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n';
      const before = stage.clock.pending;
      const client = await begun(stage, head);
      // The deadline of the head has given way to that of the request.
      await until(() => stage.clock.pending === before + 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await endsAfter(stage, client, 4000, ' ');
      expect(client.text).toBe('');
    },
  },
  keepAliveTime: {
    value: 2000,
    cross: async (stage) => {
      const client = await begun(stage, `${GET}\r\nhost: 127.0.0.1\r\n\r\n`);
      await client.hears(/keep-alive: timeout=2\r\n[^]*"status":"ok"[^]*}/);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { text } = client;
      await endsAfter(stage, client, 2000, 'G');
      expect(client.text).toBe(text);
    },
  },
  httpHead: {
    value: 500,
    cross: async ({ house }) => {
      expect(await httpTalk(house, [GET, `x: ${'x'.repeat(500)}`])).toMatch(/^HTTP\/1\.1 431 [^]*limits\.httpHead/);
      expect(await httpTalk(house, [GET, `x: ${'x'.repeat(300)}`])).toMatch(/^HTTP\/1\.1 200 /);
    },
  },
  httpHeaders: {
    value: 6,
    cross: async ({ house }) => {
      const more = (count: number) => Array.from({ length: count }, (_, at) => `x-${at}: 1`);
      expect(await httpTalk(house, [GET, ...more(5)])).toMatch(/^HTTP\/1\.1 431 [^]*limits\.httpHeaders/);
      expect(await httpTalk(house, [GET, ...more(4)])).toMatch(/^HTTP\/1\.1 200 /);
      const upgrade = ['GET / HTTP/1.1', 'upgrade: websocket', ...more(5)];
      expect(await httpTalk(house, upgrade)).toMatch(/^HTTP\/1\.1 431 [^]*limits\.httpHeaders/);
      expect(await post(house, '{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}')).toMatch(/^HTTP\/1\.1 200 /);
    },
  },
};
