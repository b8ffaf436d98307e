import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../src/certificate.js';

test('it is for this machine, from yesterday on, and signed with its own key', async () => {
  const { cert } = await selfSigned();
  const certificate = new X509Certificate(cert);
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(certificate.subject).toBe('CN=localhost');
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(certificate.checkIP('::1')).toBe('::1');
  expect(certificate.ca).toBe(false);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  expect(days).toBe(397);
  expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now() - 80_000_000);
});

test('no two are the same', async () => {
  const [one, other] = await Promise.all([selfSigned(), selfSigned()]);
  expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
  expect(one.key).not.toBe(other.key);
});

test('it may have other names, and outlive the two-digit years', async () => {
  const names = ['node7.example', '10.0.0.7', 'fe80::1:2', '2001:db8:1:2:3:4:5:6'];
  const certificate = new X509Certificate((await selfSigned({ names, days: 20_000 })).cert);
  expect(certificate.checkHost('node7.example')).toBe('node7.example');
  for (const address of names.slice(1, 3)) expect(certificate.checkIP(address)).toBe(address);
  expect(certificate.checkIP('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2:3:4:5:6');
  expect(new Date(certificate.validTo).getFullYear()).toBeGreaterThan(2050);
});

test.each(['localhost', '127.0.0.1'])('a client that is given it trusts %s', async (name) => {
  const keys = await selfSigned();
  const server = createServer(keys, (socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const servername = name === 'localhost' ? name : '';
  const client = connect({ port, host: '127.0.0.1', ca: keys.cert, servername });
  await once(client, 'secureConnect');
  expect(client.authorized).toBe(true);
  client.destroy();
});
