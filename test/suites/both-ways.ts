// What every client can do with every server, whatever carries the bytes: connect, call both ways, watch events, be
// cut off and come back. No platform in here; it runs in Node and in pages.

import { ConnectionError, RpcError, TimeoutError } from '@sallyport/core';
import type { ClientState, ConnectOptions, StompClient } from '@sallyport/core/client';
import { ManualClock } from '@sallyport/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { GuestApi, HouseApi } from '../fixtures/house-api.js';

/** What is tested of a client, whichever it is. */
export type TestClient = Pick<
  StompClient<HouseApi>,
  'api' | 'call' | 'notify' | 'events' | 'emit' | 'implement' | 'close' | 'state' | 'cut'
> & { onState(listener: (state: ClientState) => void): () => void };

export type Connect = (options: ConnectOptions) => Promise<TestClient>;

type Options = Pick<ConnectOptions, 'clock'>;

/** Where a test of its own keeps what it counts, on a server that others use as well. */
let lastKey = 0;
const newKey = (): string => `${Date.now().toString(36)}${++lastKey}`;

export function bothWays(name: string, dial: Connect): void {
  describe(`both ways over ${name}`, () => {
    const connect = async (options: Options = {}): Promise<TestClient> => {
      const client = await dial({ firstDelay: 20, longestDelay: 100, ...options });
      onTestFinished(() => client.close());
      return client;
    };

    calls(connect);
    callsBack(connect);
    events(connect);
    cuts(connect);
  });
}

function calls(connect: (options?: Options) => Promise<TestClient>): void {
  test('a typed call', async () => {
    const client = await connect();
    expect(client.state).toBe('connected');
    const sum: number = await client.api.house.add({ a: 2, b: 3 });
    expect(sum).toBe(5);
  });

  test('any JSON comes back as it went, and any size of it', async () => {
    const client = await connect();
    const values = ['', 'Grüße, 世界 🚪\u0000\n:\\', [1, null, { a: [] }], -0.5, 'x'.repeat(3_000_000)];
    const echoed = await Promise.all(values.map((value) => client.api.house.echo({ value })));
    expect(echoed.map(({ value }) => value)).toEqual(values);
  });

  test('an error with data', async () => {
    const client = await connect();
    const error = await client.api.house.fail().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({ code: 4001, message: 'the door is locked', data: { door: 'north' } });
  });

  test('what a handler throws by mistake stays there', async () => {
    const client = await connect();
    const error = await client.api.house.crash().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: -32603, message: 'Internal error', data: undefined });
  });

  test('a method nobody has', async () => {
    const client = await connect();
    await expect(client.call('house.__proto__.polluted')).rejects.toMatchObject({ code: -32601 });
    await expect(client.call('lamp.on', {}, { service: 'nobody' })).rejects.toMatchObject({ code: -32601 });
  });

  test('a call whose time is over', async () => {
    const clock = new ManualClock();
    const client = await connect({ clock });
    const key = newKey();
    let begun!: (value: unknown) => void;
    const started = new Promise((resolve) => (begun = resolve));
    const call = client.api.house.last({ key }, { timeout: 5000, onProgress: begun });
    const error = call.catch((caught: unknown) => caught);
    expect(await started).toBe('started');
    clock.advance(5000);
    expect(await error).toBeInstanceOf(TimeoutError);
    expect(await error).toMatchObject({ code: 'ERR_CALL_TIME', sent: 'yes' });
    // The handler is told that nobody waits any more.
    expect(await client.api.house.aborted({ key })).toMatchObject({ code: -32800 });
  });

  test('cancelling reaches the handler', async () => {
    const client = await connect();
    const key = newKey();
    const abort = new AbortController();
    const call = client.api.house.last(
      { key },
      { signal: abort.signal, onProgress: () => abort.abort(new Error('no')) },
    );
    await expect(call).rejects.toThrow('no');
    expect(await client.api.house.aborted({ key })).toEqual({ code: -32800, message: 'cancelled by the caller' });
  });

  test('closing: what waits rejects, the server knows', async () => {
    const client = await connect();
    const witness = await connect();
    const left = witness.api.house.left({ id: await client.api.house.me() });
    const key = newKey();
    const call = client.api.house.last({ key }, { onProgress: () => void client.close() });
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'yes' });
    expect(client.state).toBe('closed');
    expect(await left).toBe(true);
    expect(await witness.api.house.aborted({ key })).toBeDefined();
    await expect(client.api.house.me()).rejects.toMatchObject({ code: 'ERR_CLOSED', sent: 'no' });
    await expect(client.notify('house.me')).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await client.close();
  });
}

function callsBack(connect: (options?: Options) => Promise<TestClient>): void {
  const guest = {
    guest: {
      greet: ({ name }: { name: string }) => `good day, ${name}`,
      fail: () => {
        throw new RpcError(4002, 'not today', [1]);
      },
    },
  };

  test('the server calls the client', async () => {
    const client = await connect();
    const { callBack } = client.api.house;
    const params = { name: 'Ann' };
    await expect(callBack({ method: 'guest.greet', params })).rejects.toMatchObject({ code: -32601 });
    await client.implement<GuestApi>(guest);
    expect(await callBack({ method: 'guest.greet', params })).toBe('good day, Ann');
    await expect(callBack({ method: 'guest.fail' })).rejects.toMatchObject({ code: 4002, data: [1] });
  });

  test('a client serves a named service, and another one calls it', async () => {
    const [server, caller] = [await connect(), await connect()];
    const service = `porter-${newKey()}`;
    await server.implement<GuestApi>(guest, { service });
    expect(await caller.call('guest.greet', { name: 'Bob' }, { service })).toBe('good day, Bob');
    const failing = caller.call('guest.fail', {}, { service });
    await expect(failing).rejects.toMatchObject({ code: 4002, message: 'not today', data: [1] });
  });

  test('a client that has come back is called, and serves, as before', async () => {
    const [client, caller] = [await connect(), await connect()];
    const service = `porter-${newKey()}`;
    await client.implement<GuestApi>(guest, { service });
    await client.implement({ me: () => 'me' });
    await comesBack(client, () => client.cut());
    expect(await client.api.house.callBack({ method: 'me' })).toBe('me');
    expect(await caller.call('guest.greet', { name: 'Bob' }, { service, idempotent: true })).toBe('good day, Bob');
  });
}

function events(connect: (options?: Options) => Promise<TestClient>): void {
  test('events, by wildcards', async () => {
    const client = await connect();
    const key = newKey();
    const exact = client.events(`${key}.vm.started`);
    const one = client.events<{ number: number }>(`${key}.*.started`);
    const all = client.events(`${key}.#`);
    await Promise.all([exact.ready, one.ready, all.ready]);
    for (const [name, number] of [
      ['vm.started', 1],
      ['vm.stopped', 2],
      ['host.started', 3],
      ['a.b.started', 4],
    ] as const)
      await client.api.house.emit({ name: `${key}.${name}`, from: number, to: number });
    expect(await take(exact, 1)).toEqual([1]);
    expect(await take(one, 2)).toEqual([1, 3]);
    expect(await take(all, 4)).toEqual([1, 2, 3, 4]);
  });

  test('what one client emits others see', async () => {
    const [client, other] = [await connect(), await connect()];
    const name = `${newKey()}.said`;
    const events = client.events<string>(name);
    await events.ready;
    await other.emit(name, 'Grüße 🚪');
    const { value } = await events.next();
    expect(value).toMatchObject({ name, data: 'Grüße 🚪', gap: undefined });
    await events.return();
  });

  test('iterating ends with the client, or with its signal', async () => {
    const client = await connect();
    const abort = new AbortController();
    const aborted = client.events('a.#', { signal: abort.signal }).next();
    abort.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    const ended = client.events('a.#').next();
    await client.close();
    expect(await ended).toEqual({ value: undefined, done: true });
  });
}

function cuts(connect: (options?: Options) => Promise<TestClient>): void {
  test('cut from this side: no event is lost, none comes twice', async () => {
    const client = await connect();
    const name = `${newKey()}.count`;
    const events = client.events<{ number: number }>(name);
    await events.ready;
    for (let round = 0; round < 3; round++) {
      const from = round * 30;
      await client.api.house.emitWhenGone({ name, from: from + 11, to: from + 20 });
      await client.api.house.emit({ name, from: from + 1, to: from + 10 });
      await comesBack(client, () => client.cut());
      await client.api.house.emit({ name, from: from + 21, to: from + 30 });
    }
    expect(await take(events, 90)).toEqual(Array.from({ length: 90 }, (_, at) => at + 1));
  });

  test('cut from the other side: the same', async () => {
    const client = await connect();
    const name = `${newKey()}.count`;
    const events = client.events<{ number: number }>(name);
    await events.ready;
    for (let round = 0; round < 3; round++) {
      const from = round * 30;
      await client.api.house.emitWhenGone({ name, from: from + 11, to: from + 20 });
      // These are on their way when the connection breaks.
      await client.notify('house.emit', { name, from: from + 1, to: from + 10 });
      expect(await client.api.house.destroy({ key: newKey() }, { idempotent: true })).toBe(2);
      await client.api.house.emit({ name, from: from + 21, to: from + 30 });
    }
    expect(await take(events, 90)).toEqual(Array.from({ length: 90 }, (_, at) => at + 1));
  });

  test('an idempotent call survives the cut', async () => {
    const client = await connect();
    const key = newKey();
    expect(await client.api.house.destroy({ key }, { idempotent: true })).toBe(2);
  });

  test('any other fails, and says that it may have run', async () => {
    const client = await connect();
    const key = newKey();
    const error = await client.api.house.destroy({ key }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe' });
    expect(await client.api.house.destroyed({ key })).toBe(1);
  });

  test('calls made while there is no connection wait for it, or do not', async () => {
    const client = await connect();
    const down = reaches(client, 'reconnecting');
    client.cut();
    await down;
    const waiting = client.api.house.add({ a: 1, b: 1 });
    const failing = client.api.house.add({ a: 1, b: 1 }, { whenOffline: 'fail' });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED', sent: 'no' });
    expect(await waiting).toBe(2);
  });

  test('a gap is told when the server no longer knows what was missed', async () => {
    const client = await connect();
    const name = `${newKey()}.count`;
    const events = client.events<{ number: number }>(name, { after: 'another-epoch:17' });
    await events.ready;
    await client.api.house.emit({ name, from: 1, to: 1 });
    const { value } = await events.next();
    expect(value).toMatchObject({ name: '$/gap', gap: { after: 'another-epoch:17' } });
    expect(await take(events, 1)).toEqual([1]);
  });
}

/** Cuts, and resolves once the client is connected again. */
async function comesBack(client: TestClient, cut: () => void): Promise<void> {
  const down = reaches(client, 'reconnecting');
  cut();
  await down;
  await reaches(client, 'connected');
}

function reaches(client: TestClient, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    if (client.state === wanted) return resolve();
    const stop = client.onState((state) => {
      if (state !== wanted) return;
      stop();
      resolve();
    });
  });
}

/** The numbers of the next events. */
async function take(events: AsyncIterableIterator<{ data: unknown; gap: unknown }>, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the events ended after ${numbers.length}`);
    expect((value as { gap: unknown }).gap).toBeUndefined();
    numbers.push((value as { data: { number: number } }).data.number);
  }
  return numbers;
}
