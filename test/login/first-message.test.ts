// Bare JSON-RPC, where the first message says who it is.

import { ManualClock } from '@sallyport/core/testing';
import { knownLogins } from '@sallyport/node';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import type { House } from '../fixtures/house.js';
import {
  arrive,
  byToken,
  call,
  fast,
  newHouse,
  type Peer,
  refusal,
  REFUSED,
  tcpPeer,
  turns,
  webSocketPeer,
} from '../fixtures/logins.js';
import { request } from '../fixtures/raw.js';

describe.each(['lines', 'messages'] as const)('the first message, by %s', (protocol) => {
  const open = (house: House): Promise<Peer> => (protocol === 'lines' ? tcpPeer(house.port) : webSocketPeer(house, []));

  test('may say who it is, by login and passcode too', async () => {
    const authenticate = knownLogins({ ann: 'a:1' });
    const house = await newHouse({ authenticate, ...fast });
    const peer = await open(house);
    peer.send(call(protocol, 'rpc.authenticate', { login: 'ann', passcode: 'a:2' }, 1));
    await until(() => peer.text.includes('"id":1,"error":{"code":-32001'));
    peer.send(call(protocol, 'rpc.authenticate', { login: 'ann', passcode: 'a:1' }, 2));
    await until(() => peer.text.includes('"id":2,"result":{}'));
    peer.send(call(protocol, 'house.add', { a: 1, b: 2 }, 3));
    await until(() => peer.text.includes('"id":3,"result":3'));
    expect([...house.server.sessions][0]!.principal).toEqual({ login: 'ann' });
  });

  test.each([
    ['another method', request('house.me')],
    ['no request', '{"jsonrpc":"2.0"}'],
    ['a notification', '{"jsonrpc":"2.0","method":"rpc.authenticate","params":{"token":"good-ann"}}'],
    ['a batch', `[${request('rpc.authenticate', { token: 'good-ann' })}]`],
    ['no JSON', '{no'],
  ])('is the end if it is %s', async (_, text) => {
    const house = await newHouse({ ...byToken });
    const peer = await open(house);
    peer.send(text + '\n' + call(protocol, 'rpc.authenticate', { token: 'good-ann' }));
    await until(() => peer.closed);
    const [answer, ...more] = peer.text.trimEnd().split('\n');
    expect(JSON.parse(answer!)).toEqual({ jsonrpc: '2.0', id: null, error: { code: -32001, message: REFUSED } });
    expect(more).toEqual([]);
    expect(house.server.sessions.size).toBe(0);
  });

  test('with wrong params is the end', async () => {
    const house = await newHouse({ ...byToken });
    const peer = await open(house);
    peer.send(call(protocol, 'rpc.authenticate', { token: 1 }));
    await until(() => peer.closed);
    expect(peer.text).toContain('"id":1,"error":{"code":-32602');
  });

  test('has to be there in time', async () => {
    const clock = new ManualClock();
    const asked = vi.fn(byToken.authenticate!);
    const house = await newHouse({ authenticate: asked, clock });
    const peer = await open(house);
    if (protocol === 'lines') peer.send('{');
    await until(() => asked.mock.calls.length === 1);
    await turns();
    clock.advance(9999);
    await turns();
    expect(peer.text + peer.closed).toBe('false');
    clock.advance(1);
    await until(() => peer.closed);
    expect(peer.text).toMatch(refusal.messages);
  });
});

test('before login a line may not be longer than 32 KiB, after it as long as a body', async () => {
  const house = await newHouse({ ...byToken, ...fast });
  const long = await tcpPeer(house.port);
  long.send('{"jsonrpc":"2.0"' + ' '.repeat(32_768));
  await until(() => long.closed);
  expect(long.text).toMatch(refusal.messages);
  const peer = await arrive(house, 'lines', 'good-ann');
  await until(() => peer.text !== '');
  peer.send(request('house.echo', { value: 'x'.repeat(100_000) }, 2) + '\n');
  await until(() => peer.text.endsWith('x"}}\n'));
});
