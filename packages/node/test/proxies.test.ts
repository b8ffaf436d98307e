// A server behind a proxy that says whose each connection is.

import { connect as connectTls, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { ManualClock } from '@sallyport/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Credentials, createServer, type ServerOptions } from '../src/index.js';
import { closed, dialled, dribble, received, until } from './fixtures/sockets.js';

/** A server that has 127.0.0.1 for a proxy; who has come to it. */
async function proxied(options: ServerOptions = {}) {
  const came: string[] = [];
  const clock = new ManualClock();
  const authenticate = ({ remoteAddress, secure }: Credentials): boolean => {
    came.push(`${remoteAddress}${secure ? ' by TLS' : ''}`);
    return true;
  };
  const server = createServer({
    proxies: ['10.0.0.0/8', '127.0.0.1'],
    tls: 'optional',
    authenticate,
    clock,
    ...options,
  });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { server, port, clock, came };
}

const header = (address: string): string => `PROXY TCP4 ${address} 127.0.0.1 40000 443\r\n`;
const binary = '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x01\x7f\0\0\x01\x9c\x40\x01\xbb\x04\0\0';
const local = '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0';
const login = 'CONNECT\naccept-version:1.2\nhost:h\n\n\0';
const request = 'POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n';
const call = '{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}';
const post = `${request}content-length: ${call.length}\r\n\r\n${call}`;

describe.each(['whole', 'byte by byte'])('a header, %s', (manner) => {
  test.each([
    ['version 1', header('192.0.2.1'), '192.0.2.1'],
    ['version 1 of IPv6', 'PROXY TCP6 2001:db8::1 ::1 1 2\r\n', '2001:db8::1'],
    ['version 2', binary, '192.0.2.1'],
    ['an unknown client', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['the proxy itself', local, '127.0.0.1'],
  ])('%s: every protocol goes on behind it', async (_, text, address) => {
    const { server, port, came } = await proxied();
    for (const [bytes, wanted] of [
      [login, /^CONNECTED\n/],
      [`${call}\n`, /"result"/],
      [post, /^HTTP\/1\.1 200 /],
    ] as const) {
      const client = await dialled(port);
      const answer = once(client, 'data');
      if (manner === 'whole') client.write(text + bytes, 'latin1');
      else await dribble(client, text + bytes);
      expect(String((await answer)[0])).toMatch(wanted);
    }
    expect(came).toEqual([address, address, address]);
    expect(server.outcomes).toMatchObject({ stomp: 1, jsonrpc: 1, http: 1, noProxy: 0, unknown: 0 });
  });

  test('TLS goes on behind it', async () => {
    const { port, came } = await proxied();
    const raw = await dialled(port);
    if (manner === 'whole') raw.write(binary, 'latin1');
    else await dribble(raw, binary);
    const client = connectTls({ socket: raw, rejectUnauthorized: false });
    client.write(login);
    expect(String((await once(client, 'data'))[0])).toMatch(/^CONNECTED\n/);
    expect(came).toEqual(['192.0.2.1 by TLS']);
  });
});

test('many TLS clients behind one proxy are not mistaken for each other', async () => {
  const { port, came } = await proxied();
  const clients = await Promise.all(
    Array.from({ length: 20 }, async (_, at): Promise<TLSSocket> => {
      const raw = await dialled(port);
      raw.write(header(`192.0.2.${at}`));
      const client = connectTls({ socket: raw, rejectUnauthorized: false });
      client.write(`CONNECT\naccept-version:1.2\nhost:h\nlogin:${at}\n\n\0`);
      await once(client, 'data');
      return client;
    }),
  );
  expect(came.sort()).toEqual(clients.map((_, at) => `192.0.2.${at} by TLS`).sort());
});

test('a WebSocket goes on behind it', async () => {
  const { port, came } = await proxied();
  const raw = await dialled(port);
  raw.write(header('192.0.2.1'));
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { createConnection: () => raw });
  await once(client, 'open');
  client.send(call);
  await once(client, 'message');
  expect(came).toEqual(['192.0.2.1']);
  client.terminate();
});

describe('without a header', () => {
  test.each([
    ['STOMP', login],
    ['HTTP', post],
    ['TLS', '\x16\x03\x01\x02\0\x01'],
    ['half a header and something else', 'PROXY TCP4 192.0.2.1 \r\n'],
    ['a header that is too long', `PROXY UNKNOWN ${'x'.repeat(200)}\r\n`],
    ['a line end alone', header('192.0.2.1').replace('\r', '') + ' '.repeat(100)],
  ])('%s is closed without a word', async (_, bytes) => {
    const { server, port } = await proxied();
    const client = await dialled(port);
    client.write(bytes, 'latin1');
    expect(await received(client)).toBe('');
    expect(server.outcomes).toMatchObject({ noProxy: 1, stomp: 0, http: 0, tls: 0 });
  });

  test('nothing, and too little, is closed in the time for first bytes', async () => {
    const { server, port, clock } = await proxied();
    const clients = await Promise.all(
      ['', 'PROXY TCP4 192.', binary.slice(0, 20), header('192.0.2.1')].map(async (text) => {
        const client = await dialled(port);
        client.write(text, 'latin1');
        return client;
      }),
    );
    await until(() => clock.pending === clients.length);
    clock.advance(5000);
    await Promise.all(clients.map(closed));
    expect(server.outcomes).toMatchObject({ timeout: 4, noProxy: 0 });
  });
});

describe('from an address that is no proxy', () => {
  test.each([
    ['version 1', header('192.0.2.1') + login],
    ['version 2', binary + login],
    ['what begins as one', 'PROXY /rpc HTTP/1.1\r\nhost: a\r\n\r\n'],
  ])('%s is closed without a word', async (_, bytes) => {
    const { server, port } = await proxied({ proxies: ['10.0.0.0/8'] });
    const client = await dialled(port);
    client.write(bytes, 'latin1');
    expect(await received(client)).toBe('');
    expect(server.outcomes).toMatchObject({ proxied: 1, stomp: 0, http: 0 });
  });

  test('other connections are as always', async () => {
    const { port, came } = await proxied({ proxies: ['10.0.0.0/8'] });
    const client = await dialled(port);
    client.write(login);
    await once(client, 'data');
    expect(came).toEqual(['127.0.0.1']);
  });

  test('and not inside TLS either', async () => {
    const { server, port } = await proxied({ proxies: [] });
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.write(header('192.0.2.1') + login);
    await closed(client);
    expect(server.outcomes).toMatchObject({ tls: 1, unknown: 1, stomp: 0 });
  });
});

test('addresses are counted by client, not by proxy', async () => {
  const { server, port } = await proxied({ limits: { connectionsPerAddress: 2 } });
  const come = async (address: string) => {
    const client = await dialled(port);
    client.write(header(address) + login);
    return client;
  };
  const [first] = [await come('192.0.2.1'), await come('192.0.2.1'), await come('192.0.2.2')];
  await until(() => server.sessions.size === 3);
  await closed(await come('192.0.2.1'));
  expect(server.outcomes).toMatchObject({ connectionsPerAddress: 1 });
  first.destroy();
  await until(() => server.sessions.size === 2);
  await come('192.0.2.1');
  await until(() => server.sessions.size === 3);
});

test('a proxy that is none is refused by name', () => {
  expect(() => createServer({ proxies: ['everybody'] })).toThrow(
    'createServer: option proxies: everybody is no address, and no range such as 10.0.0.0/8',
  );
});
