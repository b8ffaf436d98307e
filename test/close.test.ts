// Closing a server: whatever state its connections are in, it is over soon, and nothing is left running.

import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AuthError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { connect, type ServerOptions } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { closed, until } from '../packages/node/test/fixtures/sockets.js';
import { type House, startHouse } from './fixtures/house.js';
import type { GuestApi, HouseApi } from './fixtures/house-api.js';
import { frame, login, request, stompCall } from './fixtures/raw.js';

const upgrade =
  'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** How a connection may stand, and what comes first when the server has got that far. */
const states: [name: string, bytes: string, wait: RegExp | undefined, options?: ServerOptions][] = [
  ['silent', '', undefined],
  ['a TLS handshake begun', '\x16\x03\x01\x02', undefined],
  ['a first line begun', 'CONN', undefined],
  ['CONNECT begun', 'CONNECT\naccept', undefined],
  ['being authenticated', login, undefined, { authenticate: () => new Promise(() => {}) }],
  ['connected', login, /CONNECTED/],
  ['a frame begun', login + 'SEND\ndest', /CONNECTED/],
  ['a call being worked on', login + stompCall('house.last', { key: 'x' }), /started/],
  ['events watched', login + frame('SUBSCRIBE', { id: '1', destination: '/topic/#', receipt: 'r' }), /RECEIPT/],
  ['an HTTP head begun', 'GET / HT', undefined],
  ['an HTTP request answered', 'GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', /200 OK/],
  ['an HTTP body begun', 'POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\n{', undefined],
  ['an upgrade, and nothing more', upgrade + 'sec-websocket-protocol: v12.stomp\r\n\r\n', /101 /],
  ['an upgrade to JSON-RPC', upgrade + '\r\n', /101 /],
  ['lines', request('house.add', { a: 1, b: 1 }) + '\n', /"result"/],
  ['a line begun', '{"jsonrpc"', undefined],
];

describe.each(states)('%s', (_, bytes, wait, options) => {
  test.each(['plain', 'TLS'])('%s', async (kind) => {
    const house = await startHouse(options);
    const sockets = await Promise.all([dial(kind, house.port), dial(kind, house.port)]);
    for (const socket of sockets) {
      socket.write(bytes, 'latin1');
      await (wait === undefined ? taken(house, socket) : heard(socket, wait));
    }
    const begun = performance.now();
    await house.close();
    expect(performance.now() - begun).toBeLessThan(1500);
    await Promise.all(sockets.map(closed));
  });
});

test('what is emitted afterwards goes nowhere, and harms nobody', async () => {
  const house = await startHouse();
  await house.close();
  expect(() => house.server.emit('late', 1)).not.toThrow();
});

test('no alarm is left, on either side: the process could end', async () => {
  const clocks = { server: new ManualClock(), client: new ManualClock() };
  const house = await startHouse({ clock: clocks.server });
  const client = await connect<HouseApi>(house.urls.tcp, { clock: clocks.client });
  await client.implement<GuestApi>({
    guest: { greet: ({ name }) => Promise.resolve(name), fail: () => Promise.reject(new Error('never called')) },
  });
  const { callBack, add, last } = client.api.house;
  expect(await callBack({ method: 'guest.greet', params: { name: 'Ann' } })).toBe('Ann');
  expect(await add({ a: 1, b: 1 })).toBe(2);
  await new Promise((resolve) => {
    const call = last({ key: 'x' }, { onProgress: resolve });
    call.catch(() => {});
  });
  expect(clocks.client.pending).toBeGreaterThan(0);
  await client.close();
  expect(clocks.client.pending).toBe(0);
  await house.close();
  expect(clocks.server.pending).toBe(0);
});

test('clients of all kinds hear of it', async () => {
  const house = await startHouse();
  const clients = await Promise.all(
    (['tcp', 'tls', 'ws', 'wss'] as const).map((scheme) =>
      connect<HouseApi>(house.urls[scheme], { ca: house.certificate, firstDelay: 60_000 }),
    ),
  );
  for (const client of clients) onTestFinished(() => client.close());
  const bare = new WebSocket(house.urls.ws);
  const code = new Promise((resolve) => bare.on('close', resolve));
  await new Promise((resolve) => bare.on('open', resolve));
  await until(() => house.server.sessions.size === 5);
  const lost = clients.map(
    (client) => new Promise((resolve) => client.onState((state) => state === 'reconnecting' && resolve(state))),
  );
  await house.close();
  await Promise.all(lost);
  expect(await code).toBe(1000);
  expect(house.server.sessions.size).toBe(0);
  expect(house.server.address).toBeUndefined();
});

test('one session, for a reason that it is told', async () => {
  const house = await startHouse();
  onTestFinished(() => house.close());
  const texts: string[] = [];
  const sockets: Socket[] = [];
  for (const bytes of [login, request('house.me') + '\n']) {
    const socket = await dial('plain', house.port);
    const at = texts.push('') - 1;
    socket.on('data', (chunk: Buffer) => (texts[at] += chunk.toString()));
    socket.write(bytes);
    sockets.push(socket);
    await until(() => house.server.sessions.size === sockets.length && texts[at] !== '');
  }
  const [stomp, lines] = house.server.sessions;
  void stomp!.close(new AuthError('ERR_AUTH_EXPIRED', 'your rights have changed'));
  void lines!.close(new AuthError('ERR_AUTH_EXPIRED', 'your rights have changed'));
  await Promise.all(sockets.map(closed));
  expect(texts[0]).toMatch(/ERROR\nmessage:your rights have changed\nerror-code:ERR_AUTH_EXPIRED\n/);
  expect(texts[1]).toMatch(/"id":null,"error":\{"code":-32001,"message":"your rights have changed"\}/);
});

/** A client that ends when it is told to, as most do. */
async function dial(kind: string, port: number): Promise<Socket> {
  const place = { port, host: '127.0.0.1' };
  const socket = kind === 'TLS' ? connectTls({ ...place, rejectUnauthorized: false }) : connectSocket(place);
  onTestFinished(() => void socket.on('error', () => {}).destroy());
  // A WebSocket's close frame is answered by one (RFC 6455, section 5.5.1).
  socket.on('data', (chunk: Buffer) => chunk[0] === 0x88 && socket.write(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0)));
  await once(socket, kind === 'TLS' ? 'secureConnect' : 'connect');
  return socket;
}

/** Resolves when the server has read what was written, as far as that can be told from here. */
async function taken(house: House, socket: Socket): Promise<void> {
  await until(() => socket.writableLength === 0);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function heard(socket: Socket, wanted: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (wanted.test(text)) resolve();
    }),
  );
}
