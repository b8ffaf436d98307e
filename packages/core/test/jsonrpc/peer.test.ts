import { describe, expect, test, vi } from 'vitest';
import { ConnectionError, RpcError } from '../../src/errors.js';
import {
  type Caller,
  Dispatcher,
  type JsonRpcPeerOptions,
  JsonRpcPeer,
  lineChannel,
  type Methods,
  MethodTable,
} from '../../src/jsonrpc/index.js';
import { ManualClock, memoryStreams } from '../../src/testing/index.js';
import { decodeText } from '../../src/text.js';
import { outcome, quiet, watch } from '../fixtures/pair.js';
import { textEnds } from '../fixtures/texts.js';

function peers(nearMethods: Methods, farMethods: Methods, options: Partial<JsonRpcPeerOptions> = {}) {
  const clock = new ManualClock();
  const ends = textEnds();
  const peer = (at: 0 | 1, methods: Methods) => {
    const table = new MethodTable();
    table.add(methods);
    const caller: Caller = { running: new Map() };
    const made = new JsonRpcPeer(ends[at], { dispatcher: new Dispatcher(table, { clock }), caller, clock, ...options });
    return { peer: made, ended: made.run(), caller, end: ends[at] };
  };
  return { clock, near: peer(0, nearMethods), far: peer(1, farMethods) };
}

/** A peer whose other end is in the test's hands. */
function raw(methods: Methods = {}) {
  const [end, far] = textEnds();
  const table = new MethodTable();
  table.add(methods);
  const peer = new JsonRpcPeer(far, { dispatcher: new Dispatcher(table), caller: { running: new Map() } });
  const ended = peer.run();
  const answers = async (text: string): Promise<string[]> => {
    const before = end.received.length;
    end.send(text);
    await quiet();
    return end.received.slice(before);
  };
  return { peer, end, ended, answers };
}

const never = () => new Promise<never>(() => {});

test('both sides call, on one channel, with ids of their own', async () => {
  const { near, far } = peers({ name: () => 'near' }, { name: () => Promise.resolve('far') });
  expect(await Promise.all([near.peer.call('name', undefined), far.peer.call('name', [])])).toEqual(['far', 'near']);
});

test('a handler calls back while it works', async () => {
  const all = peers(
    { confirm: ({ text }: { text: string }) => text === 'sure?' },
    {
      remove: () => all.far.peer.call('confirm', { text: 'sure?' }),
    },
  );
  expect(await all.near.peer.call('remove', undefined)).toBe(true);
});

test('errors come with code, message and data', async () => {
  const { near } = peers({}, { no: () => Promise.reject(new RpcError(7, 'no', { a: 1 })) });
  await expect(near.peer.call('no', undefined)).rejects.toEqual(new RpcError(7, 'no', { a: 1 }));
  expect(await outcome(near.peer.call('unknown', undefined))).toMatchObject({
    error: { code: -32601, data: 'unknown' },
  });
});

test('whoever sends much at once lets the others have their turn', async () => {
  let done = 0;
  const { clock, near } = peers(
    {},
    {
      work: () => {
        done++;
        clock.advance(3);
      },
    },
  );
  for (let one = 0; one < 20; one++) void near.peer.notify('work', undefined);
  await quiet();
  expect(done).toBeLessThan(10);
  for (let turn = 0; turn < 10; turn++) {
    clock.advance(0);
    await quiet();
  }
  expect(done).toBe(20);
});

test('a notification arrives, and nothing comes back', async () => {
  const took = vi.fn();
  const { near } = peers({}, { note: took });
  await near.peer.notify('note', { a: 1 });
  await near.peer.notify('unknown', undefined);
  await quiet();
  expect(took).toHaveBeenCalledWith({ a: 1 }, expect.anything());
  expect(near.end.received).toEqual([]);
});

test('a notification that is not JSON rejects', async () => {
  await expect(raw().peer.notify('note', { big: 1n })).rejects.toThrow(TypeError);
});

test('what is no JSON is answered, and the channel goes on', async () => {
  const { answers } = raw({ ping: () => 'pong' });
  expect(JSON.parse((await answers('{'))[0]!)).toMatchObject({ id: null, error: { code: -32700 } });
  expect(await answers('{"jsonrpc":"2.0","id":1,"method":"ping"}')).toEqual([
    '{"jsonrpc":"2.0","id":1,"result":"pong"}',
  ]);
});

test.each([
  '{"jsonrpc":"2.0","id":5,"result":1}',
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}',
  '[{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request"}}]',
  '[{"jsonrpc":"2.0","id":5,"result":1},{"jsonrpc":"2.0","method":"$/progress","params":{"token":5}}]',
  '{"jsonrpc":"2.0","method":"$/progress","params":null}',
  '{"jsonrpc":"2.0","method":"$/progress"}',
])('nothing is said to %s', async (text) => {
  expect(await raw().answers(text)).toEqual([]);
});

test('two peers never answer each other’s answers', async () => {
  const { near, far } = peers({}, {});
  near.end.send('[1,2,3]');
  await quiet();
  expect([near.end.received.length, far.end.received.length]).toEqual([1, 1]);
});

test('answers may come as a batch', async () => {
  const { peer, end } = raw();
  const results = [peer.call('a', []), peer.call('b', [])];
  end.send('[{"jsonrpc":"2.0","id":2,"result":"b"},{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}]');
  expect(await outcome(results[0]!)).toMatchObject({ error: { code: 1 } });
  expect(await outcome(results[1]!)).toEqual({ value: 'b' });
});

test('an aborted call is cancelled over there', async () => {
  const aborted = vi.fn();
  const { near } = peers(
    {},
    {
      wait: (_params: unknown, call) => {
        call.signal.addEventListener('abort', () => aborted((call.signal.reason as RpcError).code));
        return never();
      },
    },
  );
  const controller = new AbortController();
  const result = watch(near.peer.call('wait', undefined, { signal: controller.signal }));
  await quiet();
  controller.abort('enough');
  expect(await result()).toEqual({ error: 'enough' });
  expect(aborted).toHaveBeenCalledWith(-32800);
});

test('a call whose time is over is cancelled over there', async () => {
  let signal!: AbortSignal;
  const { near, clock } = peers(
    {},
    { wait: (_params: unknown, call) => ((signal = call.signal as AbortSignal), never()) },
  );
  const result = watch(near.peer.call('wait', undefined, { timeout: 10 }));
  await quiet();
  clock.advance(10);
  expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'maybe' } });
  expect(signal.aborted).toBe(true);
});

test('progress with an id is a request, and answered', async () => {
  const { answers } = raw();
  const [answer] = await answers('{"jsonrpc":"2.0","id":1,"method":"$/progress","params":{"token":1}}');
  expect(JSON.parse(answer!)).toMatchObject({ id: 1, error: { code: -32601 } });
});

test('progress comes before the answer', async () => {
  const { near } = peers(
    {},
    {
      work: async (_params: unknown, call) => {
        for (const percent of [10, 50]) call.progress({ percent });
        await Promise.resolve();
        return 'done';
      },
    },
  );
  const told: unknown[] = [];
  expect(await near.peer.call('work', undefined, { onProgress: (value) => told.push(value) })).toBe('done');
  expect(told).toEqual([{ percent: 10 }, { percent: 50 }]);
});

describe('the end of the channel', () => {
  test.each<[string, Error | undefined]>([
    ['in good order', undefined],
    ['by a failure', new ConnectionError('ERR_CONNECTION_LOST', 'network')],
  ])('%s: calls reject, handlers are aborted, run resolves', async (_name, failure) => {
    let signal!: AbortSignal;
    const { near, far } = peers(
      {},
      { wait: (_params: unknown, call) => ((signal = call.signal as AbortSignal), never()) },
    );
    const result = watch(near.peer.call('wait', undefined));
    await quiet();
    if (failure === undefined) await near.end.close();
    else near.end.cut(failure);
    expect(await result()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe', cause: failure } });
    expect(await near.ended).toBe(failure);
    expect(await far.ended).toBe(failure);
    expect(signal.aborted).toBe(true);
    expect(await outcome(near.peer.call('wait', undefined))).toMatchObject({
      error: { code: 'ERR_CLOSED', sent: 'no' },
    });
  });
});

describe('whoever has ended its own side', () => {
  /** A peer over lines of a stream that can be half closed. */
  function lines(methods: Methods, isHalf = true) {
    const clock = new ManualClock();
    const [far, near] = memoryStreams();
    let isGone = (): void => {};
    const gone = new Promise<void>((resolve) => (isGone = resolve));
    const channel = lineChannel({
      send: (item) => near.send(item),
      close: (reason) => near.close(reason),
      gone: isHalf ? gone : undefined,
      [Symbol.asyncIterator]: () => near[Symbol.asyncIterator](),
    });
    const table = new MethodTable();
    table.add(methods);
    const caller: Caller = { running: new Map() };
    const peer = new JsonRpcPeer(channel, { dispatcher: new Dispatcher(table, { clock }), caller, clock });
    const ended: { state: string; value?: Error | undefined } = { state: 'pending' };
    void peer.run().then((value) => Object.assign(ended, { state: 'resolved', value }));
    const sent = (): unknown[] =>
      near.sent
        .flatMap((bytes) => decodeText(bytes).split('\n').slice(0, -1))
        .map((text) => JSON.parse(text) as unknown);
    return { clock, far, isGone, caller, peer, ended, sent };
  }
  const slow = '{"jsonrpc":"2.0","id":1,"method":"slow"}';

  test('gets the answers of what it asked for, and then the end', async () => {
    let finish = (_: string): void => {};
    const { clock, far, ended, sent } = lines({ slow: () => new Promise((resolve) => (finish = resolve)) });
    far.send(`[${slow}]`);
    await far.close();
    await quiet();
    expect(ended.state).toBe('pending');
    finish('done');
    await quiet();
    expect(sent()).toEqual([[{ jsonrpc: '2.0', id: 1, result: 'done' }]]);
    expect(ended).toMatchObject({ state: 'resolved', value: undefined });
    expect(clock.pending).toBe(0);
  });

  test('is waited for as long as limits.halfClosedTime, and told so', async () => {
    const { clock, far, ended, sent, caller } = lines({ slow: never });
    far.send(slow + '\n');
    await far.close();
    await quiet();
    const [call] = caller.running.values();
    clock.advance(29_999);
    await quiet();
    expect([ended.state, call!.abortReason]).toEqual(['pending', undefined]);
    clock.advance(1);
    await quiet();
    const message = 'more than 30000 ms from your end to the last answer (limits.halfClosedTime)';
    expect(sent()).toEqual([{ jsonrpc: '2.0', id: null, error: { code: -32000, message } }]);
    expect(call!.abortReason).toBeDefined();
    expect(ended).toMatchObject({ state: 'resolved', value: { limit: 'halfClosedTime' } });
  });

  test('can be called no more', async () => {
    const all = lines({ slow: () => all.peer.call('confirm', undefined) });
    all.far.send(slow + '\n');
    await all.far.close();
    await quiet();
    expect(all.sent().at(-1)).toMatchObject({ id: 1, error: { code: -32603 } });
    expect(all.ended.state).toBe('resolved');
  });

  test('and is gone after all is not waited for', async () => {
    const { far, isGone, ended, caller } = lines({ slow: never });
    far.send(slow + '\n');
    await far.close();
    await quiet();
    const [call] = caller.running.values();
    isGone();
    await quiet();
    expect(call!.abortReason).toBeDefined();
    expect(ended.state).toBe('resolved');
  });

  test('where that is the end of both is not waited for', async () => {
    const { far, ended } = lines({ slow: never }, false);
    far.send(slow + '\n');
    await far.close();
    await quiet();
    expect(ended.state).toBe('resolved');
  });
});
