import { expect, test, vi } from 'vitest';
import { loopbackHosts } from '../../src/http/host.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { exchange, httpPort, statusOf } from '../fixtures/http.js';

const health: HttpServerOptions = { health: () => ({ ok: true }) };

test.each([
  ['localhost', 200],
  ['LocalHost:54321', 200],
  ['127.0.0.1', 200],
  ['127.0.0.1:1', 200],
  ['[::1]:80', 200],
  ['localhost:', 200],
  ['evil.example', 403],
  ['localhost.evil.example', 403],
  ['evil.example:54321', 403],
  ['localhost@evil.example', 400],
  ['127.0.0.2', 403],
  ['', 403],
])('on loopback: %s is %i', async (host, status) => {
  const { port } = await httpPort({ ...health, allowedHosts: loopbackHosts });
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', `Host: ${host}`))).toBe(status);
});

test('of HTTP 1.0 that does not say is refused on loopback', async () => {
  const { port } = await httpPort({ ...health, allowedHosts: loopbackHosts });
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.0'))).toBe(403);
});

test('may be listed', async () => {
  const { port } = await httpPort({ ...health, allowedHosts: ['Admin.example'] });
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: admin.example:444'))).toBe(200);
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: localhost'))).toBe(403);
});

test('are not asked for elsewhere, and may change when listening begins', async () => {
  const { port, http } = await httpPort(health);
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: any.example'))).toBe(200);
  http.allowedHosts = loopbackHosts;
  expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: any.example'))).toBe(403);
});

test('hold for upgrades too', async () => {
  const upgrade = vi.fn();
  const { port } = await httpPort({ upgrade, allowedHosts: loopbackHosts });
  const head = ['Connection: Upgrade', 'Upgrade: websocket'];
  const answer = await exchange(port, 'GET / HTTP/1.1', 'Host: evil.example', ...head);
  expect(statusOf(answer)).toBe(403);
  expect(upgrade).not.toHaveBeenCalled();
});
