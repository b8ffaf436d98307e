// Client certificates, as engine and its hosts have them: who has one need not say CONNECT, and authorities change while
// the server runs.

import { connect as connectTls, type TLSSocket } from 'node:tls';
import { createServer, selfSigned } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { frame, request } from '../fixtures/raw.js';
import { PythonClient } from './doubles/python-client.js';

// Each is its own authority.
const host = await selfSigned({ names: ['localhost'] });
const engine = await selfSigned({ names: ['engine.example'] });
const next = await selfSigned({ names: ['next.example'] });

async function startHost(rejectUnauthorized: boolean) {
  const server = createServer({
    dialect: 'ovirt',
    tls: { ...host, ca: engine.cert, requestCert: true, rejectUnauthorized, required: true },
    authenticate: ({ peerCertificate }) => (peerCertificate === undefined ? undefined : 'engine'),
    limits: { loginPause: 1 },
  });
  onTestFinished(() => server.close());
  const callers: unknown[] = [];
  server.implement({ Host: { ping: (_: unknown, { principal }) => void callers.push(principal) } });
  const { port } = await server.listen({ port: 0 });
  return { server, port, callers };
}

/** What is heard after a request without CONNECT, up to the end of the answer or of the connection. */
async function ask(port: number, keys: object): Promise<string> {
  const socket: TLSSocket = connectTls({ port, host: '127.0.0.1', ca: host.cert, servername: 'localhost', ...keys });
  onTestFinished(() => void socket.destroy());
  let text = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => {});
  socket.on('close', () => (isOver = true)).on('end', () => (isOver = true));
  socket.write(
    frame('SUBSCRIBE', { destination: 'mine', id: '1' }) +
      frame('SEND', { destination: 'jms.topic.vdsm_requests', 'reply-to': 'mine' }, request('Host.ping')),
  );
  await until(() => isOver || text.endsWith('\0'));
  return text;
}

test('a certificate of the authority does for CONNECT; no other does', async () => {
  const { port, callers } = await startHost(false);
  expect(await ask(port, engine)).toContain('"result":true');
  expect(await ask(port, next)).toBe('');
  expect(await ask(port, {})).toBe('');
  expect(callers).toEqual(['engine']);
});

test('without one the handshake is refused, where it is required', async () => {
  const { port, callers } = await startHost(true);
  expect(await ask(port, {})).toBe('');
  expect(await ask(port, engine)).toContain('"result":true');
  expect(callers).toEqual(['engine']);
});

test('another certificate of the host’s own is shown to those that come', async () => {
  const { server, port } = await startHost(true);
  const tls = { ca: host.cert, servername: 'localhost', ...engine };
  const client = await PythonClient.connect({ port, tls, outgoing: 0, incoming: 0 });
  onTestFinished(() => client.close());
  const renewed = await selfSigned({ names: ['localhost'] });
  server.reloadTls({ ...renewed, ca: engine.cert, requestCert: true, rejectUnauthorized: true });
  expect(await ask(port, { ...engine, ca: renewed.cert })).toContain('"result":true');
  // It does not trust the old one any more, and would take the new one only from who knows it.
  expect(await ask(port, engine)).toBe('');
  expect(await client.call('Host.ping', {})).toBe(true);
});

test('another authority holds for those that come, and those that are there stay', async () => {
  const { server, port } = await startHost(true);
  const tls = { ca: host.cert, servername: 'localhost', ...engine };
  const client = await PythonClient.connect({ port, tls, outgoing: 0, incoming: 0 });
  onTestFinished(() => client.close());
  expect(await client.call('Host.ping', {})).toBe(true);
  server.reloadTls({ ...host, ca: next.cert, requestCert: true, rejectUnauthorized: true });
  expect(await ask(port, next)).toContain('"result":true');
  expect(await ask(port, engine)).toBe('');
  expect(await client.call('Host.ping', {})).toBe(true);
});
