import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { agreedBeats, askedBeats } from './java-beats.js';
import { JavaClient, type JavaClientOptions } from './java-client.js';
import { ObservedVdsm, type ObservedVdsmOptions } from './observed-vdsm.js';

async function connected(
  server: ObservedVdsmOptions,
  options: Omit<JavaClientOptions, 'port'> = {},
): Promise<{ vdsm: ObservedVdsm; client: JavaClient }> {
  const vdsm = await ObservedVdsm.start(server);
  const client = await JavaClient.connect({ port: vdsm.port, timeout: 900, ...options });
  onTestFinished(() => client.close());
  return { vdsm, client };
}

const fifty = Array.from({ length: 50 }, (_, at) => ({ number: at }));
const answered = (results: readonly PromiseSettledResult<unknown>[]): number =>
  results.filter(({ status }) => status === 'fulfilled').length;

/** Two of the answers come together, the others by themselves. */
async function twoTogether(socket: Socket, frames: readonly string[]): Promise<void> {
  socket.write(frames[0]! + frames[1]!);
  for (const frame of frames.slice(2)) {
    await delay(3);
    socket.write(frame);
  }
}

test('calls, and how long they took', async () => {
  const { client } = await connected({});
  expect(await client.call('echo', { text: 'hi' })).toEqual({ text: 'hi' });
  expect(client.times).toHaveLength(1);
});

test('of 50 calls at once 49 are answered, until more bytes come', async () => {
  const { client, vdsm } = await connected({ gather: 50, deliver: twoTogether }, { timeout: 60_000 });
  const burst = client.burst('echo', fifty);
  await expect.poll(() => client.times.length).toBe(49);
  await delay(1200);
  expect(client.times).toHaveLength(49);
  vdsm.sockets[0]!.write('\n');
  const results = await burst;
  expect(results.map((one) => one.status === 'fulfilled' && one.value)).toEqual(fifty);
});

test('answers in one burst: the last of them wait', async () => {
  const { client } = await connected({ gather: 50, deliver: (socket, frames) => void socket.write(frames.join('')) });
  const count = answered(await client.burst('echo', fifty));
  expect(count).toBeGreaterThan(30);
  expect(count).toBeLessThan(50);
});

test('answers of 1024 bytes all arrive, however they come', async () => {
  const deliver = (socket: Socket, frames: readonly string[]): void => void socket.write(frames.join(''));
  for (const server of [{}, { gather: 50, deliver }]) {
    const { client } = await connected({ ...server, least: 1024 });
    expect(answered(await client.burst('echo', fifty))).toBe(50);
    await client.close();
  }
});

test('CONNECTED with a line end behind it kills, unless it has a content-length', async () => {
  await expect(connected({ connected: (frame) => frame + '\n' })).rejects.toMatchObject({ code: 5022 });
  const { client } = await connected({
    connected: (frame) => frame.replace('\n\n', '\ncontent-length:0\n\n') + '\n',
  });
  expect(client.fatal).toBeUndefined();
});

test('a head in pieces kills, and with it all calls; the next call connects anew', async () => {
  let count = 0;
  const { client } = await connected({
    deliver: async (socket, [frame = '']) => {
      if (count++ > 0) return void socket.write(frame);
      socket.write(frame.slice(0, 130));
      await delay(20);
      socket.write(frame.slice(130));
    },
  });
  await expect(client.call('echo')).rejects.toMatchObject({ code: 5022 });
  expect(client.fatal).toBe('the head of a frame came in pieces');
  expect(await client.call('echo', { a: 1 })).toEqual({ a: 1 });
  expect(client.connections).toBe(2);
});

test('the orders in which it introduces itself', async () => {
  const events = 'jms.queue.events';
  const orders = {
    usual: ['CONNECT', 'SUBSCRIBE', 'SUBSCRIBE', 'SEND'],
    'subscribe-first': ['SUBSCRIBE', 'SUBSCRIBE', 'CONNECT', 'SEND'],
    'never-connect': ['SUBSCRIBE', 'SUBSCRIBE', 'SEND'],
    'subscribe-twice': ['CONNECT', 'SUBSCRIBE', 'SUBSCRIBE', 'SUBSCRIBE', 'SEND'],
  } as const;
  for (const [name, commands] of Object.entries(orders)) {
    const order = name as keyof typeof orders;
    const { client, vdsm } = await connected({}, { order, events, connectTime: 200 });
    expect(await client.call('echo', { order })).toEqual({ order });
    expect(vdsm.commands).toEqual(commands);
    await client.close();
  }
});

test('without an answer to CONNECT it gives up', async () => {
  const never = connected({ connected: () => '' }, { connectTime: 200 });
  await expect(never).rejects.toMatchObject({ code: 5022, message: /Connection timeout for host/ });
});

test('a call that is too late is sent again under its id, then given up', async () => {
  const { client, vdsm } = await connected({ intercept: () => true }, { retries: 1, timeout: 400 });
  await expect(client.call('echo')).rejects.toMatchObject({ code: 5022, message: /Message timeout/ });
  const sent = vdsm.frames.filter(({ command }) => command === 'SEND').map(({ body }) => body);
  expect(sent).toHaveLength(2);
  expect(new Set(sent).size).toBe(1);
});

test('errors keep their code', async () => {
  const { client } = await connected({
    intercept: (socket, { id }, message) =>
      socket.write(message({ id, error: { code: -32601, message: 'no' } })) || true,
  });
  await expect(client.call('nope')).rejects.toMatchObject({ code: -32601, message: 'no' });
});

test('events get its host as receiver; those without four parts are thrown away', async () => {
  const { client } = await connected({
    intercept: (socket, { params }, message) => {
      socket.write(message({ jsonrpc: '2.0', method: (params as { name: string }).name, params: { a: 1 } }));
      return true;
    },
  });
  for (const name of ['|virt|VM_status|0000-1', 'virt.VM_status', '|b|c|d']) {
    client.call('emit', { name }).catch(() => {});
    await delay(30);
  }
  expect(client.events.map(({ name }) => name)).toEqual(['127.0.0.1|virt|VM_status|0000-1', '127.0.0.1|b|c|d']);
  expect(client.ignored).toHaveLength(1);
});

test('an unknown command drops the connection', async () => {
  const { client, vdsm } = await connected({});
  vdsm.sockets[0]!.write('HELLO\n\n\0');
  await expect.poll(() => client.fatal).toMatch(/^Unrecognized message received/);
});

test('the end of the stream is ignored until heart-beats are missed', async () => {
  const { client, vdsm } = await connected({ isSilent: true }, { incoming: 2000 });
  expect(vdsm.frames[0]!.headers.get('heart-beat')).toBe('0,1000');
  expect(client.beats).toEqual({ incoming: 1500, outgoing: 0 });
  const call = client.call('echo');
  await call;
  const begun = performance.now();
  vdsm.sockets[0]!.end();
  await expect.poll(() => client.fatal, { timeout: 4000 }).toBe('Heartbeat exceeded');
  expect(performance.now() - begun).toBeGreaterThan(1400);
});

test('it beats up to a second late, and a server without grace cuts it', async () => {
  const { client } = await connected({}, { incoming: 4000, outgoing: 1500 });
  expect(client.beats).toEqual({ incoming: 3000, outgoing: 1500 });
  await expect.poll(() => client.fatal, { timeout: 5000 }).toMatch(/ECONNRESET|EPIPE/);
}, 8000);

test('closing: an UNSUBSCRIBE gets out, DISCONNECT does not', async () => {
  const { client, vdsm } = await connected({});
  const ended = once(vdsm.sockets[0]!, 'end');
  await client.close();
  await ended;
  expect(vdsm.commands).toEqual(['CONNECT', 'SUBSCRIBE', 'UNSUBSCRIBE']);
});

test('what it asks for, and what it makes of the answer', () => {
  expect(askedBeats({ incoming: 20_000, outgoing: 0 })).toBe('0,10000');
  expect(askedBeats({ incoming: 4000, outgoing: 3000 })).toBe('3000,2000');
  expect(agreedBeats({ incoming: 4000, outgoing: 3000 }, '2000,3000')).toEqual({ incoming: 3000, outgoing: 3000 });
  expect(agreedBeats({ incoming: 4000, outgoing: 600 }, '2000,1000')).toEqual({ incoming: 3000, outgoing: 500 });
  const asked: string[] = [];
  for (let policy = { incoming: 12_000, outgoing: 0 }; asked.length < 3;) {
    asked.push(askedBeats(policy));
    policy = agreedBeats(policy, asked.at(-1)!.split(',').reverse().join(','));
  }
  expect(asked).toEqual(['0,6000', '0,4500', '0,3375']);
});
