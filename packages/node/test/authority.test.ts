// By which authorities a client's certificate was verified, when they are not always the same.

import { expect, onTestFinished, test } from 'vitest';
import { createServer, type Credentials, selfSigned } from '../src/index.js';
import { dialledTls, until } from './fixtures/sockets.js';

test('a connection keeps to the authorities of the moment it came', async () => {
  const [keys, client, other] = await Promise.all([selfSigned(), selfSigned(), selfSigned()]);
  const asked: Credentials[] = [];
  const authenticate = (credentials: Credentials) => asked.push(credentials) > 0;
  const tls = { ...keys, ca: client.cert, requestCert: true, rejectUnauthorized: false };
  const server = createServer({ tls, authenticate });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const said = 'CONNECT\naccept-version:1.2\nhost:localhost\n\n\0';
  const before = await dialledTls(port, { ...client, maxVersion: 'TLSv1.2' });
  await until(() => server.outcomes!.tls === 1);
  server.reloadTls({ ...tls, ca: other.cert });
  before.write(said);
  await until(() => asked.length === 1);
  expect(asked[0]!.tls).toMatchObject({ authorized: true, ca: client.cert });
  (await dialledTls(port, client)).write(said);
  await until(() => asked.length === 2);
  expect(asked[1]!.tls).toMatchObject({ authorized: false, ca: other.cert, peerCertificate: undefined });
  expect(JSON.stringify(asked)).not.toContain('BEGIN CERTIFICATE');
});
