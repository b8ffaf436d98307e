// A login that is refused: when, by which words, and what is logged of it.

import { ManualClock } from '@sallyport/core/testing';
import type { Access } from '@sallyport/node';
import { describe, expect, test, vi } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import {
  arrive,
  byToken,
  fast,
  newHouse,
  post,
  protocols,
  refusal,
  tcpPeer,
  turns,
  welcome,
} from '../fixtures/logins.js';

describe.each(protocols)('a login that fails, by %s', (protocol) => {
  test('is answered after the pause, by the clock, and as any other', async () => {
    const clock = new ManualClock();
    const asked = vi.fn(byToken.authenticate!);
    const house = await newHouse({ authenticate: asked, clock });
    const peer = await arrive(house, protocol, 'bad');
    await until(() => asked.mock.calls.some(([{ token }]) => token === 'bad'));
    await turns();
    clock.advance(999);
    await turns();
    expect(peer.text).toBe('');
    clock.advance(1);
    await until(() => peer.text !== '');
    expect(peer.text).toMatch(refusal[protocol]);
    expect(peer.text).not.toContain('bad');
    peer.leave();
  });

  test('is logged, with address and protocol, and without what it was tried by', async () => {
    const lines: string[] = [];
    const house = await newHouse({
      ...byToken,
      ...fast,
      log: (level, message) => void lines.push(`${level} ${message}`),
    });
    const peer = await arrive(house, protocol, 'bad-barley');
    await until(() => peer.text !== '');
    expect(lines).toEqual([
      expect.stringMatching(
        /^warn a login was refused: a token by (stomp|http|jsonrpc)( over \w+)?, from 127\.0\.0\.1$/,
      ),
    ]);
    peer.leave();
  });

  test('because `connect` is not authorized, looks no different', async () => {
    const asked = vi.fn((access: Access) => access.action === 'connect' && access.principal === 'ann');
    const house = await newHouse({ ...byToken, ...fast, authorize: asked });
    const peer = await arrive(house, protocol, 'good-bob');
    await until(() => peer.text !== '');
    expect(peer.text).toMatch(refusal[protocol]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(asked.mock.calls[0]![0]).toMatchObject({ action: 'connect', principal: 'bob' });
    expect(asked.mock.calls[0]![0].session.remote).toBe('127.0.0.1');
    const other = await arrive(house, protocol, 'good-ann');
    await until(() => welcome[protocol].test(other.text) && (protocol === 'HTTP' || house.server.sessions.size === 1));
  });
});

test('who says nothing by HTTP is asked to, which is no refused login', async () => {
  const log = vi.fn();
  const house = await newHouse({ ...byToken, ...fast, log });
  const peer = await arrive(house, 'HTTP');
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(refusal.HTTP);
  expect(log).not.toHaveBeenCalled();
});

test('who asks by HTTP without any credentials is told at once', async () => {
  const house = await newHouse({ ...byToken, clock: new ManualClock() });
  const peer = await tcpPeer(house.port);
  peer.send(post(undefined));
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(refusal.HTTP);
});

test('by HTTP a body is taken in only from those who are let in', async () => {
  const house = await newHouse({ ...byToken, ...fast });
  const peer = await tcpPeer(house.port);
  const authorization = 'authorization: Bearer bad\r\nexpect: 100-continue';
  const head = `POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${authorization}\r\n`;
  peer.send(`${head}content-length: 1000\r\n\r\n`);
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(/^HTTP\/1\.1 401/);
});
