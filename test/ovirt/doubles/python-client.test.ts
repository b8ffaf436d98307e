import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '@sallyport/node';
import { ObservedVdsm, type ObservedVdsmOptions } from './observed-vdsm.js';
import { PythonClient, type PythonClientOptions } from './python-client.js';

async function connected(
  server: ObservedVdsmOptions,
  options: Omit<PythonClientOptions, 'port'> = {},
): Promise<{ vdsm: ObservedVdsm; client: PythonClient }> {
  const vdsm = await ObservedVdsm.start(server);
  const client = await PythonClient.connect({ port: vdsm.port, timeout: 300, ...options });
  onTestFinished(() => client.close());
  return { vdsm, client };
}

test('CONNECT and SUBSCRIBE in one piece, then an array of one', async () => {
  const { client, vdsm } = await connected({});
  expect(await client.call('echo', ['hi', 'žlutý'])).toEqual(['hi', 'žlutý']);
  expect(vdsm.chunks[0]).toMatch(
    /^CONNECT\naccept-version:1\.2\nheart-beat:0,24000\n\n\0SUBSCRIBE\ndestination:[\w-]{36}\nack:auto\nid:[\w-]{36}\n\n\0/,
  );
  expect(vdsm.frames[2]!.body).toMatch(
    /^\[\{"jsonrpc": "2\.0", "method": "echo", "params": \["hi", "\\u017elut\\u00fd"\], "id": "[\w-]{36}"\}\]$/,
  );
  expect(client.times).toHaveLength(1);
});

test('over TLS', async () => {
  const pair = await selfSigned({ names: ['elsewhere.example'] });
  const { client } = await connected({ tls: pair }, { tls: { ca: pair.cert } });
  expect(await client.call('echo', { a: 1 })).toEqual({ a: 1 });
});

test('frames that come together are all taken; an array is as good as an object', async () => {
  const { client } = await connected({ gather: 50, deliver: (socket, frames) => void socket.write(frames.join('\n')) });
  const numbers = Array.from({ length: 50 }, (_, at) => at);
  expect(await Promise.all(numbers.map((number) => client.call('echo', { number })))).toEqual(
    numbers.map((number) => ({ number })),
  );
  const array = await connected({
    intercept: (socket, { id }, message) => socket.write(message([{ id, result: 7 }])) || true,
  });
  expect(await array.client.call('echo')).toBe(7);
});

test('a message of an unknown subscription is thrown away', async () => {
  const { client } = await connected({
    deliver: (socket, [frame = '']) => void socket.write(frame.replace(/subscription:[^\n]*/, 'subscription:wrong')),
  });
  expect(await client.call('echo')).toBeUndefined();
  expect(client.ignored).toHaveLength(1);
  expect(client.fatal).toBeUndefined();
});

test.each(['other', null])('an answer with the id %s kills', async (id) => {
  const { client } = await connected({
    intercept: (socket, _request, message) => socket.write(message({ id, result: 1 })) || true,
  });
  expect(await client.call('echo')).toBeUndefined();
  expect(client.fatal).toMatch(/unknown id/);
});

test.each([
  ['ERROR\ncontent-length:4\n\noops\0', /oops/],
  ['MESSAGE\ndestination:a:b\n\n\0', /colon/],
  ['MESSAGE\ndestination:\\t\n\n\0', /escape/],
  ['MESSAGE\ncontent-length:1\n\nab\0', /NUL/],
])('%j kills: no call is answered any more', async (frame, why) => {
  const { client, vdsm } = await connected({});
  expect(await client.call('echo', 1)).toBe(1);
  vdsm.sockets[0]!.write(frame);
  await expect.poll(() => client.fatal).toMatch(why);
  expect(await client.call('echo')).toBeUndefined();
});

test('it beats a fifth earlier than it promised, and so is not cut', async () => {
  const { client, vdsm } = await connected({}, { outgoing: 1000, incoming: 0 });
  await delay(2600);
  expect(vdsm.frames[0]!.headers.get('heart-beat')).toBe('1200,0');
  expect(client.fatal).toBeUndefined();
  expect(vdsm.chunks.slice(1)).toEqual(['\n', '\n']);
});

test('missed heart-beats: it comes back with new subscriptions, and calls in flight are lost', async () => {
  const options: ObservedVdsmOptions = { isSilent: true };
  const { client, vdsm } = await connected(options, { incoming: 500, retryDelay: 300 });
  await delay(300);
  options.intercept = () => true;
  const lost = client.call('echo', 1);
  await expect.poll(() => client.connections, { timeout: 3000 }).toBe(2);
  options.intercept = () => false;
  expect(await lost).toBeUndefined();
  expect(await client.call('echo', 2)).toBe(2);
  const subscribed = vdsm.frames.filter(({ command }) => command === 'SUBSCRIBE').map(({ headers }) => headers);
  expect(new Set(subscribed.map((headers) => headers.get('destination'))).size).toBe(1);
  expect(new Set(subscribed.map((headers) => headers.get('id'))).size).toBe(2);
});

test('after the server closed it never comes back', async () => {
  const { client, vdsm } = await connected({}, { incoming: 400, retryDelay: 100 });
  vdsm.sockets[0]!.end();
  await expect.poll(() => client.fatal).toBe('the server closed the connection');
  await delay(800);
  expect(client.connections).toBe(1);
});

test('events come as they are; closing says UNSUBSCRIBE and no DISCONNECT', async () => {
  const method = '|virt|VM_status|0000-1';
  const { client, vdsm } = await connected({
    intercept: (socket, { id, params }, message) => {
      socket.write(message({ jsonrpc: '2.0', method, params }) + message({ id, result: true }));
      return true;
    },
  });
  expect(await client.call('emit', { a: 1 })).toBe(true);
  expect(client.events).toEqual([{ method, params: { a: 1 } }]);
  await client.close();
  await expect.poll(() => vdsm.commands).toEqual(['CONNECT', 'SUBSCRIBE', 'SEND', 'UNSUBSCRIBE']);
});
