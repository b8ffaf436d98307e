// What is refused before a TLS handshake has begun, and the alert that tells the client.

import { once } from 'node:events';
import { type AddressInfo, createServer as createNetServer, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../src/certificate.js';
import { createServer, type ServerTlsOptions } from '../src/index.js';
import { closed, dialled, dialledTls, dribble, received, until } from './fixtures/sockets.js';

const keys = await selfSigned({ names: ['gate.example', 'door.example'] });

async function listening(tls: Partial<ServerTlsOptions>) {
  const server = createServer({ tls: { ...keys, ...tls } });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { server, port };
}

/** The error of a client that is refused. */
async function refusal(port: number, options: ConnectionOptions): Promise<string | undefined> {
  const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  onTestFinished(() => void client.destroy());
  const [error] = (await once(client, 'error')) as [Error & { code?: string }];
  return error.code;
}

const unrecognizedName = 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME';
const noApplicationProtocol = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const versions: ConnectionOptions = { minVersion: version, maxVersion: version };

  test('the names of this server are served, upper or lower case', async () => {
    const { server, port } = await listening({ serverNames: ['gate.example', 'Door.example'] });
    for (const servername of ['gate.example', 'GATE.example', 'door.example']) {
      const client = await dialledTls(port, { servername, ...versions });
      client.write('{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}\n');
      await once(client, 'data');
    }
    expect(server.outcomes).toMatchObject({ tls: 3, jsonrpc: 3, serverName: 0 });
  });

  test.each<[string, ConnectionOptions]>([
    ['another', { servername: 'evil.example' }],
    ['one of them with something in front', { servername: 'a.gate.example' }],
    ['none', {}],
  ])('whoever asks for %s is told that it is not recognized', async (_, options) => {
    const { server, port } = await listening({ serverNames: ['gate.example'] });
    expect(await refusal(port, { ...options, ...versions })).toBe(unrecognizedName);
    expect(server.outcomes).toMatchObject({ tls: 1, serverName: 1, handshake: 0 });
  });

  test('without a protocol, where one is required, there is no handshake', async () => {
    const { server, port } = await listening({ requireAlpn: true });
    expect(await refusal(port, versions)).toBe(noApplicationProtocol);
    expect(await refusal(port, { ALPNProtocols: ['imap'], ...versions })).toBe(noApplicationProtocol);
    for (const protocol of ['stomp', 'http/1.1']) {
      const client = await dialledTls(port, { ALPNProtocols: [protocol], ...versions });
      expect(client.alpnProtocol).toBe(protocol);
    }
    expect(server.outcomes).toMatchObject({ noAlpn: 1, handshake: 1 });
  });

  test('both at once', async () => {
    const { port } = await listening({ serverNames: ['gate.example'], requireAlpn: true });
    const client = await dialledTls(port, { servername: 'gate.example', ALPNProtocols: ['stomp'], ...versions });
    client.write('STOMP\naccept-version:1.2\nhost:gate.example\n\n\0');
    expect(String(await once(client, 'data'))).toMatch(/^CONNECTED\n/);
    expect(await refusal(port, { ALPNProtocols: ['stomp'], ...versions })).toBe(unrecognizedName);
    expect(await refusal(port, { servername: 'gate.example', ...versions })).toBe(noApplicationProtocol);
  });
});

test('a handshake may come one byte at a time', async () => {
  const { port } = await listening({ serverNames: ['gate.example'] });
  const hello = await helloOf({ servername: 'gate.example' });
  const client = await dialled(port);
  const answer = once(client, 'data') as Promise<[Buffer]>;
  await dribble(client, hello);
  // A record of the handshake.
  expect((await answer)[0][0]).toBe(22);
});

test('the alert is all that is heard, and then the end', async () => {
  const { server, port } = await listening({ serverNames: ['gate.example'] });
  const client = await dialled(port);
  client.write((await helloOf({ servername: 'evil.example' })) + 'and more', 'latin1');
  expect(await received(client)).toBe('\x15\x03\x03\0\x02\x02\x70');
  await until(() => server.outcomes!.serverName === 1);
});

test('what is no ClientHello is closed at once', async () => {
  const { server, port } = await listening({ serverNames: ['gate.example'] });
  for (const text of ['\x16\x03\x01\0\x05hello', '\x16\x03\x01\0\0', '\x16\x03\x01\0\x04\x01\xff\xff\xff']) {
    const client = await dialled(port);
    client.write(text, 'latin1');
    await closed(client);
  }
  expect(server.outcomes).toMatchObject({ tls: 3, handshake: 3 });
});

test('what was agreed on in a handshake is not agreed on anew', async () => {
  const { server, port } = await listening({});
  const client = await dialledTls(port, { maxVersion: 'TLSv1.2' });
  await until(() => server.outcomes!.tls === 1);
  const refused = once(client, 'error') as Promise<[Error]>;
  client.renegotiate({}, () => {});
  const [error] = await refused;
  expect(error).toMatchObject({ code: 'ERR_SSL_NO_RENEGOTIATION' });
});

test('names and protocols can be changed while connections are there', async () => {
  const { server, port } = await listening({ serverNames: ['gate.example'] });
  server.reloadTls({ ...keys, serverNames: ['door.example'] });
  await dialledTls(port, { servername: 'door.example' });
  expect(await refusal(port, { servername: 'gate.example' })).toBe(unrecognizedName);
  server.reloadTls({ ...keys, serverNames: [] });
  await dialledTls(port);
});

test.each<[string, object, RegExp]>([
  ['names that are no list', { serverNames: 'gate.example' }, /createServer: tls: option serverNames must be an array/],
  ['names that are none', { serverNames: [''] }, /option tls.serverNames must be names such as gate.example/],
  [
    'an answer that is neither yes nor no',
    { requireAlpn: 'yes' },
    /createServer: tls: option requireAlpn must be a boo/,
  ],
])('%s', (_, tls, message) => {
  expect(() => createServer({ tls: { ...keys, ...tls } })).toThrow(message);
});

/** The first bytes of a client, one character each. */
async function helloOf(options: ConnectionOptions): Promise<string> {
  const net = createNetServer().listen(0, '127.0.0.1');
  await once(net, 'listening');
  const { port } = net.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', ...options }).on('error', () => {});
  const [socket] = (await once(net, 'connection')) as [Socket];
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  socket.destroy();
  net.close();
  return chunk.toString('latin1');
}
