// Engine's Java client, as the double behaves, at a server in vdsm's place: nothing may wait for bytes that do not come.

import type { ConnectionOptions } from 'node:tls';
import { connect } from 'node:net';
import { createServer } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialledTls, listening, until } from '../../packages/node/test/fixtures/sockets.js';
import { frame, request } from '../fixtures/raw.js';
import { JavaClient, type JavaClientOptions } from './doubles/java-client.js';
import type { Segments } from './doubles/java-connection.js';
import { atRandom, ofLength } from './doubles/segments.js';

async function startHost(): Promise<number> {
  const server = createServer({ dialect: 'ovirt', tls: 'optional' });
  onTestFinished(() => server.close());
  server.implement({
    echo: (params: unknown) => params,
    /** When it has returned. */
    now: (params: object) => ({ ...params, now: performance.now() }),
    later: async (params: object) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { ...params, now: performance.now() };
    },
    slow: ({ time }: { time: number }) => new Promise((resolve) => setTimeout(() => resolve(time), time)),
    long: ({ length }: { length: number }) => 'x'.repeat(length),
    emit: ({ name }: { name: string }) => server.emit(name, {}),
    emits: ({ count }: { count: number }) => {
      for (let number = 0; number < count; number++) server.emit(`|virt|VM_status|${number}`, {});
    },
  });
  const { port } = await server.listen({ port: 0 });
  return port;
}

async function connected(options: Omit<JavaClientOptions, 'port'>): Promise<JavaClient> {
  const client = await JavaClient.connect({ port: await startHost(), ...options });
  onTestFinished(() => client.close());
  return client;
}

const secure: ConnectionOptions = { rejectUnauthorized: false };
const wires: Record<string, { tls?: ConnectionOptions }> = {
  plain: {},
  'TLS 1.2': { tls: { ...secure, maxVersion: 'TLSv1.2' } },
  'TLS 1.3': { tls: { ...secure, minVersion: 'TLSv1.3' } },
};

/** A record or frame that is left in a buffer waits for a second, or for ever. */
const STALL = 900;

/** No answer is handled later than this after its handler has returned, milliseconds. */
const LATEST = 250;

/** How late calls that leave together are answered, each since its handler returned. */
function lateness(client: JavaClient, method: string, count: number): Promise<number[]> {
  const late = async (number: number): Promise<number> => {
    const answer = (await client.call(method, { number })) as { number: number; now: number };
    expect(answer.number).toBe(number);
    return performance.now() - answer.now;
  };
  return Promise.all(Array.from({ length: count }, (_, number) => late(number)));
}

const values = (results: readonly PromiseSettledResult<unknown>[]): unknown[] =>
  results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason));

describe.each(Object.entries(wires))('%s', (_, wire) => {
  test('1,000 calls at once are all answered, none later than 250 ms after its handler returned', async () => {
    const client = await connected(wire);
    const late = await lateness(client, 'now', 1000);
    expect(Math.max(...late)).toBeLessThan(LATEST);
    expect(client.fatal).toBeUndefined();
  });

  test('answers of all lengths, in any order of time', async () => {
    const client = await connected(wire);
    const lengths = [
      0, 1, 300, 599, 600, 601, 900, 1023, 1024, 1025, 8000, 9000, 16_000, 17_000, 20_000, 40_000, 16_200, 16_300,
      32_500, 5,
    ];
    const times = [5, 1, 30, 2, 0, 17, 40, 14, 16, 15, 3];
    const [long, slow] = await Promise.all([
      client.burst(
        'long',
        lengths.map((length) => ({ length })),
      ),
      client.burst(
        'slow',
        times.map((time) => ({ time })),
      ),
    ]);
    expect(values(long).map((text) => (text as string).length)).toEqual(lengths);
    expect(values(slow)).toEqual(times);
    // One at a time, at once after the one before it.
    for (const length of lengths) expect(await client.call('long', { length })).toHaveLength(length);
    // And each alone, when nothing has gone out for a while.
    for (const length of [16_200, 16_300, 32_500]) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(await client.call('long', { length })).toHaveLength(length);
    }
    expect(Math.max(...client.times)).toBeLessThan(STALL);
  });

  test('frames that cannot be padded, before answers, behind them and among them', async () => {
    const client = await connected({ ...wire, events: 'jms.queue.events' });
    const nowhere = frame('SEND', { destination: 'nowhere' }, 'x');
    const forwarded = (body: string, more = {}): string =>
      frame('SEND', { destination: 'jms.queue.events', ...more }, body);
    const event = '{"jsonrpc":"2.0","method":"|virt|VM_status|1","params":{}}';
    const bye = frame('DISCONNECT', { receipt: 'bye' });
    for (let round = 0; round < 3; round++) {
      for (const said of [nowhere, forwarded(event), forwarded(event, { 'content-type': 'text/plain' }), bye]) {
        client.say(said);
        expect(await client.call('echo', { round })).toEqual({ round });
        const answers = client.burst('echo', [{ round }, { round }]);
        client.say(said);
        expect(values(await answers)).toEqual([{ round }, { round }]);
      }
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await expect.poll(() => [client.errors.length, client.events.length]).toEqual([6, 12]);
    expect(Math.max(...client.times)).toBeLessThan(STALL);
    expect(client.fatal).toBeUndefined();
  });

  test('events among answers', async () => {
    const client = await connected({ ...wire, events: 'jms.queue.events' });
    const names = Array.from({ length: 100 }, (_, number) => ({ name: `|virt|VM_status|${number}` }));
    expect(values(await client.burst('emit', names))).toEqual(names.map(() => true));
    await expect.poll(() => client.events.length).toBe(100);
    expect(Math.max(...client.times)).toBeLessThan(STALL);
  });
});

const cuts: Record<string, Segments> = {
  'a network’s segments': ofLength(1448),
  'the loopback’s segments': ofLength(65_483),
  'segments a little longer than a frame': ofLength(1031),
  'a few bytes at a time': ofLength(7),
  ...Object.fromEntries([1, 2, 3, 4, 5].map((seed) => [`anything, ${seed}`, atRandom(seed)])),
};

test.each(Object.entries(cuts))('1,000 calls survive wherever TCP cuts their answers: %s', async (_, segments) => {
  const client = await connected({ segments, events: 'jms.queue.events' });
  const params = Array.from({ length: 1000 }, (_, number) => ({ number }));
  const [answers] = await Promise.all([
    client.burst('echo', params),
    client.call('emits', { count: 50 }),
    lateness(client, 'later', 50),
  ]);
  expect(client.fatal).toBeUndefined();
  expect(values(answers)).toEqual(params);
  await expect.poll(() => client.events.length).toBe(50);
});

test.each(['usual', 'subscribe-first', 'never-connect', 'subscribe-twice'] as const)(
  'however it begins: %s',
  async (order) => {
    const client = await connected({ order, connectTime: 100 });
    expect(await client.call('echo', { order })).toEqual({ order });
    expect(client.fatal).toBeUndefined();
  },
);

test('what waits for its turn to be read is sent before the end', async () => {
  const server = createServer({ dialect: 'ovirt', tls: 'optional' });
  server.implement({ echo: (params: unknown) => params });
  const { port } = await server.listen({ port: 0 });
  const client = await JavaClient.connect({ port, tls: secure, incoming: 0, outgoing: 0 });
  onTestFinished(() => client.close());
  // The second answer keeps its distance from the first, which is short.
  const answers = client.burst('echo', [{ number: 1 }, { number: 2 }]);
  await expect.poll(() => client.times.length).toBeGreaterThan(0);
  await server.drain({ over: 500 });
  expect(values(await answers)).toEqual([{ number: 1 }, { number: 2 }]);
});

/** Type, version and length (RFC 8446, section 5.1). */
const RECORD_HEAD = 5;
const APPLICATION_DATA = 23;

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: what Node makes records of: no short one behind others',
  async (version) => {
    const port = await startHost();
    let wire = Buffer.alloc(0);
    const relay = await listening((near) => {
      const far = connect({ port, host: '127.0.0.1' });
      near.pipe(far).pipe(near);
      far.on('data', (chunk: Buffer) => (wire = Buffer.concat([wire, chunk]))).on('error', () => {});
      near.on('error', () => far.destroy()).on('close', () => far.destroy());
    });
    const socket = await dialledTls(relay.port, { minVersion: version, maxVersion: version });
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    socket.write(frame('SUBSCRIBE', { destination: 'r', ack: 'auto', id: '1' }));
    for (const length of [16_200, 16_300, 16_384, 32_500, 70_000, 300_000]) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      wire = Buffer.alloc(0);
      heard = '';
      const headers = { destination: 'jms.topic.vdsm_requests', 'reply-to': 'r' };
      socket.write(frame('SEND', headers, request('long', { length })));
      await until(() => heard.endsWith('\0'));
      const lengths: number[] = [];
      for (let at = 0; at < wire.length; at += RECORD_HEAD + wire.readUInt16BE(at + 3))
        if (wire[at] === APPLICATION_DATA) lengths.push(wire.readUInt16BE(at + 3));
      expect(Math.min(...lengths.slice(0, -1), 16_384)).toBe(16_384);
      expect(lengths.at(-1)).toBeGreaterThan(8600);
    }
  },
);
