import { describe, expect, test, vi } from 'vitest';
import { remote } from '../../src/client/remote.js';
import { connectedPair } from '../fixtures/pair.js';

function recording() {
  const call = vi.fn((method: string) => Promise.resolve(`answer of ${method}`));
  return { call, api: remote<object>(call) as unknown as Nested };
}

interface Nested {
  (params?: unknown, options?: object): Promise<unknown>;
  [name: string]: Nested;
}

test('the names walked are the method called, with params and options', async () => {
  const { api, call } = recording();
  const options = { timeout: 5 };
  expect(await api['host']!['vm']!['start']!({ id: 1 }, options)).toBe('answer of host.vm.start');
  await api['ping']!();
  expect(call.mock.calls).toEqual([
    ['host.vm.start', { id: 1 }, options],
    ['ping', undefined, undefined],
  ]);
});

test('a part can be kept, and is always the same', async () => {
  const { api, call } = recording();
  const { host } = api;
  expect(host).toBe(api['host']);
  const getStats = host!['getStats']!;
  await getStats([1]);
  expect(call).toHaveBeenCalledWith('host.getStats', [1], undefined);
});

test('it is no promise: awaiting it, or a part, calls nothing', async () => {
  const { api, call } = recording();
  expect(await (api as unknown)).toBe(api);
  expect(await (api['host'] as unknown)).toBe(api['host']);
  expect(api['then']).toBeUndefined();
  expect(call).not.toHaveBeenCalled();
});

test('looking at it calls nothing: symbols, JSON, comparing, spreading', () => {
  const { api, call } = recording();
  expect((api as unknown as Record<symbol, unknown>)[Symbol.iterator]).toBeUndefined();
  expect(JSON.stringify({ api })).toBe('{}');
  expect({ ...api }).toEqual({});
  expect(api === api['x']).toBe(false);
  expect(call).not.toHaveBeenCalled();
});

describe('names that functions and objects have themselves are names of methods', () => {
  test.each([
    'constructor',
    'name',
    'length',
    'call',
    'apply',
    'bind',
    'prototype',
    'arguments',
    'caller',
    'toString',
    '__proto__',
  ])('%s', async (name) => {
    const { api, call } = recording();
    await api['host']![name]!(1);
    await api[name]!['get']!(2);
    expect(call.mock.calls.map(([method]) => method)).toEqual([`host.${name}`, `${name}.get`]);
  });
});

test('client.api calls over the connection', async () => {
  interface Api {
    host: { getStats(params: { hostId: string }): { load: number } };
    sum(numbers: readonly number[]): number;
  }
  const { client } = await connectedPair<Api>({
    server: {
      methods: {
        host: { getStats: ({ hostId }: { hostId: string }) => ({ load: hostId.length }) },
        sum: (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0),
      },
    },
  });
  expect(await client.api.host.getStats({ hostId: 'h1' })).toEqual({ load: 2 });
  expect(await client.api.sum([1, 2, 3])).toBe(6);
  await expect(client.api.sum([1], { signal: AbortSignal.abort('no') })).rejects.toBe('no');
});
