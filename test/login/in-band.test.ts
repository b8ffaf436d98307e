// A connection says anew who it is.

import { AuthError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import type { Access } from '@sallyport/node';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import {
  arrive,
  byToken,
  call,
  connected,
  fast,
  lasting,
  newHouse,
  post,
  REFUSED,
  tcpPeer,
} from '../fixtures/logins.js';
import { request } from '../fixtures/raw.js';

describe.each(lasting)('in-band, by %s', (protocol) => {
  test('a connection becomes somebody else, and its calls are theirs', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    house.server.implement({ whoami: (_params: unknown, { principal }) => principal });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'whoami', {}, 21));
    await until(() => peer.text.includes('"id":21,"result":"ann"'));
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 22));
    await until(() => peer.text.includes('"id":22,"result":{}'));
    peer.send(call(protocol, 'whoami', {}, 23));
    await until(() => peer.text.includes('"id":23,"result":"bob"'));
    expect([...house.server.sessions][0]!.principal).toBe('bob');
  });

  test('refused it stays who it was, and goes on meanwhile', async () => {
    const clock = new ManualClock();
    const house = await newHouse({ ...byToken, clock });
    house.server.implement({ whoami: (_params: unknown, { principal }) => principal });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'bad' }, 22));
    // A second attempt before the first is decided.
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 24));
    peer.send(call(protocol, 'whoami', {}, 23));
    await until(() => peer.text.includes('"id":23,"result":"ann"'));
    await until(() => peer.text.includes('"id":24,"error":{"code":-32000'));
    expect(peer.text).not.toContain('"id":22');
    clock.advance(1000);
    await until(() => peer.text.includes(`"id":22,"error":{"code":-32001,"message":"${REFUSED}"}`));
    expect([...house.server.sessions][0]!.principal).toBe('ann');
    expect(peer.closed).toBe(false);
  });

  test.each([{}, { token: 1 }, { login: 'ann' }, ['good-bob'], { token: 'good-bob', login: 1, passcode: 'x' }])(
    'params %j are wrong',
    async (params) => {
      const house = await newHouse({ ...byToken, ...fast });
      const peer = await arrive(house, protocol, 'good-ann');
      await until(() => house.server.sessions.size === 1);
      peer.send(call(protocol, 'rpc.authenticate', params, 22));
      await until(() => peer.text.includes('"id":22,"error":{"code":-32602'));
    },
  );

  test('authorize is asked for `connect` by the new name, and not for `call` by the old one', async () => {
    const asked = vi.fn((access: Access) => access.action === 'connect');
    const house = await newHouse({ ...byToken, ...fast, authorize: asked });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 22));
    await until(() => peer.text.includes('"id":22,"result":{}'));
    expect(asked.mock.calls.map(([{ action, principal }]) => [action, principal])).toEqual([
      ['connect', 'ann'],
      ['connect', 'bob'],
    ]);
  });
});

test('by HTTP there is nobody to become', async () => {
  const house = await newHouse({ ...byToken });
  const peer = await tcpPeer(house.port);
  peer.send(post('good-ann', request('rpc.authenticate', { token: 'good-bob' })));
  await until(() => peer.text.includes('-32600'));
});

describe('client.authenticate', () => {
  test('asks `auth` again and says it', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const tokens = ['good-ann', 'good-bob', 'bad'];
    const client = await connected(house, { auth: () => ({ token: tokens.shift()! }) });
    await client.authenticate();
    expect([...house.server.sessions][0]!.principal).toBe('bob');
    const refused = client.authenticate();
    await expect(refused).rejects.toThrow(AuthError);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_AUTH', message: REFUSED });
    expect([...house.server.sessions][0]!.principal).toBe('bob');
    expect(client.state).toBe('connected');
  });

  test('fails without a connection', async () => {
    const house = await newHouse({ ...byToken });
    const client = await connected(house, { auth: { token: 'good-ann' }, firstDelay: 60_000 });
    client.cut();
    await until(() => client.state === 'reconnecting');
    await expect(client.authenticate()).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
  });
});
