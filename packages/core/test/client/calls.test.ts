import { describe, expect, test, vi } from 'vitest';
import { BrokerRpc, type Call, type Methods } from '../../src/jsonrpc/index.js';
import type { Delivery } from '../../src/broker/index.js';
import { RpcError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { bodyText, concatBytes } from '../../src/text.js';
import { connectedPair, framesOf, outcome, pair, quiet, watch } from '../fixtures/pair.js';

/** Methods whose calls the test looks at and ends. */
function held() {
  const calls: { call: Call; resolve: (value: unknown) => void }[] = [];
  const wait = (_params: unknown, call: Call) => new Promise((resolve) => calls.push({ call, resolve }));
  return { calls, methods: { wait } satisfies Methods };
}

test('a call there and back', async () => {
  const { client } = await connectedPair({
    server: { methods: { host: { getStats: ({ hostId }: { hostId: string }) => ({ hostId, load: 0.5 }) } } },
  });
  expect(await client.call('host.getStats', { hostId: 'h1' })).toEqual({ hostId: 'h1', load: 0.5 });
});

test('errors arrive as what they are', async () => {
  const { client } = await connectedPair({
    server: {
      methods: {
        no: () => Promise.reject(new RpcError(9, 'no', { a: 1 })),
        bug: () => Promise.reject(new Error('secret')),
      },
    },
  });
  await expect(client.call('no')).rejects.toEqual(new RpcError(9, 'no', { a: 1 }));
  expect(await outcome(client.call('bug'))).toEqual({ error: new RpcError(-32603, 'Internal error') });
  expect(await outcome(client.call('unknown'))).toMatchObject({ error: { code: -32601 } });
});

describe('lost while a call is under way', () => {
  test('sent: maybe; with progress: yes; not yet sent: it waits for the next connection', async () => {
    const { calls, methods } = held();
    const { client, network, clock } = await connectedPair({ server: { methods: { ...methods, ping: () => 'pong' } } });
    const plain = watch(client.call('wait'));
    const told = watch(client.call('wait', undefined, { onProgress: () => {} }));
    await quiet();
    calls[1]!.call.progress(1);
    await quiet();
    network.cut();
    await quiet();
    const waiting = watch(client.call('ping'));
    expect(await plain()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
    expect(await told()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'yes' } });
    expect(await waiting()).toBe('pending');
    await clock.run(250);
    expect(await waiting()).toEqual({ value: 'pong' });
  });

  test('an idempotent call is sent again, with what is left of its time', async () => {
    const { calls, methods } = held();
    const { client, network, clock } = await connectedPair({ server: { methods } });
    const result = watch(client.call('wait', undefined, { idempotent: true, timeout: 1000 }));
    await quiet();
    network.cut();
    await quiet();
    await clock.run(250);
    expect(calls.map(({ call }) => call.deadline)).toEqual([1000, 1000]);
    calls[1]!.resolve('second time');
    expect(await result()).toEqual({ value: 'second time' });
  });

  test('the time of a call that waits for a connection goes on: it was not sent', async () => {
    const { client, network, clock } = await connectedPair();
    network.up = false;
    network.cut();
    await quiet();
    const result = watch(client.call('ping', undefined, { timeout: 100 }));
    await clock.run(100);
    expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'no' } });
  });

  test('whenOffline fail does not wait', async () => {
    const { client, network } = await connectedPair();
    network.cut();
    await quiet();
    expect(await outcome(client.call('ping', undefined, { whenOffline: 'fail' }))).toMatchObject({
      error: { code: 'ERR_NOT_CONNECTED', sent: 'no' },
    });
  });

  test('notifications and events reject: they would be lost', async () => {
    const { client, network } = await connectedPair();
    network.cut();
    await quiet();
    expect(await outcome(client.notify('note'))).toMatchObject({ error: { code: 'ERR_NOT_CONNECTED' } });
    expect(await outcome(client.emit('x'))).toMatchObject({ error: { code: 'ERR_NOT_CONNECTED' } });
  });

  test('calls go out in the order they were made', async () => {
    const order: unknown[] = [];
    const { client, network, clock } = await connectedPair({
      server: { methods: { note: ([number]: [number]) => order.push(number) } },
    });
    network.cut();
    await quiet();
    const results = [1, 2, 3].map((number) => client.call('note', [number]));
    await clock.run(250);
    await Promise.all(results);
    expect(order).toEqual([1, 2, 3]);
  });
});

test('an aborted call is cancelled at the server', async () => {
  const { calls, methods } = held();
  const { client, network } = await connectedPair({ server: { methods } });
  const controller = new AbortController();
  const result = watch(client.call('wait', undefined, { signal: controller.signal }));
  await quiet();
  controller.abort();
  expect(await result()).toMatchObject({ error: { name: 'AbortError' } });
  expect(calls[0]!.call.signal.aborted).toBe(true);
  expect(framesOf(network.streams[0]!).at(-1)).toBe('SEND /queue/rpc $/cancelRequest');
});

test('a call over its time rejects here and is aborted there', async () => {
  const { calls, methods } = held();
  const { client, clock } = await connectedPair({ server: { methods }, timeout: 500 });
  const result = watch(client.call('wait'));
  await quiet();
  const { signal } = calls[0]!.call;
  await clock.run(500);
  expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'maybe' } });
  expect(signal.aborted).toBe(true);
});

test('progress', async () => {
  const { client } = await connectedPair({
    server: { methods: { work: (_params: unknown, call) => Promise.resolve(call.progress({ percent: 50 })) } },
  });
  const onProgress = vi.fn();
  expect(await client.call('work', undefined, { onProgress })).toBe(null);
  expect(onProgress.mock.calls).toEqual([[{ percent: 50 }]]);
});

test('limits.pendingCalls and limits.calls say which is which', async () => {
  const { methods } = held();
  const { client } = await connectedPair({
    limits: { pendingCalls: 2 },
    server: { methods, rpc: { limits: { calls: 1 } } },
  });
  const results = [1, 2, 3].map(() => watch(client.call('wait')));
  expect(await results[0]!()).toBe('pending');
  expect(await results[1]!()).toMatchObject({
    error: { code: -32000, message: expect.stringContaining('limits.calls') as string },
  });
  expect(await results[2]!()).toMatchObject({ error: { code: 'ERR_PENDING_CALLS', limit: 'pendingCalls' } });
});

test('a notification is sent, and nothing comes back', async () => {
  const note = vi.fn();
  const { client, network } = await connectedPair({ server: { methods: { note } } });
  await client.notify('note', { a: 1 });
  await client.notify('unknown');
  await quiet();
  expect(note).toHaveBeenCalledWith({ a: 1 }, expect.anything());
  const answers = new TextDecoder().decode(
    network.streams[0]!.peer.sent.reduce((all, one) => Uint8Array.of(...all, ...one)),
  );
  expect(answers).not.toContain('MESSAGE');
});

test('params or data that are not JSON reject, and the connection goes on', async () => {
  const { client } = await connectedPair({ server: { methods: { ping: () => 'pong' } } });
  for (const sent of [
    client.call('ping', { big: 1n }),
    client.notify('ping', { big: 1n }),
    client.emit('x', { big: 1n }),
  ])
    expect(await outcome(sent)).toEqual({ error: expect.any(TypeError) as unknown });
  expect(await client.call('ping')).toBe('pong');
});

describe('methods that a client offers', () => {
  test('are called back by the server, on that connection only', async () => {
    const { client, server, join } = await connectedPair();
    const other = join();
    await other.stomp.connected;
    await client.implement({ ui: { confirm: ({ text }: { text: string }) => `${text} yes` } });
    const rpc = new BrokerRpc(server.broker.link(), { clock: server.clock });
    const address = (link: (typeof server.links)[number]) => link.addressOf('/temp-queue/rpc');
    expect(await rpc.call(address(server.links[0]!)!, 'ui.confirm', { text: 'sure?' })).toBe('sure? yes');
    expect(address(server.links[1]!)).toBeUndefined();
  });

  test('are called back while the server works on a call of that client', async () => {
    const { client, server } = await connectedPair();
    server.rpc.methods.add({
      remove: async () => server.rpc.call(server.links[0]!.addressOf('/temp-queue/rpc')!, 'confirm', { text: 'sure?' }),
    });
    await client.implement({ confirm: ({ text }: { text: string }) => text.length });
    expect(await client.call('remove')).toBe(5);
  });

  test('can be cancelled by the server, and are aborted when the connection is lost', async () => {
    const { calls, methods } = held();
    const { client, server } = await connectedPair();
    await client.implement(methods);
    const address = server.links[0]!.addressOf('/temp-queue/rpc')!;
    const controller = new AbortController();
    void server.rpc.call(address, 'wait', undefined, { signal: controller.signal }).catch(() => {});
    await quiet();
    controller.abort();
    await quiet();
    expect(calls[0]!.call.signal.aborted).toBe(true);
  });

  test('are there again after a reconnect', async () => {
    const { client, server, network, clock } = await connectedPair();
    await client.implement({ ping: () => 'pong' });
    network.cut();
    await quiet();
    await clock.run(250);
    expect(await server.rpc.call(server.links[1]!.addressOf('/temp-queue/rpc')!, 'ping', undefined)).toBe('pong');
  });

  test('as a service can be called by other clients, by its name', async () => {
    const { client, join } = await connectedPair();
    await client.implement(
      { sum: (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) },
      { service: 'math' },
    );
    const other = join();
    expect(await other.call('sum', [1, 2, 3], { service: 'math' })).toBe(6);
    expect(await outcome(other.call('none', [], { service: 'math' }))).toMatchObject({ error: { code: -32601 } });
  });

  test('as a service see aborts and report progress through the broker', async () => {
    const { calls, methods } = held();
    const { client, join } = await connectedPair();
    await client.implement(methods, { service: 'slow' });
    const other = join();
    const controller = new AbortController();
    const onProgress = vi.fn();
    const result = watch(other.call('wait', undefined, { service: 'slow', signal: controller.signal, onProgress }));
    await quiet();
    calls[0]!.call.progress(1);
    await quiet();
    controller.abort('enough');
    expect(await result()).toEqual({ error: 'enough' });
    expect(onProgress.mock.calls).toEqual([[1]]);
    expect(calls[0]!.call.signal.aborted).toBe(true);
  });

  test('each service has methods of its own, and none of those that are for the server', async () => {
    const { client, join } = await connectedPair();
    await client.implement({ name: () => 'private', secret: () => 42 });
    await client.implement({ name: () => 'disks' }, { service: 'disks' });
    await client.implement({ name: () => 'nets' }, { service: 'nets' });
    const other = join();
    expect(await other.call('name', {}, { service: 'disks' })).toBe('disks');
    expect(await other.call('name', {}, { service: 'nets' })).toBe('nets');
    expect(await outcome(other.call('secret', {}, { service: 'disks' }))).toMatchObject({ error: { code: -32601 } });
  });

  test('are added to; a name that is taken throws', async () => {
    const { client, server } = await connectedPair();
    await client.implement({ a: () => 1 });
    await client.implement({ b: () => 2 });
    expect(() => client.implement({ b: () => 3 })).toThrow('b is implemented already');
    const address = server.links[0]!.addressOf('/temp-queue/rpc')!;
    expect(await Promise.all([server.rpc.call(address, 'a', []), server.rpc.call(address, 'b', [])])).toEqual([1, 2]);
  });

  test('that throw are told to onError here, not to the caller', async () => {
    const onError = vi.fn();
    const { client, server } = await connectedPair({ onError });
    await client.implement({ bug: () => Promise.reject(new Error('in the page')) });
    const address = server.links[0]!.addressOf('/temp-queue/rpc')!;
    expect(await outcome(server.rpc.call(address, 'bug', []))).toMatchObject({
      error: { code: -32603, message: 'Internal error' },
    });
    expect(onError).toHaveBeenCalledWith(new Error('in the page'), 'bug');
  });
});

describe('what is wrong with a call is said here', () => {
  test.each([
    ['', {}, 'method must be a string that is not empty'],
    [undefined, {}, 'method must be a string that is not empty'],
    [{ method: 'ping' }, {}, 'method must be a string that is not empty'],
    ['ping', { timeOut: 5 }, 'ping: unknown option timeOut; known are signal, timeout, idempotent, whenOffline, '],
    ['ping', { timeout: '5' }, 'ping: option timeout must be a number, not negative'],
    ['ping', { timeout: NaN }, 'ping: option timeout must be a number'],
    ['ping', { signal: new AbortController() }, 'ping: option signal must be an AbortSignal'],
    ['ping', { service: 5 }, 'ping: option service must be a string'],
    ['ping', { idempotent: 1 }, 'ping: option idempotent must be a boolean'],
    ['ping', { whenOffline: 'queue' }, 'ping: option whenOffline must be wait or fail'],
    ['ping', { onProgress: {} }, 'ping: option onProgress must be a function'],
  ])('call(%j, …, %j)', async (method, options, message) => {
    const { client, network, clock } = await connectedPair({ server: { methods: { ping: () => 'pong' } } });
    const pending = clock.pending;
    const sent = framesOf(network.streams[0]!).length;
    expect(await outcome(client.call(method as string, {}, options as object))).toMatchObject({
      error: { name: 'TypeError', message: expect.stringContaining(message) as string },
    });
    expect([clock.pending, framesOf(network.streams[0]!).length]).toEqual([pending, sent]);
  });

  test('and with a notification, or with methods that are offered', async () => {
    const { client } = await connectedPair();
    await expect(client.notify('')).rejects.toThrow('method must be a string that is not empty');
    await expect(client.notify('a', {}, { servise: 'x' } as object)).rejects.toThrow('notify: unknown option servise');
    expect(() => client.implement({}, { name: 'x' } as object)).toThrow(
      'implement: unknown option name; known are service',
    );
    expect(() => client.implement({ rpc: { mine: () => 1 } })).toThrow(
      'method rpc.mine: names that begin with rpc. or $/',
    );
  });
});

test.each([
  ['too deep', '['.repeat(5) + ']'.repeat(5), 'more than 4 arrays and objects within each other (limits.jsonDepth)'],
  ['no JSON', '[,]', 'Parse error'],
  ['not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'not UTF-8'],
])('an answer that is %s rejects its call at once, and no other', async (_name, result, why) => {
  const { client, server } = await connectedPair({ limits: { jsonDepth: 4 } });
  const requests: Delivery[] = [];
  server.link.subscribe('/queue/rpc.odd', (delivery) => void requests.push(delivery));
  const [spoilt, other] = ['a', 'b'].map((method) => watch(client.call(method, {}, { service: 'odd' })));
  await quiet();
  const { id } = JSON.parse(bodyText(requests[0]!.body)) as { id: number };
  const head = `{"jsonrpc":"2.0","id":${id},"result":`;
  const parts = [head, result, '}'].map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part));
  const body = concatBytes(
    parts,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  void server.link.send({ destination: requests[0]!.replyTo!, headers: HeaderList.empty, body });
  expect(await spoilt!()).toMatchObject({
    error: { name: 'ProtocolError', code: 'ERR_ANSWER', by: 'them', message: expect.stringContaining(why) as string },
  });
  expect(await spoilt!()).toMatchObject({
    error: { message: expect.stringMatching(/^a: the answer cannot be read: /) as string },
  });
  expect(await other!()).toBe('pending');
});

test('calls made before the first connection go out with it', async () => {
  const { client } = pair({ server: { methods: { ping: () => 'pong' } } });
  expect(client.state).toBe('connecting');
  expect(await client.call('ping')).toBe('pong');
});
