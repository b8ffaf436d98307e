// What the compiler must say of the public types; `tsc` fails where it does not.

import { describe, expectTypeOf, test } from 'vitest';
import type { Client, EventItem, EventStream, Remote, UntypedRemote } from '../../src/client/index.js';
import type { Call, CallOptions, Handler, Implementation, Methods, UntypedMethods } from '../../src/jsonrpc/index.js';

interface StatsParams {
  hostId: string;
}

interface Api {
  ping(): string;
  host: {
    getStats(params: StatsParams): { load: number };
    list(params?: { all: boolean }): Promise<string[]>;
    vm: { start: (params: readonly [id: string]) => void };
  };
}

declare const client: Client<Api>;
declare const untyped: Client;

/** What is written in here is compiled, and never run. */
function compiled(_code: () => unknown): void {}

describe('Remote', () => {
  test('a method is as its contract says: the same params, then options; always one promise', () => {
    expectTypeOf<Remote<Api>['host']['getStats']>().toEqualTypeOf<
      (params: StatsParams, options?: CallOptions) => Promise<{ load: number }>
    >();
    expectTypeOf<Remote<Api>['host']['list']>().returns.toEqualTypeOf<Promise<string[]>>();
    expectTypeOf<Remote<Api>['host']['vm']['start']>().parameter(0).toEqualTypeOf<readonly [id: string]>();
    expectTypeOf<Remote<Api>['ping']>().toBeCallableWith();
    expectTypeOf<Remote<Api>['ping']>().toBeCallableWith(undefined, { timeout: 1 });
    expectTypeOf<Remote<Api>['host']['list']>().toBeCallableWith();
  });

  test('without a contract anything can be called, and the result is yet to be looked at', () => {
    expectTypeOf<Remote<object>>().toEqualTypeOf<UntypedRemote>();
    compiled(() => {
      expectTypeOf(untyped.api['any']!['thing']!({ a: 1 })).toEqualTypeOf<Promise<unknown>>();
    });
  });

  test('mistakes do not compile', () => {
    compiled(() => [
      // @ts-expect-error params are missing
      client.api.host.getStats(),
      // @ts-expect-error params of another type
      client.api.host.getStats({ hostId: 5 }),
      // @ts-expect-error no such method
      client.api.host.getStat({ hostId: 'h1' }),
      // @ts-expect-error no such option
      client.api.ping(undefined, { timeOut: 1 }),
      // @ts-expect-error ping takes no params
      client.api.ping({ a: 1 }),
    ]);
  });
});

describe('Client', () => {
  test('call has the result it is told, or an unknown one', () => {
    compiled(() => {
      expectTypeOf(client.call('x')).toEqualTypeOf<Promise<unknown>>();
      expectTypeOf(client.call<number>('x', { a: 1 }, { service: 's', timeout: 1 })).toEqualTypeOf<Promise<number>>();
    });
  });

  test('events have the data they are told', () => {
    compiled(() => {
      expectTypeOf(client.events('vm.*')).toEqualTypeOf<EventStream>();
      expectTypeOf(client.events<{ id: string }>('vm.*').next()).resolves.toExtend<
        IteratorResult<EventItem<{ id: string }>>
      >();
    });
    expectTypeOf<EventItem['data']>().toBeUnknown();
  });
});

describe('implement', () => {
  test('takes params that are annotated, by a type or an interface', () => {
    compiled(() =>
      client.implement({
        host: {
          getStats: ({ hostId }: { hostId: string }, { signal }) => {
            expectTypeOf(signal).toEqualTypeOf<Call['signal']>();
            return hostId;
          },
          getMore: async ({ hostId }: StatsParams, call) => {
            expectTypeOf(call).toEqualTypeOf<Call>();
            await Promise.resolve();
            return hostId;
          },
        },
        sum: (numbers: readonly number[]) => numbers.length,
        ping: () => 'pong',
      }),
    );
  });

  test('params that are not annotated are objects of unknown members', () => {
    compiled(() =>
      client.implement({
        host: {
          getStats: ({ hostId }, { signal }) => {
            expectTypeOf(hostId).toBeUnknown();
            expectTypeOf(signal).toEqualTypeOf<Call['signal']>();
          },
          // Beside one that is annotated, too.
          remove: ({ hostId }: StatsParams, call) => [hostId, call.progress],
        },
      }),
    );
  });

  test('a contract gives params their types, and wants all its methods', () => {
    interface Ui {
      ui: { confirm(params: { text: string }): boolean; close(): void };
    }
    compiled(() => [
      client.implement<Ui>({
        ui: {
          confirm: async ({ text }, { signal }) => {
            expectTypeOf(text).toBeString();
            await Promise.resolve();
            return !signal.aborted;
          },
          close: () => {},
        },
      }),
      // @ts-expect-error the result is of another type
      client.implement<Ui>({ ui: { confirm: () => 'yes', close: () => {} } }),
      // @ts-expect-error a method is missing
      client.implement<Ui>({ ui: { confirm: () => true } }),
    ]);
    expectTypeOf<Implementation<Ui>['ui']['confirm']>().toEqualTypeOf<Handler<{ text: string }, boolean>>();
  });

  test('what is no method does not compile', () => {
    compiled(() => [
      // @ts-expect-error a number
      client.implement({ a: 5 }),
      // @ts-expect-error null
      client.implement({ a: { b: null } }),
    ]);
  });

  test('methods can be kept in a variable first', () => {
    compiled(() => {
      const kept = { a: ({ b }: { b: string }) => b, nested: { c: () => 1 } };
      const methods: Methods = kept;
      const loose: UntypedMethods = { a: ({ b }) => b };
      return [client.implement(kept), client.implement(methods), client.implement(loose)];
    });
    expectTypeOf<UntypedMethods>().toExtend<Methods>();
  });
});

test('no public signature has any', () => {
  expectTypeOf<Parameters<Client['call']>[1]>().not.toBeAny();
  expectTypeOf<Awaited<ReturnType<Client['call']>>>().not.toBeAny();
  expectTypeOf<Parameters<Handler>[0]>().toBeNever();
  expectTypeOf<Parameters<Handler<StatsParams>>[0]>().toEqualTypeOf<StatsParams>();
  expectTypeOf<Call['principal']>().toBeUnknown();
  expectTypeOf<Call['session']>().toBeUnknown();
});
