import { describe, expect, test, vi } from 'vitest';
import { EmbeddedBroker } from '../../src/broker/index.js';
import { Client, type EventItem, type EventStream } from '../../src/client/index.js';
import { HeaderList } from '../../src/header-list.js';
import { BrokerRpc } from '../../src/jsonrpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { connectedPair, framesOf, outcome, quiet, TestServer, watch } from '../fixtures/pair.js';

/** A reader that still waits after `waiting`: it takes the next item. */
const readers = new WeakMap<EventStream, () => ReturnType<typeof outcome>>();

/** The items that have come to a stream by now. */
async function waiting(events: EventStream): Promise<EventItem[]> {
  const items: EventItem[] = [];
  for (;;) {
    const reader = readers.get(events) ?? watch(events.next());
    readers.set(events, reader);
    const next = await reader();
    if (next === 'pending') return items;
    readers.delete(events);
    if ('error' in next) throw next.error;
    const { done, value } = next.value as IteratorResult<EventItem>;
    if (done) return items;
    items.push(value);
  }
}

/** Data of events, and how many were missed for gaps. */
function told(items: EventItem[]): unknown[] {
  return items.map(({ data, gap }) => (gap === undefined ? data : { gap: gap.missed }));
}

test('events arrive in order, with name, data and cursor', async () => {
  const { client, server } = await connectedPair();
  const events = client.events('vm.*');
  await events.ready;
  server.emit('vm.started', { id: 'vm-7' });
  server.emit('host.up');
  server.emit('vm.stopped', [1]);
  server.emit('vm.disk.full');
  const items = await waiting(events);
  const { epoch } = server.broker.history;
  expect(items).toEqual([
    { name: 'vm.started', data: { id: 'vm-7' }, cursor: `${epoch}:0`, gap: undefined },
    { name: 'vm.stopped', data: [1], cursor: `${epoch}:2`, gap: undefined },
  ]);
});

test.each<[string, string[]]>([
  ['#', ['a', 'a.b', 'a.b.c', 'x.b']],
  ['a.#', ['a', 'a.b', 'a.b.c']],
  ['*.b', ['a.b', 'x.b']],
  ['a.b', ['a.b']],
])('the pattern %s takes %j', async (pattern, names) => {
  const { client, server } = await connectedPair();
  const events = client.events(pattern);
  await events.ready;
  for (const name of ['a', 'a.b', 'a.b.c', 'x.b']) server.emit(name);
  expect((await waiting(events)).map(({ name }) => name)).toEqual(names);
});

test('a client’s own events reach the others, and itself', async () => {
  const { client, join } = await connectedPair();
  const other = join();
  const streams = [client.events('x'), other.events('x')];
  await Promise.all(streams.map(({ ready }) => ready));
  await client.emit('x', 1);
  for (const events of streams) expect(told(await waiting(events))).toEqual([1]);
});

describe('after a reconnect', () => {
  test('what was missed comes first: no loss, no duplicates', async () => {
    const { client, server, network, clock } = await connectedPair();
    const events = client.events('count');
    await events.ready;
    const seen: unknown[] = [];
    let number = 0;
    for (let round = 0; round < 5; round++) {
      for (const _ of [1, 2, 3]) server.emit('count', { number: number++ });
      server.emit('other');
      if (round % 2 === 0) seen.push(...told(await waiting(events)));
      network.cut();
      await quiet();
      for (const _ of [1, 2]) server.emit('count', { number: number++ });
      await clock.run(1250, 250);
    }
    seen.push(...told(await waiting(events)));
    expect(seen).toEqual(Array.from({ length: 25 }, (_, at) => ({ number: at })));
    expect(network.streams).toHaveLength(6);
  });

  test('what was emitted before the first event was seen is not lost either', async () => {
    const { client, server, network, clock } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    network.cut();
    await quiet();
    server.emit('x', { number: 1 });
    await clock.run(250);
    expect(told(await waiting(events))).toEqual([{ number: 1 }]);
  });

  test('what the server no longer has is a gap, with how many events are gone', async () => {
    const { client, server, network, clock } = await connectedPair({
      server: { broker: { limits: { historyEvents: 2 } } },
    });
    const events = client.events('x');
    await events.ready;
    server.emit('x', [0]);
    network.cut();
    await quiet();
    for (const number of [1, 2, 3, 4, 5]) server.emit('x', [number]);
    await clock.run(250);
    const items = await waiting(events);
    expect(told(items)).toEqual([[0], { gap: 3 }, [4], [5]]);
    expect(items[1]).toMatchObject({ name: '$/gap', gap: { missed: 3 } });
  });

  test('a server that began anew cannot know: a gap without a number, then what it has', async () => {
    const { client, server, network, clock } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    server.emit('x', [1]);
    await quiet();
    network.server = new TestServer(clock);
    network.server.emit('x', [2]);
    network.cut();
    await quiet();
    await clock.run(250);
    const items = await waiting(events);
    expect(told(items)).toEqual([[1], { gap: undefined }, [2]]);
    network.server.emit('x', [3]);
    network.cut();
    await quiet();
    await clock.run(250);
    expect(told(await waiting(events))).toEqual([[3]]);
  });

  test('a subscription that was closed meanwhile does not come back', async () => {
    const { client, network, clock } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    network.cut();
    await quiet();
    await events.return();
    await clock.run(250);
    expect(framesOf(network.streams[1]!)).toEqual(['CONNECT']);
  });
});

describe('a cursor that was kept', () => {
  test('goes on behind it', async () => {
    const { client, server, join } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    for (const number of [1, 2, 3]) server.emit('x', [number]);
    const [first] = await waiting(events);
    const later = join().events('x', { after: first!.cursor! });
    expect(told(await waiting(later))).toEqual([[2], [3]]);
  });

  test('of a gap is as good as any: what comes behind it is not lost', async () => {
    const { client, server } = await connectedPair({ server: { broker: { limits: { historyEvents: 2 } } } });
    for (const number of [1, 2, 3, 4]) server.emit('x', [number]);
    const [gap, ...kept] = await waiting(client.events('x', { after: `${server.broker.history.epoch}:0` }));
    expect([gap!.gap, told(kept)]).toEqual([{ after: `${server.broker.history.epoch}:0`, missed: 1 }, [[3], [4]]]);
    // What says that something is missing is no event's data.
    expect(gap!.data).toBeUndefined();
    expect(told(await waiting(client.events('x', { after: gap!.cursor! })))).toEqual([[3], [4]]);
  });

  test.each(['', 'nonsense', 'other:5', ':', 'x:y:z'])('that the server does not know, %j, is a gap', async (after) => {
    const { client, server } = await connectedPair();
    server.emit('x', [1]);
    const items = await waiting(client.events('x', { after }));
    expect(items.map(({ name }) => name)).toEqual(['$/gap', 'x']);
  });
});

describe('a reader that is slow', () => {
  test('keeps the latest; the oldest are dropped, and a gap says how many', async () => {
    const { client, server } = await connectedPair();
    const events = client.events('x', { buffer: 2 });
    await events.ready;
    for (const number of [1, 2, 3, 4, 5]) server.emit('x', [number]);
    await quiet();
    expect(told(await waiting(events))).toEqual([{ gap: 3 }, [4], [5]]);
    server.emit('x', [6]);
    expect(told(await waiting(events))).toEqual([[6]]);
  });

  test('has limits.eventBuffer unless it says otherwise', async () => {
    const { client, server } = await connectedPair({ limits: { eventBuffer: 1 } });
    const [few, many] = [client.events('x'), client.events('x', { buffer: 10 })];
    await many.ready;
    for (const number of [1, 2, 3]) server.emit('x', [number]);
    await quiet();
    expect(told(await waiting(few))).toEqual([{ gap: 2 }, [3]]);
    expect(told(await waiting(many))).toEqual([[1], [2], [3]]);
  });

  test.each([
    ['counts what it said, too', false, 4],
    ['that knew no number knows none', true, undefined],
  ])('that drops a gap %s', async (_name, anew, missed) => {
    const { client, network, clock } = await connectedPair({
      server: { broker: { limits: { historyEvents: 3 } } },
    });
    const events = client.events('x', { buffer: 2 });
    await events.ready;
    if (anew) network.server = new TestServer(clock);
    network.cut();
    await quiet();
    for (const number of anew ? [4, 5, 6] : [1, 2, 3, 4, 5, 6]) network.server.emit('x', [number]);
    await clock.run(250);
    await quiet();
    expect(told(await waiting(events))).toEqual([{ gap: missed }, [5], [6]]);
  });
});

describe('the iteration ends', () => {
  test('on close, after what had come', async () => {
    const { client, server } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    server.emit('x', [1]);
    await quiet();
    await client.close();
    const seen: unknown[] = [];
    for await (const { data } of events) seen.push(data);
    expect(seen).toEqual([[1]]);
  });

  test('by break, which unsubscribes', async () => {
    const { client, server, network } = await connectedPair();
    const events = client.events('x');
    await events.ready;
    server.emit('x', [1]);
    server.emit('x', [2]);
    for await (const { data } of events) {
      expect(data).toEqual([1]);
      break;
    }
    expect(framesOf(network.streams[0]!).at(-1)).toBe('UNSUBSCRIBE');
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  test('by an abort: the reader that waits gets the reason, then the end', async () => {
    const { client, network } = await connectedPair();
    const controller = new AbortController();
    const events = client.events('x', { signal: controller.signal });
    const [one, two] = [watch(events.next()), watch(events.next())];
    controller.abort('enough');
    expect([await one(), await two()]).toEqual([{ error: 'enough' }, { value: { done: true, value: undefined } }]);
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await quiet();
    expect(framesOf(network.streams[0]!).at(-1)).toBe('UNSUBSCRIBE');
  });

  test('by an abort beforehand', async () => {
    const { client } = await connectedPair();
    const events = client.events('x', { signal: AbortSignal.abort('enough') });
    expect(await outcome(events.next())).toEqual({ error: 'enough' });
  });

  test('and then listens to its signal no longer', async () => {
    const { client } = await connectedPair();
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await client.events('x', { signal }).return();
    expect(remove).toHaveBeenCalledOnce();
  });

  test('for one stream only', async () => {
    const { client, server } = await connectedPair();
    const [left, right] = [client.events('x'), client.events('x')];
    await right.ready;
    await left.return();
    server.emit('x', [1]);
    expect(told(await waiting(right))).toEqual([[1]]);
  });
});

test('several readers of one stream share its events, in the order they asked', async () => {
  const { client, server } = await connectedPair();
  const events = client.events('x');
  await events.ready;
  const readers = [watch(events.next()), watch(events.next()), watch(events.next())];
  for (const number of [1, 2]) server.emit('x', [number]);
  expect([await readers[0]!(), await readers[1]!(), await readers[2]!()]).toMatchObject([
    { value: { value: { data: [1] } } },
    { value: { value: { data: [2] } } },
    'pending',
  ]);
});

test('what is sent to a topic and is no JSON is no event; what has no method is named by its topic', async () => {
  const broker = new EmbeddedBroker({ clock: new ManualClock() });
  const client = new Client(broker.link());
  const events = client.events('a.*');
  const send = (body: string | Uint8Array) =>
    broker.link().send({ destination: '/topic/a.b', headers: HeaderList.empty, body });
  for (const body of ['{', Uint8Array.of(0xff), 'null', '5', '{"params":[1]}', '{"method":5,"params":[2]}'])
    void send(body);
  expect((await waiting(events)).map(({ name, data }) => [name, data])).toEqual([
    ['a.b', undefined],
    ['a.b', undefined],
    ['a.b', [1]],
    ['a.b', [2]],
  ]);
});

test('a client works the same inside the process, over the broker itself', async () => {
  const broker = new EmbeddedBroker({ clock: new ManualClock() });
  const service = new BrokerRpc(broker.link());
  service.methods.add({ ping: () => 'pong' });
  service.serve('/queue/rpc');
  await using client = new Client<{ ping(): string }>(broker.link());
  const events = client.events('x');
  await client.emit('x', [1]);
  expect(await client.api.ping()).toBe('pong');
  expect(told(await waiting(events))).toEqual([[1]]);
  await client.close();
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(await outcome(client.events('x').next())).toMatchObject({ error: { code: 'ERR_CLOSED' } });
});

describe('a name that is none is refused here, and the connection goes on', () => {
  const refusal = { name: 'ProtocolError', code: 'ERR_DESTINATION', by: 'us' };

  test.each(['', 'a..b', '.a', 'a.', '#.a', 'a.#.b', 'a\nb', 'x'.repeat(250)])('%j', async (name) => {
    const { client } = await connectedPair();
    expect(() => client.events(name)).toThrow(expect.objectContaining(refusal));
    await expect(client.emit(name)).rejects.toMatchObject(refusal);
    expect(client.state).toBe('connected');
  });

  test.each(['*', 'a.#', '#'])('%j is for watching', async (name) => {
    const { client } = await connectedPair();
    await client.events(name).ready;
    await expect(client.emit(name)).rejects.toMatchObject(refusal);
  });

  test.each(['/topic/a', '/a', undefined, 5, null])('%j', async (name) => {
    const { client } = await connectedPair();
    const message = 'the name of an event is a string such as host.load, without /topic/ before it';
    expect(() => client.events(name as string)).toThrow(new TypeError(message));
    await expect(client.emit(name as string)).rejects.toThrow(new TypeError(message));
  });

  test('nor are options that there are not', async () => {
    const { client } = await connectedPair();
    expect(() => client.events('a', { since: 'x' } as object)).toThrow(
      new TypeError('events: unknown option since; known are after, signal, buffer'),
    );
    expect(() => client.events('a', { buffer: -1 })).toThrow('events: option buffer must be a number, not negative');
  });
});
