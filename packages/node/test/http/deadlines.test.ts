import { createServer as createHttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { selfSigned } from '../../src/certificate.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { answering, httpPort } from '../fixtures/http.js';
import { closed, dialled, dialledTls, listening, received, resolvers, until } from '../fixtures/sockets.js';

const keys = await selfSigned();
const echo: HttpServerOptions = { rpc: answering((text) => Promise.resolve(text)) };
const health: HttpServerOptions = { health: () => ({ ok: true }) };

test("Node's own are not enforced on a server that never listens: why ours exist", async () => {
  const http = createHttpServer({ headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 10 });
  let open = true;
  const { port } = await listening((socket) => {
    socket.on('error', () => {}).on('close', () => (open = false));
    http.emit('connection', socket);
  });
  const client = await dialled(port);
  client.write('GET / HTTP/1.1\r\n');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(open).toBe(true);
});

test.each([
  ['plain', (port: number): Promise<Socket> => dialled(port)],
  ['over TLS', (port: number): Promise<Socket> => dialledTls(port, { maxVersion: 'TLSv1.2' })],
])('a slow head is cut, however it dribbles: %s', async (_, dial) => {
  const { port, clock, acceptor } = await httpPort(health, keys);
  const client = await dial(port);
  client.write('GET /healthz HTTP/1.1\r\nHost: a\r\n');
  await until(() => acceptor.outcomes.http === 1);
  for (let second = 0; second < 9; second++) {
    client.write(`X-${second}: 1\r\n`);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
  }
  clock.advance(999);
  expect(acceptor.counts.connections).toBe(1);
  clock.advance(1);
  await closed(client);
  await until(() => acceptor.counts.connections === 0);
  expect(clock.pending).toBe(0);
});

test('a slow body is cut', async () => {
  const { port, clock, acceptor } = await httpPort(echo);
  const client = await dialled(port);
  client.write('POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n');
  await until(() => acceptor.outcomes.http === 1 && clock.pending === 1);
  await new Promise((resolve) => setTimeout(resolve, 10));
  for (let second = 0; second < 30; second++) {
    expect(acceptor.counts.connections).toBe(1);
    client.write('x');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(1000);
  }
  await closed(client);
  await until(() => acceptor.counts.connections === 0);
});

test('an answer may take its time', async () => {
  const answer = resolvers<string>();
  const asked = resolvers<void>();
  const { port, clock } = await httpPort({
    rpc: answering(() => {
      asked.resolve();
      return answer.promise;
    }),
  });
  const client = await dialled(port);
  client.write('POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
  const text = received(client);
  await asked.promise;
  expect(clock.pending).toBe(0);
  clock.advance(600_000);
  answer.resolve('"late"');
  await until(() => clock.pending === 1);
  clock.advance(5_000);
  expect(await text).toContain('"late"');
});

test('between two requests there are five seconds', async () => {
  const { port, clock, acceptor } = await httpPort(health);
  const client = await dialled(port);
  let text = '';
  client.on('data', (chunk: Buffer) => (text += chunk.toString()));
  for (let one = 1; one <= 3; one++) {
    client.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => text.split('{"ok":true}').length > one && clock.pending === 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    clock.advance(4_999);
    expect(acceptor.counts.connections).toBe(1);
  }
  expect(text).toContain('keep-alive: timeout=5');
  clock.advance(1);
  await closed(client);
});

test('requests that come at once are answered in order, and time goes on after the last', async () => {
  const { port, clock, acceptor } = await httpPort({ rpc: answering((text) => Promise.resolve(text)), ...health });
  const client = await dialled(port);
  let text = '';
  client.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const post = (body: string) =>
    `POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  client.write([1, 2, 3, 4].map((one) => post(`"body ${one}"`)).join(''));
  await until(() => text.includes('"body 4"'));
  expect([...text.matchAll(/"body (\d)"/g)].map(([, one]) => one)).toEqual(['1', '2', '3', '4']);
  await until(() => clock.pending === 1);
  clock.advance(5_000);
  await closed(client);
  await until(() => acceptor.counts.connections === 0);
});

test.each(['POST /rpc', 'GET /healthz'])('a slow body behind another request is cut: %s', async (first) => {
  const { port, clock, acceptor } = await httpPort({ ...echo, ...health });
  const client = await dialled(port);
  client.resume();
  const head = (line: string, length: number): string =>
    `${line} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
  // All at once, so that the first is read when the second has begun.
  client.write(head(first, 2) + '{}' + head('POST /rpc', 100) + 'x');
  await until(() => acceptor.outcomes.http === 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(clock.pending).toBe(1);
  clock.advance(30_000);
  await closed(client);
});
