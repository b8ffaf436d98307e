// Clients of vdsm's dialect at a server, from the first connection to the last: beats that shrink, restarts, an emptied
// server.

import { createServer, type ServerOptions } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { dialled, until } from '../../packages/node/test/fixtures/sockets.js';
import { agreedBeats, askedBeats, type JavaBeats } from './doubles/java-beats.js';
import { JavaClient, type JavaClientOptions } from './doubles/java-client.js';
import { PythonClient } from './doubles/python-client.js';

async function startHost(options: ServerOptions = {}, port = 0) {
  const server = createServer({ dialect: 'ovirt', onError: () => {}, ...options });
  onTestFinished(() => server.close());
  const held: (() => void)[] = [];
  server.implement({
    echo: (params: unknown) => params,
    hold: () => new Promise((resolve) => held.push(() => resolve('held'))),
  });
  const address = await server.listen({ port });
  return { server, port: address.port, held };
}

async function java(options: JavaClientOptions): Promise<JavaClient> {
  const client = await JavaClient.connect(options);
  onTestFinished(() => client.close());
  return client;
}

/** The answer to the heart-beats that a new connection asks for. */
async function answeredBeats(port: number, beats: JavaBeats): Promise<string> {
  const socket = await dialled(port);
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.write(`CONNECT\naccept-version:1.2\nheart-beat:${askedBeats(beats)}\nhost:peer-1\n\n\0`);
  await until(() => text.includes('\0'));
  socket.destroy();
  return /heart-beat:(\S+)/.exec(text)![1]!;
}

test('each time that engine comes back it asks for beats more often, down to a second and no further', async () => {
  const { port } = await startHost();
  const limits: number[] = [];
  let policy: JavaBeats = { incoming: 20_000, outgoing: 3000 };
  for (let connections = 0; connections < 20; connections++) {
    policy = agreedBeats(policy, await answeredBeats(port, policy));
    limits.push(policy.incoming);
  }
  expect(limits.slice(0, 3)).toEqual([15_000, 11_250, 8437]);
  expect(Math.min(...limits)).toBe(1500);
});

test('engine, which ignores the end of a stream, notices by its beats, and comes back with the next call', async () => {
  const first = await startHost();
  const client = await java({ port: first.port, events: 'jms.queue.events', incoming: 2000 });
  expect(await client.call('echo', { at: 1 })).toEqual({ at: 1 });
  await first.server.close();
  await startHost({}, first.port);
  await until(() => client.fatal !== undefined);
  expect(await client.call('echo', { at: 2 })).toEqual({ at: 2 });
  expect(client.connections).toBe(2);
}, 15_000);

test('vdsm’s own client: calls, events, and nothing that would kill it', async () => {
  const { server, port } = await startHost();
  const client = await PythonClient.connect({ port, events: 'jms.queue.events' });
  onTestFinished(() => client.close());
  const params = [{ name: 'é🎉' }, ['positional'], {}];
  expect(await Promise.all(params.map((each) => client.call('echo', each)))).toEqual(params);
  await expect(client.call('nope')).rejects.toMatchObject({ code: -32601 });
  server.emit('|virt|VM_status|0000-1', { status: 'Up' });
  await until(() => client.events.length === 1);
  expect(client.events[0]).toMatchObject({ method: '|virt|VM_status|0000-1', params: { status: 'Up' } });
  expect([client.fatal, client.ignored]).toEqual([undefined, []]);
});

test('a server that is emptied answers what it works on, and then lets them go', async () => {
  const { server, port, held } = await startHost();
  const [engine, agent] = [await java({ port }), await PythonClient.connect({ port })];
  onTestFinished(() => agent.close());
  const answers = Promise.all([engine.call('hold'), agent.call('hold')]);
  await until(() => held.length === 2);
  const drained = server.drain({ over: 1000 });
  await expect(dialled(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  for (const finish of held) finish();
  expect(await answers).toEqual(['held', 'held']);
  await drained;
});
