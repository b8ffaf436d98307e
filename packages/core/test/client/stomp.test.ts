// What `client.stomp` gives: subscriptions to acknowledge, as a stream or by a callback, and transactions.

import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/broker/index.js';
import { bodyText } from '../../src/text.js';
import type { Version } from '../../src/stomp/index.js';
import { connectedPair, framesOf, outcome, quiet, watch } from '../fixtures/pair.js';

const bodies = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ body }) => bodyText(body));

async function take(stream: AsyncIterable<Delivery>, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  for await (const delivery of stream) if (taken.push(delivery) === count) break;
  return taken;
}

describe.each<Version>(['1.0', '1.1', '1.2'])('STOMP %s', (version) => {
  const pair = () => connectedPair({ versions: [version] });

  test('a stream of deliveries to acknowledge one by one', async () => {
    const { client, clock } = await pair();
    const stream = client.stomp.subscribe('/queue/work', { ack: 'client-individual', prefetch: 2 });
    await stream.ready;
    for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
    const seen: Delivery[] = [];
    for await (const delivery of stream) {
      seen.push(delivery);
      if (seen.length === 4) break;
      if (version !== '1.0' && seen.length === 1) delivery.nack!();
      else delivery.ack!();
      await clock.run(100);
      if (version === '1.0' && seen.length === 3) break;
    }
    expect(bodies(seen)).toEqual(version === '1.0' ? ['1', '2', '3'] : ['1', '2', '3', '1']);
    if (version !== '1.0') expect(seen[3]!.attempt).toBe(2);
  });

  test('a stream that ends gives back what it has not acknowledged', async () => {
    const { client } = await pair();
    for (const body of ['1', '2', '3']) await client.stomp.sendConfirmed({ destination: '/queue/work', body });
    const [early] = await take(client.stomp.subscribe('/queue/work', { ack: 'client' }), 1);
    early!.ack!();
    await quiet();
    const again = await take(client.stomp.subscribe('/queue/work', { ack: 'client' }), 3);
    expect(bodies(again)).toEqual(['1', '2', '3']);
  });

  test('one acknowledgement for all before it, where the version has that', async () => {
    const { client } = await pair();
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
    const { client } = await pair();
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
    const { client } = await pair();
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
  expect(seen.map(({ attempt }) => attempt)).toEqual([undefined, 2]);
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
