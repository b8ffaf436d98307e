// Calls by XML-RPC: what handlers get, what they return, and the methods about methods.

import { describe, expect, test, vi } from 'vitest';
import { RpcError } from '@sallyport/core';
import {
  type Call,
  type Caller,
  Dispatcher,
  type DispatcherOptions,
  type Methods,
  MethodTable,
} from '@sallyport/core/jsonrpc';
import { readResponse } from '../../src/xml-rpc/document-reader.js';
import { callXml } from '../../src/xml-rpc/documents.js';
import { multicall } from '../../src/xml-rpc/multicall.js';
import { XmlRpcService } from '../../src/xml-rpc/service.js';
import { resolvers } from '../fixtures/sockets.js';
import { bytes, DEPTH } from './documents.js';

const never = new AbortController().signal;

function serving(methods: Methods, options: DispatcherOptions = {}) {
  const table = new MethodTable();
  table.add({
    echo: (params: unknown) => params,
    fail: () => {
      throw new RpcError(4001, 'locked', { door: 'north' });
    },
    ...methods,
  });
  const dispatcher = new Dispatcher(table, options);
  const service = new XmlRpcService(dispatcher, { batch: 3, depth: DEPTH });
  const caller: Caller = { running: new Map(), principal: 'ann', session: {} };
  const ask = async (method: string, ...params: unknown[]): Promise<unknown> => {
    const call = await service.read(bytes(callXml(method, params, DEPTH)), never);
    const response = readResponse(bytes(await service.answer(call, caller)), DEPTH);
    if ('error' in response) return [response.error.code, response.error.message];
    return response.result;
  };
  return { ask, caller, dispatcher, service };
}

describe('params', () => {
  test.each<[string, unknown[], unknown]>([
    ['none', [], null],
    ['one', ['a'], 'a'],
    ['one that is an array', [[1, 2]], [1, 2]],
    ['one that is a struct', [{ a: 1 }], { a: 1 }],
    ['one that is nil', [null], null],
    ['several', [1, 'two', {}], [1, 'two', {}]],
  ])('%s', async (_, params, answer) => {
    expect(await serving({}).ask('echo', ...params)).toStrictEqual(answer);
  });

  test('that are none are undefined, and of types that JSON does not have', async () => {
    const seen = vi.fn(() => null);
    const { ask } = serving({ seen });
    const date = new Date('2026-01-02T03:04:05Z');
    await ask('seen');
    await ask('seen', { date, bytes: Buffer.of(1, 2) });
    expect(seen.mock.calls.map(([params]: unknown[]) => params)).toStrictEqual([
      undefined,
      { date, bytes: Uint8Array.of(1, 2) },
    ]);
  });
});

describe('an answer', () => {
  test('is told later as well', async () => {
    const { ask, caller } = serving({ later: async () => Promise.resolve({ done: true }) });
    expect(await ask('later')).toEqual({ done: true });
    expect(caller.running.size).toBe(0);
  });

  test('is a fault', async () => {
    const onError = vi.fn();
    const crash = () => Promise.reject(new Error('secret'));
    const { ask } = serving({ crash }, { onError });
    expect(await ask('fail')).toEqual([4001, 'locked']);
    expect(await ask('none')).toEqual([-32601, 'Method not found: none']);
    expect(await ask('__proto__')).toEqual([-32601, 'Method not found: __proto__']);
    expect(onError).not.toHaveBeenCalled();
    expect(await ask('crash')).toEqual([-32603, 'Internal error']);
    expect(onError.mock.calls).toEqual([[new Error('secret'), 'crash']]);
  });

  test('that cannot be carried says so', async () => {
    const { ask } = serving({ wrong: () => [NaN], wrongLater: () => Promise.resolve('\u0000') });
    expect(await ask('wrong')).toEqual([-32603, 'Internal error: XML-RPC cannot carry the number NaN']);
    expect(await ask('wrongLater')).toEqual([-32603, expect.stringContaining('cannot carry the character U+0000')]);
  });

  test('is refused to whoever may not', async () => {
    const authorize = vi.fn((_: Caller, method: string) => method === 'echo');
    const { ask, caller } = serving({}, { authorize });
    expect(await ask('echo', 1)).toBe(1);
    expect(await ask('fail')).toEqual([-32001, 'not allowed']);
    expect(await ask('system.listMethods')).toEqual([-32001, 'not allowed']);
    expect(authorize).toHaveBeenLastCalledWith(caller, 'system.listMethods');
  });
});

describe('reading', () => {
  test('of much lets others have their turns', async () => {
    const { service } = serving({});
    const document = bytes(callXml('echo', ['x'.repeat(1_000_000)], DEPTH));
    let turns = 0;
    const clock = setInterval(() => turns++, 0);
    const call = await service.read(document, never);
    clearInterval(clock);
    expect(call.params[0]).toHaveLength(1_000_000);
    expect(turns).toBeGreaterThan(2);
  });

  test('ends when nobody waits any more', async () => {
    const left = new AbortController();
    const { service } = serving({});
    const reading = service.read(bytes(callXml('echo', ['x'.repeat(1_000_000)], DEPTH)), left.signal);
    left.abort(new Error('gone'));
    await expect(reading).rejects.toThrow('gone');
  });
});

describe('methods about methods', () => {
  test('list all', async () => {
    const names = [
      'echo',
      'fail',
      'system.listMethods',
      'system.methodHelp',
      'system.methodSignature',
      'system.multicall',
    ];
    expect(await serving({}).ask('system.listMethods')).toEqual(names);
  });

  test('tell what is known, which is nothing of the others', async () => {
    const { ask } = serving({});
    expect(await ask('system.methodHelp', 'echo')).toBe('');
    expect(await ask('system.methodSignature', 'echo')).toBe('undef');
    expect(await ask('system.methodHelp', 'system.listMethods')).toBe('The names of all methods.');
    expect(await ask('system.methodSignature', 'system.multicall')).toEqual([['array', 'array']]);
    for (const method of ['system.methodHelp', 'system.methodSignature']) {
      expect(await ask(method, 'none')).toEqual([-32601, 'Method not found: none']);
      expect(await ask(method)).toEqual([-32602, 'Invalid params: the name of a method']);
    }
  });

  test('give way to those of the server', async () => {
    const { ask } = serving({ system: { methodHelp: () => 'read the manual' } });
    expect(await ask('system.methodHelp', 'echo')).toBe('read the manual');
    expect(new Set((await ask('system.listMethods')) as string[]).size).toBe(6);
  });
});

describe('system.multicall', () => {
  const call = (methodName: string, ...params: unknown[]) => ({ methodName, params });
  const fault = (faultCode: number, faultString: string) => ({ faultCode, faultString });
  const wrong = 'Invalid Request: a call is a struct of methodName, a string, and params, an array';

  test('answers each call by itself', async () => {
    const { ask } = serving({ nan: () => NaN });
    expect(await ask('system.multicall', [call('echo', [7]), call('fail'), call('nan')])).toEqual([
      [[7]],
      fault(4001, 'locked'),
      fault(-32603, 'Internal error: XML-RPC cannot carry the number NaN'),
    ]);
    expect(await ask('system.multicall', [call('system.methodHelp', 'echo'), call('none')])).toEqual([
      [''],
      fault(-32601, 'Method not found: none'),
    ]);
    expect(await ask('system.multicall', [])).toEqual([]);
  });

  test('says what is no call', async () => {
    const { ask } = serving({});
    const calls = [null, { methodName: 'echo' }, { methodName: 1, params: [] }];
    expect(await ask('system.multicall', calls)).toEqual(calls.map(() => fault(-32600, wrong)));
    expect(await ask('system.multicall', 'echo')).toEqual([-32602, 'Invalid params: an array of calls']);
    expect(await ask('system.multicall')).toEqual([-32602, 'Invalid params: an array of calls']);
  });

  test('is not made within itself, and not of too many', async () => {
    const { ask } = serving({});
    const inner = fault(-32600, 'Invalid Request: system.multicall within itself');
    expect(await ask('system.multicall', [call('system.multicall', [])])).toEqual([inner]);
    const refusal = 'more than 3 calls in a multicall (limits.batch)';
    expect(await ask('system.multicall', Array(4).fill(call('fail')))).toEqual([-32600, refusal]);
  });

  test('has an answer that is bounded: what is behind that is faults', async () => {
    const result = `<value>${'x'.repeat(30 * 1024 * 1024)}</value>`;
    const methods = { call: () => result, leave: () => {} };
    const { signal } = new AbortController();
    const { xml } = await multicall(
      [1, 2, 3, 4].map(() => call('long')),
      { signal } as Call,
      {
        methods,
        batch: 4,
        depth: DEPTH,
      },
    );
    expect(xml.length).toBeLessThan(64 * 1024 * 1024);
    expect(xml.split(result)).toHaveLength(3);
    const told = /<int>-32000<\/int>[^]*?longer than 67108864 characters together; make fewer calls at once/g;
    expect(xml.slice(-1000).match(told)).toHaveLength(2);
  });

  test('asks for each whether it is allowed', async () => {
    const authorize = vi.fn((_: Caller, method: string) => Promise.resolve(method !== 'fail'));
    const { ask, caller } = serving({}, { authorize });
    const calls = [call('echo', 1), call('fail')];
    expect(await ask('system.multicall', calls)).toEqual([[1], fault(-32001, 'not allowed')]);
    const { principal, session } = caller;
    const asked = authorize.mock.calls.map(([who, method]) => [who.principal, who.session === session, method]);
    expect(asked).toEqual(['system.multicall', 'echo', 'fail'].map((method) => [principal, true, method]));
  });

  test('makes one call behind the other, as one of its connection', async () => {
    const steps: string[] = [];
    const first = resolvers<string>();
    const methods: Methods = {
      first: () => {
        steps.push('first');
        return first.promise;
      },
      second: async () => {
        steps.push('second');
        return Promise.resolve(2);
      },
    };
    const { ask, caller } = serving(methods, { limits: { calls: 1 } });
    const answers = ask('system.multicall', [call('first'), call('second')]);
    await vi.waitFor(() => expect(steps).toEqual(['first']));
    expect(caller.running.size).toBe(1);
    first.resolve('one');
    expect(await answers).toEqual([['one'], [2]]);
  });

  test('stops when its caller leaves', async () => {
    const second = vi.fn();
    const reasons: unknown[] = [];
    const first = (_: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(signal.reason as Error);
        });
      });
    const onError = vi.fn();
    const { ask, caller, dispatcher } = serving({ first, second }, { onError });
    const answers = ask('system.multicall', [call('first'), call('second')]);
    await vi.waitFor(() => expect(caller.running.size).toBe(1));
    await new Promise((resolve) => setImmediate(resolve));
    const left = new Error('left');
    dispatcher.leave(caller, left);
    expect(await answers).toEqual([-32603, 'Internal error']);
    expect(reasons).toEqual([left]);
    expect(second).not.toHaveBeenCalled();
    expect(onError).not.toHaveBeenCalled();
  });
});
