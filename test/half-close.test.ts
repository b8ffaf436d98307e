// Bare JSON-RPC from a client that ends its side as soon as it has said all, as `nc -N` does.

import { createServer } from '@sallyport/node';
import type { Call } from '@sallyport/core/jsonrpc';
import { expect, onTestFinished, test } from 'vitest';
import { dialled, dialledTls, received, until } from '../packages/node/test/fixtures/sockets.js';

async function start() {
  const calls: Call[] = [];
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const server = createServer({ tls: 'optional' });
  server.implement({
    slow: async (_params: unknown, call: Call) => {
      calls.push(call);
      await finished;
      return 'done';
    },
  });
  const { port } = await server.listen({ port: 0 });
  onTestFinished(() => server.close());
  return { server, port, calls, finish };
}

const slow = '{"jsonrpc":"2.0","id":1,"method":"slow"}';

test.each([
  ['TCP', dialled],
  ['TLS', async (port: number) => dialledTls(port, { socket: await dialled(port) })],
])('by %s it gets the answers of what it asked for', async (_name, dial) => {
  const { server, port, calls, finish } = await start();
  const socket = await dial(port);
  const text = received(socket);
  socket.end(slow);
  await until(() => calls.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(calls[0]!.signal.aborted).toBe(false);
  finish();
  expect(await text).toBe('{"jsonrpc":"2.0","id":1,"result":"done"}\n');
  await until(() => server.sessions.size === 0);
});

test('after a reset nothing is worked on any more', async () => {
  const { port, calls } = await start();
  const socket = await dialled(port);
  socket.write(slow + '\n');
  await until(() => calls.length === 1);
  socket.resetAndDestroy();
  await until(() => calls[0]!.signal.aborted);
});

test('nor when the server closes', async () => {
  const { server, port, calls } = await start();
  const socket = await dialled(port);
  socket.end(slow);
  await until(() => calls.length === 1);
  await server.close();
  expect(calls[0]!.signal.aborted).toBe(true);
});
