// What `client.stomp` gives: subscriptions to acknowledge, as a stream or by a callback, and transactions.

import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/broker/index.js';
import { AuthError } from '../../src/errors.js';
import { bodyText } from '../../src/text.js';
import type { Version } from '../../src/stomp/index.js';
import { connectedPair, framesOf, outcome, pair, quiet, watch } from '../fixtures/pair.js';

const bodies = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ body }) => bodyText(body));

async function take(stream: AsyncIterable<Delivery>, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  for await (const delivery of stream) if (taken.push(delivery) === count) break;
  return taken;
}

describe.each<Version>(['1.0', '1.1', '1.2'])('STOMP %s', (version) => {
  const joined = () => connectedPair({ versions: [version] });

  test('a stream of deliveries to acknowledge one by one', async () => {
    const { client, clock } = await joined();
    const stream = client.stomp.subscribe('/queue/work', { ack: 'client-individual', prefetch: 2 });
    await stream.ready;
    for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
    const seen: Delivery[] = [];
    for await (const delivery of stream) {
      seen.push(delivery);
      if (seen.length === 4) break;
      if (version !== '1.0' && seen.length === 1) delivery.nack();
      else delivery.ack();
      await clock.run(100);
      if (version === '1.0' && seen.length === 3) break;
    }
    expect(bodies(seen)).toEqual(version === '1.0' ? ['1', '2', '3'] : ['1', '2', '3', '1']);
    if (version !== '1.0') expect(seen[3]!.attempt).toBe(2);
  });

  test('a stream that ends gives back what it has not acknowledged', async () => {
    const { client } = await joined();
    for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
    const [early] = await take(client.stomp.subscribe('/queue/work', { ack: 'client' }), 1);
    early!.ack!();
    await quiet();
    const again = await take(client.stomp.subscribe('/queue/work', { ack: 'client' }), 3);
    expect(bodies(again)).toEqual(['1', '2', '3']);
  });

  test('one acknowledgement for all before it, where the version has that', async () => {
    const { client } = await joined();
    const seen: Delivery[] = [];
    const subscription = client.stomp.subscribe('/queue/work', (delivery) => void seen.push(delivery), {
      ack: 'client',
    });
    for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
    seen[1]!.ack!();
    seen[1]!.ack!();
    subscription.close();
    await quiet();
    const left = await take(client.stomp.subscribe('/queue/work'), version === '1.0' ? 2 : 1);
    expect(bodies(left)).toEqual(version === '1.0' ? ['1', '3'] : ['3']);
  });

  test('a transaction commits at its end, with what it was given', async () => {
    const { client } = await joined();
    await client.stomp.sendConfirmed({ destination: '/queue/in', body: 'in' });
    const [delivery] = await Promise.all([first(client.stomp, '/queue/in')]);
    const out: Delivery[] = [];
    client.stomp.subscribe('/queue/out', (one) => void out.push(one));
    const result = await client.stomp.transaction(async (transaction) => {
      void transaction.send({ destination: '/queue/out', body: 'out', headers: { note: 'n' } });
      transaction.ack(delivery!);
      await quiet();
      expect(out).toEqual([]);
      return 'done';
    });
    expect([result, bodies(out), out[0]!.headers.get('note')]).toEqual(['done', ['out'], 'n']);
    expect(out[0]!.headers.has('transaction')).toBe(false);
  });

  test('a transaction that throws aborts', async () => {
    const { client } = await joined();
    const out: Delivery[] = [];
    client.stomp.subscribe('/queue/out', (one) => void out.push(one));
    const work = client.stomp.transaction((transaction) => {
      void transaction.send({ destination: '/queue/out', body: 'out' });
      throw new Error('changed my mind');
    });
    await expect(work).rejects.toThrow('changed my mind');
    await quiet();
    expect(out).toEqual([]);
    expect(client.state).toBe('connected');
  });
});

async function first(stomp: Awaited<ReturnType<typeof connectedPair>>['client']['stomp'], destination: string) {
  return new Promise<Delivery>((resolve) => {
    stomp.subscribe(destination, resolve, { ack: 'client-individual' });
  });
}

test('what came by a connection that was lost is not acknowledged by the next', async () => {
  const { client, clock, network } = await connectedPair();
  const seen: Delivery[] = [];
  await client.stomp.subscribe('/queue/work', (delivery) => void seen.push(delivery), { ack: 'client-individual' })
    .ready;
  await client.stomp.sendConfirmed({ destination: '/queue/work', body: '1' });
  network.cut();
  await quiet();
  await clock.run(1000);
  await quiet();
  seen[0]!.ack!();
  await quiet();
  expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  expect(client.state).toBe('connected');
  expect(framesOf(network.streams.at(-1)!)).not.toContain('ACK');
});

test('nor does a transaction take it, which would be another message there', async () => {
  const { client, clock, network } = await connectedPair();
  const seen: Delivery[] = [];
  const stream = client.stomp.subscribe('/queue/work', (delivery) => void seen.push(delivery), {
    ack: 'client-individual',
    prefetch: 1,
  });
  await stream.ready;
  for (const body of ['1', '2']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
  network.cut();
  await quiet();
  await clock.run(1000);
  await quiet();
  seen[1]!.ack!();
  await quiet();
  expect(bodies(seen)).toEqual(['1', '1', '2']);
  // Both are the first of their connections.
  for (const how of ['ack', 'nack'] as const) {
    const work = client.stomp.transaction((transaction) => transaction[how](seen[0]!));
    await expect(work).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'no' });
    const again = client.stomp.transaction((transaction) => transaction[how](seen[1]!));
    await expect(again).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'no' });
  }
  await client.stomp.transaction((transaction) => transaction.ack(seen[2]!));
  stream.close();
  const late = client.stomp.transaction((transaction) => transaction.ack(seen[2]!));
  await expect(late).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  expect(client.state).toBe('connected');
});

test('a stream that nobody iterates ends, and says so', async () => {
  const { client } = await connectedPair({ limits: { eventBuffer: 3 } });
  const stream = client.stomp.subscribe('/queue/work');
  for (const body of ['1', '2', '3', '4', '5']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
  const seen: string[] = [];
  const reading = (async () => {
    for await (const { body } of stream) seen.push(bodyText(body));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'ERR_EVENT_BUFFER' });
  expect(seen).toEqual(['1', '2', '3', '4']);
});

test('headers of the caller go with SUBSCRIBE', async () => {
  const { client, network } = await connectedPair();
  await client.stomp.subscribe('/queue/work', { headers: { 'x-priority': '7' }, prefetch: 5, ack: 'client' }).ready;
  const sent = network.streams[0]!.sent.map((bytes) => new TextDecoder().decode(bytes)).join('');
  for (const line of ['x-priority:7', 'prefetch-count:5', 'ack:client']) expect(sent).toContain(`\n${line}\n`);
});

test('a stream ends with the client', async () => {
  const { client } = await connectedPair();
  const stream = client.stomp.subscribe('/queue/work');
  const next = watch(stream.next());
  await client.close();
  expect(await next()).toMatchObject({ value: { done: true } });
  expect(await outcome(stream.next())).toMatchObject({ value: { done: true } });
});

describe('what could only be refused is refused here, and the connection goes on', () => {
  const refusal = { name: 'ProtocolError', code: 'ERR_DESTINATION', by: 'us' };

  test.each(['', 'work', '/nowhere/x', '/queue/', '/topic/a..b', '/topic/*', '/queue/' + 'x'.repeat(250)])(
    'to send to %j',
    async (destination) => {
      const { client, network } = await connectedPair();
      const before = framesOf(network.streams[0]!);
      expect(() => client.stomp.send({ destination, body: '' })).toThrow(expect.objectContaining(refusal));
      await expect(client.stomp.sendConfirmed({ destination, body: '' })).rejects.toMatchObject(refusal);
      const work = client.stomp.transaction((transaction) => transaction.send({ destination, body: '' }));
      await expect(work).rejects.toMatchObject(refusal);
      await quiet();
      expect(framesOf(network.streams[0]!).slice(before.length)).toEqual(['BEGIN', 'ABORT']);
      expect(client.state).toBe('connected');
    },
  );

  test.each(['work', '/topic/', '/topic/a..b', '/topic/#.a'])('to subscribe %j', async (destination) => {
    const { client, network } = await connectedPair();
    const ended: unknown[] = [];
    const subscription = client.stomp.subscribe(destination, () => {}, { onEnd: (reason) => ended.push(reason) });
    await expect(subscription.ready).rejects.toMatchObject(refusal);
    await expect(client.stomp.subscribe(destination).next()).rejects.toMatchObject(refusal);
    expect(ended).toMatchObject([refusal]);
    expect(framesOf(network.streams[0]!).filter((frame) => frame.includes(destination))).toEqual([]);
    expect(client.state).toBe('connected');
  });

  test('before there is a connection: with the first one', async () => {
    const { client } = pair();
    const early = client.stomp.subscribe('work');
    await expect(early.ready).rejects.toMatchObject(refusal);
    expect(await outcome(client.stomp.connected)).toEqual({ value: undefined });
  });

  test('a wrong option, which is named with those there are', async () => {
    const { client } = await connectedPair();
    const wrong = (options: object) => () => client.stomp.subscribe('/queue/work', options);
    expect(wrong({ acknowledge: 'client' })).toThrow(
      new TypeError('subscribe: unknown option acknowledge; known are ack, prefetch, after, headers, onEnd'),
    );
    expect(wrong({ ack: 'individual' })).toThrow(
      new TypeError('subscribe: option ack must be auto or client or client-individual'),
    );
    expect(wrong({ prefetch: '5' })).toThrow('option prefetch must be a number, not negative');
    expect(() => client.stomp.subscribe(5 as never)).toThrow('destination must be a string');
  });

  test('a wrong part of a message', async () => {
    const { client } = await connectedPair();
    const typo = { destination: '/queue/work', body: '', header: {} };
    const message = 'send: unknown option header; known are destination, headers, body, replyTo';
    expect(() => client.stomp.send(typo)).toThrow(new TypeError(message));
    await expect(client.stomp.sendConfirmed(typo)).rejects.toThrow(message);
    await expect(client.stomp.transaction((transaction) => transaction.send(typo))).rejects.toThrow(message);
    expect(() => client.stomp.send({ body: '' } as never)).toThrow('destination must be a string');
    expect(() => client.stomp.send({ destination: '/queue/work' } as never)).toThrow('body must be a string');
  });
});

test.each<[Version, Record<string, string>]>([
  ['1.2', { note: 'a\0b' }],
  ['1.1', { note: 'a\rb' }],
  ['1.0', { note: 'a\nb' }],
  ['1.0', { 'a:b': 'note' }],
])('STOMP %s refuses to leave out the header %j', async (version, headers) => {
  const { client, network } = await connectedPair({ versions: [version] });
  const refusal = { code: 'ERR_STOMP_HEADER', message: expect.stringContaining(`STOMP ${version} cannot`) as string };
  const message = { destination: '/queue/work', headers, body: '' };
  expect(() => client.stomp.send(message)).toThrow(expect.objectContaining(refusal));
  await expect(client.stomp.sendConfirmed(message)).rejects.toMatchObject(refusal);
  await expect(client.stomp.subscribe('/queue/work', { headers }).ready).rejects.toMatchObject(refusal);
  expect(framesOf(network.streams[0]!).filter((frame) => !frame.startsWith('CONNECT'))).toEqual([]);
  expect(client.state).toBe('connected');
});

test('without a connection a send throws, and what is confirmed rejects', async () => {
  const { client } = pair();
  const gone = { code: 'ERR_NOT_CONNECTED', sent: 'no' };
  expect(() => client.stomp.send({ destination: '/queue/work', body: '' })).toThrow(expect.objectContaining(gone));
  await expect(client.stomp.sendConfirmed({ destination: '/queue/work', body: '' })).rejects.toMatchObject(gone);
});

test('a transaction that the server refuses says why', async () => {
  const permit = () => Promise.reject(new AuthError('ERR_FORBIDDEN', 'not allowed to send to /queue/secret'));
  const { client } = await connectedPair({ server: { permit } });
  const transaction = client.stomp.begin();
  void transaction.send({ destination: '/queue/secret', body: '' });
  const committing = watch(transaction.commit());
  const late = client.stomp.begin();
  await quiet();
  for (const end of [committing, watch(late.commit())])
    expect(await end()).toMatchObject({
      error: {
        code: 'ERR_CONNECTION_LOST',
        message: expect.stringContaining('not allowed to send to /queue/secret') as string,
        cause: { code: 'ERR_FORBIDDEN' },
      },
    });
});

test('each delivery says which it is, from the first on', async () => {
  const { client, clock } = await connectedPair();
  const attempts: unknown[] = [];
  await client.stomp.subscribe(
    '/queue/work',
    (delivery) => {
      attempts.push(delivery.attempt);
      if (attempts.length < 3) delivery.nack();
      else delivery.ack();
    },
    { ack: 'client-individual' },
  ).ready;
  await client.stomp.sendConfirmed({ destination: '/queue/work', body: '1' });
  for (let round = 0; round < 3; round++) await clock.run(1000);
  expect(attempts).toEqual([1, 2, 3]);
});

test('what waits unread keeps no more than itself', async () => {
  const { client } = await connectedPair();
  const stream = client.stomp.subscribe('/queue/work');
  const first = stream.next();
  const body = new Uint8Array(100).fill(255);
  for (let n = 0; n < 3; n++) void client.stomp.send({ destination: '/queue/work', body });
  await quiet();
  const taken = [await first, await stream.next(), await stream.next()].map(({ value }) => value as Delivery);
  const kept = taken.map((delivery) => (delivery.body as Uint8Array).buffer.byteLength);
  expect([kept[0]! > 100, ...kept.slice(1)]).toEqual([true, 100, 100]);
});

describe('connected()', () => {
  test('resolves while there is a connection, and else with the next one', async () => {
    const { client, clock, network } = await connectedPair();
    expect(await outcome(client.connected())).toEqual({ value: undefined });
    network.cut();
    await quiet();
    const again = watch(client.connected());
    expect([client.state, await again()]).toEqual(['reconnecting', 'pending']);
    await clock.run(1000);
    expect([await again(), client.state]).toEqual([{ value: undefined }, 'connected']);
  });

  test('rejects once the client is closed', async () => {
    const { client, network } = await connectedPair();
    network.cut();
    await quiet();
    const never = watch(client.connected());
    await client.close();
    const closed = { error: { code: 'ERR_CLOSED' } };
    expect([await never(), await outcome(client.connected())]).toMatchObject([closed, closed]);
    const { client: other } = await connectedPair();
    await other.close();
    expect(await outcome(other.connected())).toMatchObject(closed);
  });
});
