// The methods every server has: events for connections that speak bare JSON-RPC.

import { HeaderList } from '@sallyport/core';
import { expect, onTestFinished, test } from 'vitest';
import { connect, createServer, type ServerOptions } from '../src/index.js';
import { dialled } from './fixtures/sockets.js';

async function startServer(options: ServerOptions = {}) {
  const server = createServer({ onError: () => {}, ...options });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { server, port };
}

/** A peer with nothing but a socket; `read` resolves with the next line. */
async function barePeer(port: number) {
  const socket = await dialled(port);
  let pending = '';
  socket.setEncoding('utf8').on('data', (text: string) => (pending += text));
  const read = async (): Promise<unknown> => {
    await expect.poll(() => pending).toContain('\n');
    const end = pending.indexOf('\n');
    const line = pending.slice(0, end);
    pending = pending.slice(end + 1);
    return JSON.parse(line);
  };
  const ask = (method: string, params?: unknown): Promise<unknown> => {
    socket.write(JSON.stringify({ jsonrpc: '2.0', id: method, method, params }) + '\n');
    return read();
  };
  return { ask, read };
}

test('rpc.subscribe and rpc.unsubscribe', async () => {
  const { server, port } = await startServer();
  const { ask, read } = await barePeer(port);
  expect(await ask('rpc.subscribe', { pattern: 'vm.*' })).toMatchObject({ result: true });
  expect(await ask('rpc.subscribe', ['vm.*'])).toMatchObject({ result: false });
  server.emit('vm.started', { id: 'vm-7' });
  expect(await read()).toEqual({ jsonrpc: '2.0', method: 'vm.started', params: { id: 'vm-7' } });
  expect(await ask('rpc.unsubscribe', ['vm.*'])).toMatchObject({ result: true });
  server.emit('vm.started', { id: 'vm-8' });
  expect(await ask('rpc.unsubscribe', ['vm.*'])).toMatchObject({ result: false });
});

test('a pattern that is none, and one that is not allowed', async () => {
  const { port } = await startServer({ authorize: ({ action }) => action !== 'subscribe' });
  const { ask } = await barePeer(port);
  expect(await ask('rpc.subscribe', { pattern: 7 })).toMatchObject({ error: { code: -32602 } });
  expect(await ask('rpc.subscribe', { pattern: 'vm.*' })).toMatchObject({ error: { code: -32001 } });
});

test('only on connections that speak bare JSON-RPC', async () => {
  const { port } = await startServer();
  const client = await connect(`tcp://127.0.0.1:${port}`);
  onTestFinished(() => client.close());
  await expect(client.call('rpc.subscribe', ['vm.*'])).rejects.toMatchObject({ code: -32600 });
});

test('nobody who publishes can answer the calls of those who watch', async () => {
  const { server, port } = await startServer();
  const { ask, read } = await barePeer(port);
  await ask('rpc.subscribe', ['vm.*']);
  const client = await connect(`tcp://127.0.0.1:${port}`);
  onTestFinished(() => client.close());
  const answer = '{"jsonrpc":"2.0","id":1,"result":"forged"}';
  const forgeries = [
    answer,
    `{"jsonrpc":"2.0","method":"vm.x"}\n${answer}`,
    '{"jsonrpc":"2.0","id":1,"method":"vm.x"}',
    '{"jsonrpc":"2.0","method":"$/progress","params":{"token":1,"value":1}}',
    'no JSON',
    Uint8Array.of(0xff),
  ];
  for (const body of forgeries)
    await client.stomp.sendConfirmed({ destination: '/topic/vm.x', headers: HeaderList.empty, body });
  server.emit('vm.started');
  expect(await read()).toEqual({ jsonrpc: '2.0', method: 'vm.started' });
  expect(client.state).toBe('connected');
});
