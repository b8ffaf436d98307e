// Over real sockets: mutual TLS as vdsm has it, plain TCP, and the URLs of both.

import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../src/certificate.js';
import { connect, OvirtClient } from '../../src/index.js';
import { connectOvirt } from '../../src/ovirt/client/connect.js';
import { socketStream } from '../../src/tcp.js';
import { until } from '../fixtures/sockets.js';
import { VdsmServer } from './doubles/vdsm-server.js';

// Each is its own authority.
const hostKeys = await selfSigned({ names: ['node7.example'] });
const engineKeys = await selfSigned({ names: ['engine.example'] });
const strangerKeys = await selfSigned({ names: ['stranger.example'] });

/** A host that listens; with TLS it knows nothing of ALPN and wants a certificate of its own authority. */
async function listening(tls?: TlsOptions, address = '127.0.0.1') {
  const server = new VdsmServer({ methods: { echo: (params) => params } });
  const accept = (socket: Socket): void => {
    sockets.add(socket.on('error', () => {}));
    server.accept(socketStream(socket));
  };
  const sockets = new Set<Socket>();
  const listener = tls === undefined ? createTcpServer(accept) : createTlsServer(tls, accept);
  listener.on('tlsClientError', () => {});
  listener.listen(0, address);
  await once(listener, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listener.close();
  });
  return { server, port: (listener.address() as AddressInfo).port };
}

const mutual: TlsOptions = { ...hostKeys, ca: engineKeys.cert, requestCert: true, rejectUnauthorized: true };

async function refusal(url: string, options: object): Promise<Error & { code?: string }> {
  const error: unknown = await connectOvirt(url, options).catch((thrown: unknown) => thrown);
  if (error instanceof OvirtClient) await error.close();
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

describe('ovirt+tls://', () => {
  test('shows its certificate, and trusts the authority of the host', async () => {
    const { server, port } = await listening(mutual);
    await using client = await connect(`ovirt+tls://127.0.0.1:${port}`, {
      ...engineKeys,
      ca: hostKeys.cert,
      servername: 'node7.example',
    });
    expect(client).toBeInstanceOf(OvirtClient);
    expect(client.host).toBe('127.0.0.1');
    expect(await client.call('echo', ['hi'])).toEqual(['hi']);
    expect(server.faults).toEqual([]);
  });

  test('a certificate for another host is refused, unless any of that authority will do', async () => {
    const { port } = await listening(mutual);
    const url = `ovirt+tls://127.0.0.1:${port}` as const;
    const options = { ...engineKeys, ca: hostKeys.cert };
    expect(await refusal(url, options)).toMatchObject({
      name: 'ConnectionError',
      code: expect.stringMatching(/^ERR_(TLS_CERTIFICATE|CONNECT)$/) as string,
    });
    await using client = await connect(url, { ...options, anyHostname: true });
    expect(await client.call('echo', ['hi'])).toEqual(['hi']);
  });

  test('a certificate of another authority is refused, whatever host it names', async () => {
    const { port } = await listening(mutual);
    const options = { ...engineKeys, ca: strangerKeys.cert, anyHostname: true };
    expect(await refusal(`ovirt+tls://127.0.0.1:${port}`, options)).toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
  });

  test.each([
    ['none', {}],
    ['a stranger’s', strangerKeys],
  ])('a host that refuses our certificate: %s', async (_, keys) => {
    const { server, port } = await listening(mutual);
    const options = { ...keys, ca: hostKeys.cert, servername: 'node7.example' };
    expect(await refusal(`ovirt+tls://127.0.0.1:${port}`, options)).toMatchObject({ name: 'ConnectionError' });
    expect(server.sessions).toEqual([]);
  });
});

describe('ovirt://', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
  ])('%s', async (name, address) => {
    const { server, port } = await listening(undefined, address);
    await using client = await connect(`ovirt://${name}:${port}`);
    expect(client.host).toBe(address);
    expect(await client.call('echo', ['hi'])).toEqual(['hi']);
    expect(server.session.received).toMatch(/^CONNECT\naccept-version:1.2\nheart-beat:10000,10000\n\n/);
    await client.close();
    await until(() => server.session.isClosed);
    expect(server.faults).toEqual([]);
  });

  test('nobody there: rejects', async () => {
    expect(await refusal('ovirt://127.0.0.1:1', {})).toMatchObject({ code: 'ERR_CONNECT' });
  });
});
