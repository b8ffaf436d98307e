import { describe, expect, test, vi } from 'vitest';
import { RpcError } from '../../src/errors.js';
import {
  type Call,
  type Caller,
  Dispatcher,
  type DispatcherOptions,
  type Envelope,
  type Methods,
  MethodTable,
} from '../../src/jsonrpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { outcome } from '../fixtures/pair.js';

interface Answered {
  id: unknown;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

function serving(methods: Methods, options: DispatcherOptions = {}) {
  const clock = new ManualClock();
  const table = new MethodTable();
  table.add(methods);
  const dispatcher = new Dispatcher(table, { clock, ...options });
  const caller: Caller = { running: new Map() };
  /** Sends a message as JSON, so that nothing but JSON comes in or out. */
  const receive = async (message: unknown, envelope?: Envelope, from = caller): Promise<unknown> => {
    const text = await dispatcher.receive(JSON.parse(JSON.stringify(message)), from, envelope);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const call = (method: string, params?: unknown, envelope?: Envelope, id: unknown = 1) =>
    receive({ jsonrpc: '2.0', id, method, params }, envelope) as Promise<Answered>;
  const notify = (method: string, params?: unknown) => receive({ jsonrpc: '2.0', method, params });
  return { clock, dispatcher, caller, receive, call, notify };
}

/** A method whose calls end when the test says so, or when they are aborted. */
function held() {
  const calls: { call: Call; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
  const method = (_params: unknown, call: Call) =>
    new Promise((resolve, reject) => {
      calls.push({ call, resolve, reject });
      call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
    });
  return { calls, method };
}

describe('notifications are never answered', () => {
  const failing: Methods = {
    fine: () => 1,
    throws: () => {
      throw new Error('x');
    },
    rejects: () => Promise.reject(new RpcError(1, 'x')),
    cyclic: () => {
      const cycle: unknown[] = [];
      return cycle.push(cycle) && cycle;
    },
  };
  test.each(['fine', 'throws', 'rejects', 'cyclic', 'unknown', '$/unknown', '$/cancelRequest', '$/progress'])(
    '%s',
    async (method) => {
      expect(await serving(failing).notify(method)).toBeUndefined();
      expect(await serving(failing, { authorize: () => false }).notify(method)).toBeUndefined();
      expect(await serving(failing, { limits: { calls: 0 } }).notify(method)).toBeUndefined();
    },
  );
});

describe('answers are not answered', () => {
  const answers = [
    { jsonrpc: '2.0', id: 1, result: 5 },
    { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid Request' } },
  ];
  test('in a batch', async () => {
    expect(await serving({}).receive(answers)).toBeUndefined();
  });
  test('in a batch with a call', async () => {
    const batch = [...answers, { jsonrpc: '2.0', id: 2, method: 'one' }];
    expect(await serving({ one: () => 1 }).receive(batch)).toEqual([{ jsonrpc: '2.0', id: 2, result: 1 }]);
  });
});

describe('results', () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  test.each<[string, unknown, unknown]>([
    ['undefined', undefined, null],
    ['a function', () => 1, null],
    ['zero', 0, 0],
    ['nested', { a: [1, { b: null }] }, { a: [1, { b: null }] }],
  ])('%s, returned or promised', async (_name, result, told) => {
    const { call } = serving({ now: () => result, later: () => Promise.resolve(result) });
    expect(await call('now')).toEqual({ jsonrpc: '2.0', id: 1, result: told });
    expect(await call('later')).toEqual({ jsonrpc: '2.0', id: 1, result: told });
  });

  test.each<[string, unknown]>([
    ['a BigInt', { big: 1n }],
    ['a cycle', cycle],
    [
      'a toJSON that throws',
      {
        toJSON() {
          throw new Error('secret');
        },
      },
    ],
  ])('%s is an internal error, returned or promised', async (_name, result) => {
    const onError = vi.fn();
    const { call } = serving({ now: () => result, later: () => Promise.resolve(result) }, { onError });
    const error = { code: -32603, message: 'Internal error' };
    expect(await call('now')).toEqual({ jsonrpc: '2.0', id: 1, error });
    expect(await call('later')).toEqual({ jsonrpc: '2.0', id: 1, error });
    expect(onError.mock.calls.map(([, method]) => method as string)).toEqual(['now', 'later']);
  });
});

describe('what a handler throws', () => {
  const thrown = {
    error: new Error('the password is 1234'),
    text: 'the password is 1234',
    nothing: undefined,
  };
  test.each(Object.entries(thrown))(
    '%s: the caller hears of an internal error, the server of all',
    async (_name, what) => {
      const onError = vi.fn();
      const { call } = serving(
        {
          now: () => {
            throw what;
          },
          later: () => Promise.reject(what),
        },
        { onError },
      );
      const error = { code: -32603, message: 'Internal error' };
      expect(await call('now')).toEqual({ jsonrpc: '2.0', id: 1, error });
      expect(await call('later')).toEqual({ jsonrpc: '2.0', id: 1, error });
      expect(onError).toHaveBeenCalledTimes(2);
      expect(onError).toHaveBeenCalledWith(expect.any(Error), 'now');
    },
  );

  test('an RpcError passes, with its data', async () => {
    const onError = vi.fn();
    const data = { field: 'hostId', allowed: [1, null] };
    const { call } = serving({ no: () => Promise.reject(new RpcError(42, 'no such host', data)) }, { onError });
    expect(await call('no')).toEqual({ jsonrpc: '2.0', id: 1, error: { code: 42, message: 'no such host', data } });
    expect(onError).not.toHaveBeenCalled();
  });

  test('an RpcError whose data are not JSON is an internal error', async () => {
    const { call } = serving({ no: () => Promise.reject(new RpcError(42, 'no', 1n)) });
    expect(await call('no')).toMatchObject({ error: { code: -32603 } });
  });

  test('an RpcError whose code is no integer is told with one', async () => {
    const { call } = serving({ no: () => Promise.reject(new RpcError(NaN, 'no')) });
    expect(await call('no')).toMatchObject({ error: { code: -32603 } });
  });
});

describe('names that objects inherit', () => {
  const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'];
  test.each(names)('%s is an unknown method', async (method) => {
    expect(await serving({ host: { ping: () => 1 } }).call(method)).toMatchObject({ error: { code: -32601 } });
    expect(await serving({ host: { ping: () => 1 } }).call('host.' + method)).toMatchObject({
      error: { code: -32601 },
    });
  });

  test('are params like any other', async () => {
    const { dispatcher, caller } = serving({ keys: (params: object) => Object.keys(params) });
    const text = '{"jsonrpc":"2.0","id":1,"method":"keys","params":{"__proto__":{"polluted":1},"constructor":2}}';
    expect(JSON.parse((await dispatcher.receive(JSON.parse(text), caller))!)).toMatchObject({
      result: ['__proto__', 'constructor'],
    });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test('are ids like any other', async () => {
    const { call } = serving({ later: () => Promise.resolve(5) });
    expect(await call('later', undefined, {}, '__proto__')).toMatchObject({ id: '__proto__', result: 5 });
  });
});

describe('limits', () => {
  test('calls: refused beyond it, by name, and taken again once there is room', async () => {
    const { calls, method } = held();
    const { call, notify, caller } = serving({ wait: method }, { limits: { calls: 2 } });
    const first = call('wait', undefined, {}, 'a');
    void notify('wait');
    expect(calls.length).toBe(2);
    expect(await call('wait')).toMatchObject({
      error: { code: -32000, message: expect.stringContaining('limits.calls') as string },
    });
    calls[0]!.resolve('done');
    expect(await first).toMatchObject({ id: 'a', result: 'done' });
    expect(caller.running.size).toBe(1);
    expect(await outcome(call('wait'))).toBe('pending');
  });

  test('calls: each caller has its own', async () => {
    const { method } = held();
    const { receive, call } = serving({ wait: method, quick: () => Promise.resolve(1) }, { limits: { calls: 1 } });
    void call('wait');
    const other = { running: new Map() };
    expect(await receive({ jsonrpc: '2.0', id: 1, method: 'quick' }, {}, other)).toMatchObject({ result: 1 });
  });

  test('calls: the members of a batch count', async () => {
    const { method } = held();
    const { clock, receive } = serving({ wait: method }, { limits: { calls: 2 } });
    const answer = receive(
      [1, 2, 3].map((id) => ({ jsonrpc: '2.0', id, method: 'wait' })),
      { time: 10 },
    );
    clock.advance(10);
    expect(((await answer) as Answered[]).map(({ error }) => error!.code)).toEqual([-32002, -32002, -32000]);
  });

  test.each(['at once', 'later'])('batch: answers beyond what can be sent together are errors, %s', async (when) => {
    const long = 'x'.repeat(8 * 1024 * 1024 - 1000);
    const report = () => (when === 'at once' ? long : Promise.resolve(long));
    const { receive } = serving({ report });
    const answers = (await receive(
      Array.from({ length: 12 }, (_, id) => ({ jsonrpc: '2.0', id, method: 'report' })),
    )) as Answered[];
    expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(answers.filter(({ result }) => result === long)).toHaveLength(8);
    expect(answers.slice(8).map(({ error }) => error?.code)).toEqual([-32000, -32000, -32000, -32000]);
  });

  test('batch: refused as a whole, by name, and nothing of it is run', async () => {
    const run = vi.fn();
    const { receive } = serving({ run }, { limits: { batch: 2 } });
    const member = { jsonrpc: '2.0', id: 1, method: 'run' };
    expect(await receive([member, member, member])).toMatchObject({
      id: null,
      error: { code: -32600, message: expect.stringContaining('limits.batch') as string },
    });
    expect(run).not.toHaveBeenCalled();
    expect(await receive([member, member])).toHaveLength(2);
  });
});

describe('$/cancelRequest', () => {
  test.each(['text', 0, -1, 1.5])('aborts the call with id %j, which is answered with -32800', async (id) => {
    const { calls, method } = held();
    const { call, notify } = serving({ wait: method });
    const answer = call('wait', undefined, {}, id);
    expect(await notify('$/cancelRequest', { id })).toBeUndefined();
    expect(calls[0]!.call.signal.aborted).toBe(true);
    expect(await answer).toMatchObject({ id, error: { code: -32800 } });
  });

  test('is answered with -32800 whatever the handler throws then', async () => {
    const onError = vi.fn();
    const { calls, method } = held();
    const { call, notify } = serving(
      { wait: (_params: unknown, one) => method(_params, one).catch(() => Promise.reject(new Error('AbortError'))) },
      { onError },
    );
    const answer = call('wait');
    await notify('$/cancelRequest', { id: 1 });
    expect(calls).toHaveLength(1);
    expect(await answer).toMatchObject({ error: { code: -32800 } });
    expect(onError).not.toHaveBeenCalled();
  });

  test('leaves it to the handler: a result that comes all the same is the answer', async () => {
    let finish!: (value: string) => void;
    const { call, notify } = serving({ stubborn: () => new Promise<string>((resolve) => (finish = resolve)) });
    const answer = call('stubborn');
    await notify('$/cancelRequest', { id: 1 });
    finish('done');
    expect(await answer).toMatchObject({ result: 'done' });
  });

  test('reaches a handler that looks at its signal only later', async () => {
    let look!: () => void;
    const { call, notify } = serving({
      late: async (_params: unknown, one) => {
        await new Promise<void>((resolve) => (look = resolve));
        return [one.signal.aborted, (one.signal.reason as RpcError).code];
      },
    });
    const answer = call('late');
    await notify('$/cancelRequest', { id: 1 });
    look();
    expect(await answer).toMatchObject({ result: [true, -32800] });
  });

  test.each<[string, unknown]>([
    ['of an unknown id', { id: 99 }],
    ['of the same id in another type', { id: '1' }],
    ['of null', { id: null }],
    ['without params', undefined],
    ['of no id at all', {}],
    ['of an array', [1]],
    ['of an inherited name', { id: 'constructor' }],
  ])('%s does nothing', async (_name, params) => {
    const { calls, method } = held();
    const { call, notify } = serving({ wait: method });
    void call('wait');
    expect(await notify('$/cancelRequest', params)).toBeUndefined();
    expect(calls[0]!.call.signal.aborted).toBe(false);
  });

  test('does not reach the calls of others', async () => {
    const { calls, method } = held();
    const { call, receive } = serving({ wait: method });
    void call('wait');
    await receive({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } }, {}, { running: new Map() });
    expect(calls[0]!.call.signal.aborted).toBe(false);
  });

  test('with an id is a call of an unknown method', async () => {
    expect(await serving({}).call('$/cancelRequest', { id: 1 })).toMatchObject({ error: { code: -32601 } });
  });

  test('before it was decided whether the call is allowed: it is not run', async () => {
    let allow!: (allowed: boolean) => void;
    const run = vi.fn();
    const { call, notify } = serving({ run }, { authorize: () => new Promise((resolve) => (allow = resolve)) });
    const answer = call('run');
    await notify('$/cancelRequest', { id: 1 });
    allow(true);
    expect(await answer).toMatchObject({ error: { code: -32800 } });
    expect(run).not.toHaveBeenCalled();
  });
});

test('two calls with one id, a mistake of the caller, are both answered', async () => {
  const { calls, method } = held();
  const { call, caller } = serving({ wait: method });
  const answers = [call('wait'), call('wait')];
  expect(caller.running.size).toBe(2);
  calls[1]!.resolve('second');
  calls[0]!.resolve('first');
  expect(await Promise.all(answers)).toMatchObject([{ result: 'first' }, { result: 'second' }]);
  expect(caller.running.size).toBe(0);
});

describe('the time of a call', () => {
  test('aborts its signal when it is over, and answers -32002', async () => {
    const { calls, method } = held();
    const { clock, call } = serving({ wait: method });
    const answer = call('wait', undefined, { time: 100 });
    expect(calls[0]!.call.deadline).toBe(100);
    clock.advance(99);
    expect(calls[0]!.call.signal.aborted).toBe(false);
    clock.advance(1);
    expect(calls[0]!.call.signal.aborted).toBe(true);
    expect(await answer).toMatchObject({ error: { code: -32002 } });
  });

  test('has no end unless it was given one', async () => {
    const { calls, method } = held();
    const { clock, call } = serving({ wait: method });
    void call('wait');
    expect(calls[0]!.call.deadline).toBe(Infinity);
    expect(clock.pending).toBe(0);
  });

  test('of a call that was answered rings nowhere', async () => {
    const { clock, call } = serving({ quick: () => Promise.resolve(1) });
    await call('quick', undefined, { time: 100 });
    clock.advance(1000);
    expect(clock.pending).toBe(0);
  });
});

test('a caller that leaves has all its calls aborted, notifications too', async () => {
  const { calls, method } = held();
  const { dispatcher, caller, call, notify } = serving({ wait: method });
  void call('wait').catch(() => {});
  void notify('wait');
  const reason = new Error('gone');
  dispatcher.leave(caller, reason);
  expect(calls.map((one) => one.call.signal.reason)).toEqual([reason, reason]);
});

test.each<[string, (reason: Error) => Error]>([
  ['the reason itself', (reason) => reason],
  // As setTimeout of node:timers/promises, readFile and others do.
  [
    'an AbortError',
    (cause) => Object.assign(new Error('The operation was aborted', { cause }), { name: 'AbortError' }),
  ],
])('a handler that stops by %s when its caller leaves made no mistake', async (_name, make) => {
  const onError = vi.fn();
  const wait = (_params: unknown, { signal }: Call) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(make(signal.reason as Error))));
  const { dispatcher, caller, call } = serving({ wait, fail: () => Promise.reject(make(new Error('x'))) }, { onError });
  const waiting = call('wait');
  dispatcher.leave(caller, new Error('gone'));
  await waiting;
  expect(onError).not.toHaveBeenCalled();
  // Nobody has left.
  await call('fail');
  expect(onError).toHaveBeenCalledTimes(1);
});

describe('authorize', () => {
  test.each<[string, NonNullable<DispatcherOptions['authorize']>, number]>([
    ['false', () => false, -32001],
    ['a promise of false', () => Promise.resolve(false), -32001],
    ['an RpcError', () => Promise.reject(new RpcError(-5, 'read only')), -5],
    ['an error', () => Promise.reject(new Error('database down')), -32603],
    [
      'a throw',
      () => {
        throw new RpcError(-6, 'no');
      },
      -6,
    ],
    ['a truthy value that is not true', () => 'yes' as unknown as boolean, -32001],
  ])('refuses by %s; the method is not run', async (_name, authorize, code) => {
    const run = vi.fn();
    expect(await serving({ run }, { authorize }).call('run')).toMatchObject({ error: { code } });
    expect(run).not.toHaveBeenCalled();
  });

  test.each([true, Promise.resolve(true)])('%s lets the call through', async (verdict) => {
    const authorize = vi.fn(() => verdict);
    const { call, caller } = serving({ later: () => Promise.resolve(5), now: () => 6 }, { authorize });
    expect(await call('later')).toMatchObject({ result: 5 });
    expect(await call('now')).toMatchObject({ result: 6 });
    expect(authorize).toHaveBeenCalledWith(caller, 'later');
  });
});

test('a handler is told who asks', async () => {
  const { receive } = serving({ who: (_params: unknown, call) => [call.principal, call.session, call.method] });
  const caller = { principal: 'alice', session: 's1', running: new Map() };
  expect(await receive({ jsonrpc: '2.0', id: 1, method: 'who' }, {}, caller)).toMatchObject({
    result: ['alice', 's1', 'who'],
  });
});

describe('progress', () => {
  const methods: Methods = {
    work: async (_params: unknown, call) => {
      call.progress({ done: 1 });
      await Promise.resolve();
      call.progress(undefined);
    },
  };
  test('is told with the id of the call, while it is being worked on', async () => {
    const told: unknown[] = [];
    await serving(methods).call('work', undefined, { notify: (text) => told.push(JSON.parse(text)) }, 'x');
    expect(told).toEqual([
      { jsonrpc: '2.0', method: '$/progress', params: { token: 'x', value: { done: 1 } } },
      { jsonrpc: '2.0', method: '$/progress', params: { token: 'x' } },
    ]);
  });

  test('of a notification, or without a way back, goes nowhere', async () => {
    const told = vi.fn();
    const { receive, call } = serving(methods);
    await receive({ jsonrpc: '2.0', method: 'work' }, { notify: told });
    await call('work');
    expect(told).not.toHaveBeenCalled();
  });

  test('ends with the call: what is reported after the answer goes nowhere', async () => {
    const told = vi.fn();
    let kept!: Call;
    const { call } = serving({ work: (_params: unknown, one) => Promise.resolve(void (kept = one)) });
    await call('work', undefined, { notify: told });
    kept.progress('late');
    expect(told).not.toHaveBeenCalled();
  });
});

describe('a batch', () => {
  test('is run side by side, and answered at once in the order of the calls', async () => {
    const { calls, method } = held();
    const { receive } = serving({ wait: method });
    const answer = receive([1, 2].map((id) => ({ jsonrpc: '2.0', id, method: 'wait' })));
    expect(calls).toHaveLength(2);
    calls[1]!.resolve('b');
    expect(await outcome(answer)).toBe('pending');
    calls[0]!.resolve('a');
    expect(await answer).toMatchObject([
      { id: 1, result: 'a' },
      { id: 2, result: 'b' },
    ]);
  });

  test('in a batch is an invalid member', async () => {
    expect(await serving({}).receive([[]])).toMatchObject([{ id: null, error: { code: -32600 } }]);
  });

  test('can cancel its own calls', async () => {
    const { method } = held();
    const { receive } = serving({ wait: method });
    const answer = await receive([
      { jsonrpc: '2.0', id: 1, method: 'wait' },
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } },
    ]);
    expect(answer).toMatchObject([{ id: 1, error: { code: -32800 } }]);
  });
});
