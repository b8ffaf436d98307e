// How slowly logins fail, and after how many a connection is closed; who is right has not to wait.

import { ManualClock } from '@sallyport/core/testing';
import { describe, expect, test, vi } from 'vitest';
import { dialled, received, until } from '../../packages/node/test/fixtures/sockets.js';
import {
  arrive,
  byToken,
  call,
  connectFrame,
  fast,
  lasting,
  newHouse,
  post,
  refusal,
  REFUSED,
  tcpPeer,
  turns,
} from '../fixtures/logins.js';
import { request } from '../fixtures/raw.js';

test('the pause delays nobody else, and a connection that is closed meanwhile is free', async () => {
  const clock = new ManualClock();
  const house = await newHouse({ ...byToken, clock, limits: { unauthenticated: 1 } });
  const bad = await arrive(house, 'STOMP', 'bad');
  await turns();
  const full = await tcpPeer(house.port);
  await until(() => full.closed);
  bad.leave();
  await turns();
  const good = await arrive(house, 'STOMP', 'good-ann');
  await until(() => good.text.startsWith('CONNECTED'));
});

test('from one address only so many are looked at while refusals are kept back', async () => {
  const clock = new ManualClock();
  const asked = vi.fn(byToken.authenticate!);
  const house = await newHouse({ authenticate: asked, clock, limits: { loginFailures: 2 } });
  const bad = await Promise.all([1, 2, 3, 4, 5].map(() => arrive(house, 'STOMP', 'bad')));
  const good = await arrive(house, 'STOMP', 'good-ann');
  for (const looked of [2, 4, 6]) {
    await until(() => asked.mock.calls.length === looked);
    await turns();
    expect(asked).toHaveBeenCalledTimes(looked);
    clock.advance(1000);
  }
  await until(() => bad.every(({ closed }) => closed) && good.text !== '');
  expect(good.text).toMatch(/^CONNECTED/);
});

test('who ends its side while it waits for its turn is closed; who has not to wait is not', async () => {
  const clock = new ManualClock();
  const asked = vi.fn(byToken.authenticate!);
  const house = await newHouse({ authenticate: asked, clock, limits: { loginFailures: 1 } });
  const [first, second] = [await dialled(house.port), await dialled(house.port)];
  first.end(connectFrame('bad'));
  await until(() => asked.mock.calls.length === 1);
  second.end(connectFrame('good-ann'));
  expect(await received(second)).toMatch(/ERR_CONNECTION_LOST/);
  const text = received(first);
  clock.advance(1000);
  expect(await text).toMatch(refusal.STOMP);
});

test('who comes back with many others is let in at once', async () => {
  const house = await newHouse({ ...byToken, clock: new ManualClock() });
  const peers = await Promise.all(Array.from({ length: 50 }, () => arrive(house, 'STOMP', 'good-ann')));
  await until(() => peers.every(({ text }) => text.startsWith('CONNECTED')));
});

describe('five failures close a connection', () => {
  test('by HTTP, keep-alive', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let one = 1; one <= 5; one++) {
      expect(peer.closed).toBe(false);
      peer.send(post('bad'));
      await until(() => peer.text.split('401 Unauthorized').length === one + 1);
    }
    expect(peer.text.match(/connection: close/gi)).toHaveLength(1);
    await until(() => peer.closed);
  });

  test('by HTTP, where those in between were right', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let one = 1; one <= 5; one++) {
      peer.send(post('good-ann') + post('bad'));
      await until(() => peer.text.split('401 Unauthorized').length === one + 1);
    }
    expect(peer.text.match(/200 OK/g)).toHaveLength(5);
    await until(() => peer.closed);
  });

  test.each(lasting)('in-band, by %s', async (protocol) => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    for (let id = 11; id <= 15; id++) {
      peer.send(call(protocol, 'rpc.authenticate', { token: 'bad' }, id));
      await until(() => peer.text.includes(`"id":${id},"error":{"code":-32001,"message":"${REFUSED}"}`));
    }
    await until(() => peer.closed && house.server.sessions.size === 0);
  });

  test('before anybody was let in, by lines', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let id = 1; id <= 5; id++) {
      expect(peer.closed).toBe(false);
      peer.send(request('rpc.authenticate', { token: 'bad' }, id) + '\n');
      await until(() => peer.text.includes(`"id":${id},"error":{"code":-32001`));
    }
    await until(() => peer.closed);
  });
});
