// Limits on logging in, on silence, and on how long an end may take.

import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { frame } from '../fixtures/raw.js';
import type { Crossing, Crossings } from './crossing.js';
import { talk } from './talk.js';

type Names =
  'loginPause' | 'loginFailures' | 'drainTime' | 'halfClosedTime' | 'leastHeartBeat' | 'heartBeatGrace' | 'leastGrace';

/** Knows who says that they are somebody. */
const guarded: Crossing['options'] = { authenticate: ({ token }) => token === 'sesame' || undefined };

const connectWith = (headers: Record<string, string>): string =>
  frame('CONNECT', { 'accept-version': '1.2', host: 'localhost', ...headers });

/** A server that cuts who has promised a beat every two seconds after so many milliseconds of silence. */
function cutsAfter(silence: number): Crossing['cross'] {
  return async ({ house, clock }) => {
    const client = await talk(house);
    client.say(connectWith({ 'heart-beat': '2000,0' }));
    await client.hears(/^CONNECTED\n[^\0]*\0/);
    clock.advance(silence - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.isOver).toBe(false);
    client.say('\n');
    await client.settled();
    clock.advance(silence - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.isOver).toBe(false);
    clock.advance(1);
    await client.end();
  };
}

export const timeCrossings: Crossings<Names> = {
  loginPause: {
    value: 700,
    options: guarded,
    cross: async ({ house, clock }) => {
      const before = clock.pending;
      const client = await talk(house);
      client.say(connectWith({ token: 'barley' }));
      await until(() => house.server.outcomes!.stomp === 2 && clock.pending > before);
      await new Promise((resolve) => setTimeout(resolve, 20));
      clock.advance(699);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(client.text).toBe('');
      clock.advance(1);
      expect(await client.end()).toMatch(/^ERROR\n[^]*error-code:ERR_AUTH\n/);
    },
  },
  loginFailures: {
    value: 2,
    options: guarded,
    cross: async ({ house, clock }) => {
      const client = await talk(house);
      const renew = (id: number, token: string): string =>
        JSON.stringify({ jsonrpc: '2.0', id, method: 'rpc.authenticate', params: { token } }) + '\n';
      for (const [id, token] of [
        [1, 'sesame'],
        [2, 'barley'],
        [3, 'wheat'],
      ] as const) {
        client.say(renew(id, token));
        const pause = setInterval(() => clock.advance(500), 5);
        await client.hears(new RegExp(`"id":${id},`)).finally(() => clearInterval(pause));
      }
      expect(await client.end()).toMatch(/"id":1,"result"[^]*"id":2,"error":\{"code":-32001[^]*"id":3,"error"/);
    },
  },
  drainTime: {
    value: 3000,
    isForAll: true,
    cross: async ({ house, clock }) => {
      const busy = await talk(house);
      busy.say('{"jsonrpc":"2.0","id":1,"method":"house.last","params":{"key":"drain"}}\n');
      await until(() => house.server.sessions.size === 2);
      let isOver = false;
      const drained = house.server.drain().then(() => (isOver = true));
      await new Promise((resolve) => setTimeout(resolve, 20));
      clock.advance(2999);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(isOver).toBe(false);
      const hand = setInterval(() => clock.advance(1), 1);
      await drained.finally(() => clearInterval(hand));
      expect(clock.now()).toBeLessThan(3600);
      await busy.end();
    },
  },
  halfClosedTime: {
    value: 3000,
    cross: async ({ house, clock }) => {
      const client = await talk(house);
      const before = clock.pending;
      client.say('{"jsonrpc":"2.0","id":1,"method":"house.last","params":{"key":"half"}}\n');
      client.say('{"jsonrpc":"2.0","id":2,"method":"house.add","params":{"a":1,"b":1}}');
      client.socket.end();
      await client.hears(/"id":2/);
      await until(() => clock.pending > before);
      clock.advance(2999);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(client.isOver).toBe(false);
      clock.advance(1);
      expect(await client.end()).toMatch(/"result":2[^]*"code":-32000[^]*limits\.halfClosedTime/);
    },
  },
  leastHeartBeat: {
    value: 4000,
    options: { heartBeat: { outgoing: 100, incoming: 100 } },
    cross: async ({ house, clock }) => {
      const client = await talk(house);
      client.say(connectWith({ 'heart-beat': '0,1' }));
      await client.hears(/^CONNECTED\n[^\0]*heart-beat:4000,4000\n[^\0]*\0\n?/);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { text } = client;
      clock.advance(3000);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(client.text).toBe(text);
      clock.advance(1000);
      await until(() => client.text === text + '\n');
    },
  },
  heartBeatGrace: { value: 0.75, options: { heartBeat: { incoming: 2000 } }, cross: cutsAfter(3500) },
  leastGrace: { value: 1200, options: { heartBeat: { incoming: 2000 } }, cross: cutsAfter(3200) },
};
