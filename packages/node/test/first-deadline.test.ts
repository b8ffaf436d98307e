// How long a connection has to say who it is, or what it asks for: from its accept, or from the end of its handshake. What
// it has taken to show what it speaks does not come on top.

import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { ManualClock } from '@sallyport/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createServer, type ServerOptions } from '../src/index.js';
import { dialled, until } from './fixtures/sockets.js';

/** Shorter than sniffTime; with the first deadline's 10 000 a client would have 14 800. */
const SILENCE = 4800;
const LEFT = 10_000 - SILENCE;

async function started(options: ServerOptions = {}) {
  const clock = new ManualClock();
  const asked: unknown[] = [];
  const authenticate = ({ token }: { token?: string | undefined }) => asked.push(token) > 0 && token === 'sesame';
  const server = createServer({ tls: 'optional', authenticate, clock, ...options });
  onTestFinished(async () => {
    // Whoever is waited for at the end is waited for by that clock.
    const hand = setInterval(() => clock.advance(1000), 5);
    await server.close().finally(() => clearInterval(hand));
  });
  const { port } = await server.listen({ port: 0 });
  return { server, port, clock, asked };
}

type Started = Awaited<ReturnType<typeof started>>;

/** All that a socket hears, and whether the other side has ended. */
function listenTo(socket: Socket) {
  const heard = { text: '', isOver: false };
  socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString('latin1')));
  socket.on('error', () => {});
  for (const end of ['end', 'close'] as const) socket.on(end, () => (heard.isOver = true));
  return heard;
}

/** A connection that has been accepted, and says nothing for a while. */
async function silent({ port, clock }: Started): Promise<Socket> {
  const before = clock.pending;
  const socket = await dialled(port);
  await until(() => clock.pending === before + 1);
  clock.advance(SILENCE);
  return socket;
}

/** The same by TLS, silent before the handshake and after it. */
async function silentTls(own: Started): Promise<TLSSocket> {
  const raw = await silent(own);
  // In TLS 1.2 the server is ready before the client is.
  const socket = connectTls({ socket: raw, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  onTestFinished(() => void socket.on('error', () => {}).destroy());
  await once(socket, 'secureConnect');
  own.clock.advance(SILENCE);
  return socket;
}

/** Dribbles until the time is over; expects the end then, and not before. */
async function endsAfter(left: number, { clock }: Started, socket: Socket, crumb: string): Promise<string> {
  const heard = listenTo(socket);
  clock.advance(left - 1);
  socket.write(crumb);
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(heard.isOver).toBe(false);
  clock.advance(1);
  await until(() => heard.isOver);
  return heard.text;
}

const openings: [name: string, opening: string, crumb: string, answer: RegExp, options?: ServerOptions][] = [
  ['STOMP', 'CONNECT\naccept-version:1.2\n', 'a:1\n', /^ERROR\n[^]*error-code:ERR_CONNECT_TIME\n/],
  ['HTTP', 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n', 'a: 1\r\n', /^$/],
  ['bare JSON-RPC', '{"jsonrpc":', ' ', /"code":-32001/],
  ["oVirt's dialect", 'CONNECT\naccept-version:1.2\n', 'a:1\n', /^$/, { dialect: 'ovirt' }],
];

test.each(openings)('%s: the silence before the first bytes counts', async (_, opening, crumb, answer, options) => {
  const own = await started(options);
  const { server, clock, asked } = own;
  for (const dial of [silent, silentTls]) {
    const before = { ...server.outcomes!, asked: asked.length };
    const socket = await dial(own);
    const pending = clock.pending;
    socket.write(opening);
    const { http, stomp, jsonrpc } = before;
    const isThere = (): boolean => {
      const now = server.outcomes!;
      return now.http + now.stomp + now.jsonrpc > http + stomp + jsonrpc;
    };
    await until(isThere);
    // Of bare JSON-RPC it is asked first whether it needs to say who it is.
    if (opening.startsWith('{')) await until(() => asked.length > before.asked && clock.pending === pending);
    expect(await endsAfter(LEFT, own, socket, crumb)).toMatch(answer);
  }
});

test('bare JSON-RPC: so does the time for finding out that it has to say who it is', async () => {
  const own = await started({ authenticate: () => new Promise(() => {}) });
  const socket = await silent(own);
  socket.write('{"jsonrpc":');
  await until(() => own.server.outcomes!.jsonrpc === 1);
  expect(await endsAfter(LEFT, own, socket, ' ')).toMatch(/"code":-32001[^]*limits\.connectTime/);
});

test('HTTP: a whole request counts from there, too', async () => {
  const own = await started({ authenticate: undefined });
  const socket = await silent(own);
  const pending = own.clock.pending;
  socket.write('POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n');
  await until(() => own.server.outcomes!.http === 1);
  own.clock.advance(1000);
  const heard = listenTo(socket);
  socket.write('expect: 100-continue\r\n\r\n');
  await until(() => heard.text.startsWith('HTTP/1.1 100') && own.clock.pending === pending);
  expect(await endsAfter(30_000 - SILENCE - 1000, own, socket, ' ')).toBe('');
});

test('a WebSocket has its time from the upgrade, however long it was HTTP before', async () => {
  const own = await started();
  const socket = await silent(own);
  const heard = listenTo(socket);
  const wish = [
    'GET / HTTP/1.1',
    'host: localhost',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol: v12.stomp',
  ];
  for (let one = 1; one < 5; one++) {
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
    await until(() => heard.text.split('"status":"ok"').length > one);
    await new Promise((resolve) => setImmediate(resolve));
    own.clock.advance(4000);
  }
  socket.write([...wish, '', ''].join('\r\n'));
  await until(() => heard.text.includes('101 Switching Protocols'));
  expect(await endsAfter(10_000, own, socket, '')).toMatch(/error-code:ERR_CONNECT_TIME\n/);
});

test('whoever has been greeted has no such deadline, though it shows late which dialect it speaks', async () => {
  const own = await started({ dialect: 'ovirt', authenticate: undefined, heartBeat: { outgoing: 0, incoming: 0 } });
  const socket = await dialled(own.port);
  const heard = listenTo(socket);
  socket.write('CONNECT\naccept-version:1.2\nhost:localhost\n\n\0');
  await until(() => heard.text.startsWith('CONNECTED\n'));
  own.clock.advance(60_000);
  socket.write('SUBSCRIBE\nid:1\ndestination:/topic/a\nreceipt:r\n\n\0');
  await until(() => heard.text.includes('RECEIPT\n'));
  own.clock.advance(60_000);
  socket.write('UNSUBSCRIBE\nid:1\nreceipt:s\n\n\0');
  await until(() => heard.text.includes('receipt-id:s\n'));
});
