// What Node does and does not do by itself on a tls.Server that never listens; the rest is in acceptor.test.ts.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../src/certificate.js';
import { TlsGate } from '../src/tls.js';
import { closed, dialled, dialledTls, listening, resolvers, until } from './fixtures/sockets.js';

const keys = await selfSigned();

test('secures a connection that never reached a listening TLS server', async () => {
  const gate = new TlsGate(keys);
  const secured = resolvers<Socket>();
  const { port } = await listening((socket) =>
    gate.secure(
      socket.on('error', () => {}),
      secured.resolve,
    ),
  );
  const client = await dialledTls(port);
  client.write('hello');
  const socket = await secured.promise;
  const [chunk] = (await new Promise((resolve) => socket.once('data', (...data) => resolve(data)))) as [Buffer];
  expect(chunk.toString()).toBe('hello');
  expect(socket.remoteAddress).toBe('127.0.0.1');
});

test('each of many at once gets its own', async () => {
  const gate = new TlsGate(keys);
  const ports: [raw: number | undefined, secured: number | undefined][] = [];
  const { port } = await listening((socket) =>
    gate.secure(
      socket.on('error', () => {}),
      (secured) => ports.push([socket.remotePort, secured.remotePort]),
    ),
  );
  const clients = await Promise.all(Array.from({ length: 20 }, () => dialledTls(port)));
  await until(() => ports.length === clients.length);
  expect(ports.every(([raw, secured]) => raw === secured)).toBe(true);
  expect(ports.map(([raw]) => raw).sort()).toEqual(clients.map((client) => client.localPort).sort());
});

test('each of two from one port of a client to two addresses of ours gets its own', async () => {
  const gate = new TlsGate(keys);
  const places: [raw: string | undefined, secured: string | undefined][] = [];
  const secure = (socket: Socket): void =>
    gate.secure(
      socket.on('error', () => {}),
      (secured) => places.push([socket.localAddress, secured.localAddress]),
    );
  const { port } = await listening(secure, '0.0.0.0');
  const { port: localPort, server: placeholder } = await listening(() => {});
  placeholder.close();
  // Both are there before either shakes hands.
  const from = (host: string): Socket => connect({ port, host, localAddress: '127.0.0.1', localPort });
  const [first, second] = [from('127.0.0.1'), from('127.0.0.2')];
  await Promise.all([once(first, 'connect'), once(second, 'connect')]);
  for (const socket of [first, second]) {
    const secured = connectTls({ socket, rejectUnauthorized: false }).on('error', () => {});
    onTestFinished(() => void secured.destroy());
  }
  await until(() => places.length === 2);
  expect(places.every(([raw, secured]) => raw === secured)).toBe(true);
});

test('a handshake that Node gives up closes the socket', async () => {
  const gate = new TlsGate({ ...keys, handshakeTimeout: 30 } as typeof keys);
  const { port } = await listening((socket) =>
    gate.secure(
      socket.on('error', () => {}),
      () => {},
    ),
  );
  const client = await dialled(port);
  client.write(Uint8Array.of(0x16, 0x03, 0x01));
  await closed(client);
});

test('which it would not do without us', async () => {
  let told = 0;
  const server = createTlsServer({ ...keys, handshakeTimeout: 30 }).on('tlsClientError', () => told++);
  let open = true;
  const { port } = await listening((socket) => {
    socket.on('error', () => {}).on('close', () => (open = false));
    server.emit('connection', socket);
  });
  const client = await dialled(port);
  client.write(Uint8Array.of(0x16, 0x03, 0x01));
  await until(() => told === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(open).toBe(true);
});

test('a bad certificate is refused at the start', () => {
  expect(() => new TlsGate({ cert: 'nonsense', key: 'nonsense' })).toThrow();
  expect(() => new TlsGate(keys).reload({ cert: 'nonsense', key: 'nonsense' })).toThrow();
});
