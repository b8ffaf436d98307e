// How long a login lasts.

import { ManualClock } from '@sallyport/core/testing';
import type { ServerOptions } from '@sallyport/node';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { arrive, call, connected, fast, lasting, newHouse, refusal, turns } from '../fixtures/logins.js';

describe('a login that lasts for a time', () => {
  /** `time-<milliseconds>` lasts so long, any other token for ever. */
  const forATime: ServerOptions = {
    authenticate: ({ token }, { expires }) => {
      if (token?.startsWith('time-')) expires(Date.now() + Number(token.slice(5)));
      return token;
    },
  };
  const ending: Record<(typeof lasting)[number], RegExp> = {
    STOMP: /\0\n*ERROR\n[^\0]*error-code:ERR_AUTH_EXPIRED\n/,
    'STOMP by WebSocket': /\0\n*ERROR\n[^\0]*error-code:ERR_AUTH_EXPIRED\n/,
    lines: /\{"jsonrpc":"2.0","id":null,"error":\{"code":-32001,"message":"the time of this login is over; .*"\}\}\n$/,
    messages:
      /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-32001,"message":"the time of this login is over; .*"\}\}\n$/,
  };

  test.each(lasting)('ends the connection, by %s', async (protocol) => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const peer = await arrive(house, protocol, 'time-60000');
    await until(() => house.server.sessions.size === 1);
    expect([...house.server.sessions][0]!.expires).toBeGreaterThan(Date.now());
    clock.advance(58_000);
    await turns();
    expect(peer.closed).toBe(false);
    clock.advance(2000);
    await until(() => peer.closed);
    expect(peer.text).toMatch(ending[protocol]);
    await until(() => house.server.sessions.size === 0);
  });

  test.each(lasting)('goes on if it is renewed, by %s', async (protocol) => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const peer = await arrive(house, protocol, 'time-60000');
    await until(() => house.server.sessions.size === 1);
    clock.advance(30_000);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'time-90000' }, 31));
    await until(() => /"id":31,"result":\{"expires":\d+\}/.test(peer.text));
    clock.advance(80_000);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'for ever' }, 32));
    await until(() => peer.text.includes('"id":32,"result":{}'));
    clock.advance(1e9);
    await turns();
    expect(peer.closed).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('that is over already is none', async () => {
    const house = await newHouse({ ...forATime, ...fast });
    const peer = await arrive(house, 'STOMP', 'time--1');
    await until(() => refusal.STOMP.test(peer.text));
  });

  test('may be given as a Date; what is no time refuses', async () => {
    const times = [new Date(Date.now() + 3_600_000), new Date('x'), NaN, Infinity];
    const onError = vi.fn();
    const authenticate: ServerOptions['authenticate'] = (_, { expires }) => {
      expires(times.shift()!);
      return true;
    };
    const house = await newHouse({ ...fast, authenticate, onError });
    const answers: string[] = [];
    while (times.length > 0) {
      const peer = await arrive(house, 'STOMP');
      await until(() => peer.text !== '');
      answers.push(peer.text.split('\n', 1)[0]!);
    }
    expect(answers).toEqual(['CONNECTED', 'ERROR', 'ERROR', 'CONNECTED']);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  test('is renewed by the client, or comes back by itself with fresh credentials', async () => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const auth = vi.fn(() => ({ token: 'time-60000' }));
    const client = await connected(house, { auth, heartBeat: { outgoing: 0, incoming: 0 } });
    const ended: unknown[] = [];
    client.onState((state, { error }) => state === 'reconnecting' && ended.push(error));
    clock.advance(50_000);
    await client.authenticate();
    clock.advance(50_000);
    expect(await client.api.house.add({ a: 1, b: 1 })).toBe(2);
    expect(ended).toEqual([]);
    clock.advance(10_000);
    await until(() => ended.length > 0);
    expect(ended[0]).toMatchObject({ code: 'ERR_AUTH_EXPIRED' });
    expect(await client.api.house.add({ a: 1, b: 2 })).toBe(3);
    expect(auth.mock.calls).toMatchObject([[{ attempt: 1 }], [{ attempt: 1 }], [{ attempt: 1 }]]);
  });
});
