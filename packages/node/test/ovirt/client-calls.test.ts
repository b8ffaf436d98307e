// Calls of a host: how many at once, how often again, and what becomes of answers.

import { describe, expect, test } from 'vitest';
import { RpcError } from '@sallyport/core';
import { outcome, quiet, watch } from '../../../core/test/fixtures/pair.js';
import { connectedHost } from './ovirt-pair.js';

/** The ids of the requests a session has received. */
function idsOf(received: string): string[] {
  return [...received.matchAll(/"id":"([^"]*)"/g)].map(([, id]) => id!);
}

describe('a host with too much to do', () => {
  test('is asked again by what it has refused, within the time of the call', async () => {
    const { client, server, clock, held } = await connectedHost();
    // Of a connection that is gone; the host still works on them.
    const before = Array.from({ length: 80 }, () => watch(client.call('hold')));
    await quiet();
    client.cut();
    await clock.run(2000, 100);
    await client.connected();
    expect(server.load).toBe(80);
    const calls = Array.from({ length: 80 }, (_, at) => client.call('echo', [at]));
    await clock.run(1000, 50);
    while (held.length > 0) {
      for (const finish of held.splice(0)) finish();
      await clock.run(500, 50);
    }
    await clock.run(1000, 50);
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 80 }, (_, at) => [at]));
    for (const one of before) expect(await one()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST' } });
    expect(server.faults).toEqual([]);
    expect(server.begun.filter((method) => method === 'echo')).toHaveLength(80);
  });

  test('has the last word when the time is over', async () => {
    const full = (): never => {
      throw new RpcError(1100, 'Not enough resources');
    };
    const { client, server, clock } = await connectedHost({ methods: { full } });
    const call = watch(client.call('full', {}, { timeout: 1000 }));
    await clock.run(700, 50);
    expect(await call()).toBe('pending');
    await clock.run(300, 50);
    expect(await call()).toMatchObject({ error: { name: 'RpcError', code: 1100 } });
    expect(server.begun.length).toBe(4);
  });

  test('what it refused goes out at once with the next connection, and once', async () => {
    let isFull = true;
    const sometimes = (): unknown => {
      if (isFull) throw new RpcError(1100, 'Not enough resources');
      return 'done';
    };
    const { client, server, clock } = await connectedHost({ methods: { sometimes }, inFlight: 1 });
    const call = client.call('sometimes');
    await clock.run(100, 50);
    isFull = false;
    client.cut();
    await clock.run(3000, 50);
    expect(await call).toBe('done');
    expect(server.begun).toEqual(['sometimes', 'sometimes']);
    expect(await client.call('echo', [1])).toEqual([1]);
  });

  test('is waited for by nothing once the client is closed', async () => {
    const full = (): never => {
      throw new RpcError(1100, 'Not enough resources');
    };
    const { client, clock } = await connectedHost({ methods: { full } });
    // The host's own, and those of the connection.
    const before = clock.pending;
    const calls = Array.from({ length: 10 }, () => watch(client.call('full')));
    await clock.run(100, 50);
    void client.close();
    await quiet();
    for (const call of calls) expect(await call()).toMatchObject({ error: { name: 'ConnectionError' } });
    expect(clock.pending).toBeLessThanOrEqual(before);
  });

  test('a place is free again where nobody waits any more', async () => {
    const full = (): never => {
      throw new RpcError(1100, 'Not enough resources');
    };
    const { client, clock } = await connectedHost({ methods: { full }, inFlight: 1 });
    const stop = new AbortController();
    const call = watch(client.call('full', {}, { signal: stop.signal }));
    await clock.run(100, 50);
    stop.abort();
    const next = watch(client.call('echo', [1]));
    await clock.run(300, 50);
    expect(await call()).toMatchObject({ error: { name: 'AbortError' } });
    expect(await next()).toMatchObject({ value: [1] });
  });
});

describe('answers', () => {
  test('true is what a method gives that has nothing to say; api has the methods by name', async () => {
    const { client, server } = await connectedHost();
    expect(await client.call('Host.ping')).toBe(true);
    expect(await client.api['Host']!['ping']!()).toBe(true);
    expect(server.session.received).toContain('"params":{}');
  });

  test('errors have the integers of vdsm', async () => {
    const down = (): never => {
      throw new RpcError(99, 'Recovering from crash or Initializing');
    };
    const { client } = await connectedHost({ methods: { down } });
    expect(await outcome(client.call('down'))).toMatchObject({
      error: { name: 'RpcError', code: 99, message: 'Recovering from crash or Initializing' },
    });
    expect(await outcome(client.call('nope'))).toMatchObject({ error: { code: -32601 } });
  });

  test('come in any order', async () => {
    const { client, held } = await connectedHost();
    const answers = [1, 2, 3].map((one) => client.call('hold', [one]));
    await quiet();
    for (const answer of held.reverse()) answer();
    expect(await Promise.all(answers)).toEqual([[1], [2], [3]]);
  });

  test('in an array are taken, too', async () => {
    const { client, server } = await connectedHost();
    const answer = client.call('hold');
    await quiet();
    const [id] = idsOf(server.session.received);
    const [subscription] = server.subscriptions;
    server.session.message(subscription!, `[{"jsonrpc": "2.0", "id": "${id}", "result": 7}]`);
    expect(await answer).toBe(7);
  });

  test('that cannot be read fail their call at once, and are told', async () => {
    const { client, server, errors } = await connectedHost({ limits: { jsonDepth: 5 } });
    const answer = watch(client.call('hold'));
    await quiet();
    const [id] = idsOf(server.session.received);
    server.session.message(server.subscriptions[0]!, `{"jsonrpc": "2.0", "id": "${id}", "result": [[[[[[1]]]]]]}`);
    expect(await answer()).toMatchObject({ error: { code: 'ERR_ANSWER' } });
    expect(errors).toMatchObject([{ code: 'ERR_ANSWER' }]);
  });

  test('that nobody waits for are ignored, and so is all else that comes', async () => {
    const { client, server, errors } = await connectedHost();
    await quiet();
    const [subscription] = server.subscriptions;
    for (const body of [
      '{"id": "x", "result": 1}',
      '{"id": null, "error": {}}',
      '{"method": "a", "id": 1}',
      '7',
      'null',
    ])
      server.session.message(subscription!, body);
    await quiet();
    expect(await client.call('Host.ping')).toBe(true);
    expect(errors).toEqual([]);
    expect(server.faults).toEqual([]);
  });
});

describe('nothing is sent that vdsm would break over', () => {
  test('a call that is aborted or late is forgotten without a word', async () => {
    const { client, server, clock, held } = await connectedHost({ timeout: 1000 });
    const stop = new AbortController();
    const aborted = watch(client.call('hold', [1], { signal: stop.signal }));
    const late = watch(client.call('hold', [2]));
    await quiet();
    stop.abort(new Error('enough'));
    await clock.run(1000);
    expect(await aborted()).toMatchObject({ error: { message: 'enough' } });
    expect(await late()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'maybe' } });
    for (const answer of held) answer();
    await quiet();
    expect(server.faults).toEqual([]);
    expect(idsOf(server.session.received)).toHaveLength(2);
    expect(await client.call('Host.ping')).toBe(true);
  });

  test('params that are neither object nor array are refused here: the host could tell nobody', async () => {
    const { client, server } = await connectedHost();
    for (const params of ['x', 1, null])
      expect(await outcome(client.call('echo', params))).toMatchObject({ error: expect.any(TypeError) as Error });
    expect(await outcome(client.call(''))).toMatchObject({ error: expect.any(TypeError) as Error });
    expect(await outcome(client.call('a', [], { onProgress: () => {} } as object))).toMatchObject({
      error: { message: expect.stringContaining('unknown option onProgress') as string },
    });
    expect(idsOf(server.session.received)).toEqual([]);
  });

  test('ids are UUIDs, for the table of answers is common to all clients', async () => {
    const { client, server } = await connectedHost();
    await Promise.all([client.call('echo'), client.call('echo')]);
    const ids = idsOf(server.session.received);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});

describe('at most so many on their way', () => {
  test('a thousand calls at once are all answered, in the order of the calls', async () => {
    let most = 0;
    const { client, server } = await connectedHost({
      methods: {
        echo: async (params) => {
          most = Math.max(most, server.load);
          await Promise.resolve();
          return params;
        },
      },
    });
    const answers = Array.from({ length: 1000 }, (_, index) => client.call('echo', [index]));
    expect(await Promise.all(answers)).toHaveLength(1000);
    expect(most).toBeLessThanOrEqual(80);
    const asked = [...server.session.received.matchAll(/"params":\[(\d+)\]/g)].map(([, one]) => Number(one));
    expect(asked).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test('the others wait within their own time, and may be aborted there', async () => {
    const { client, server, clock, held } = await connectedHost({ inFlight: 2, timeout: 10_000 });
    const stop = new AbortController();
    const [a, b, late, aborted, last] = [
      client.call('hold', ['a']),
      client.call('hold', ['b']),
      client.call('hold', ['late'], { timeout: 1000, whenOffline: 'fail' }),
      client.call('hold', ['aborted'], { signal: stop.signal }),
      client.call('hold', ['last']),
    ].map(watch);
    await quiet();
    stop.abort();
    await clock.run(1000);
    expect(await late!()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'no' } });
    expect(await aborted!()).toMatchObject({ error: { name: 'AbortError' } });
    held.shift()!();
    expect(await a!()).toEqual({ value: ['a'] });
    await quiet();
    held.forEach((answer) => answer());
    expect(await b!()).toEqual({ value: ['b'] });
    expect(await last!()).toEqual({ value: ['last'] });
    expect(server.begun).toHaveLength(3);
  });

  test('a call that nobody waits for keeps its place until its answer comes, for a minute at most', async () => {
    const { client, clock, server, held } = await connectedHost({ inFlight: 1, timeout: 1000 });
    const first = watch(client.call('hold'));
    await clock.run(1000);
    expect(await first()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
    const next = watch(client.call('echo', ['next'], { timeout: 5000 }));
    await quiet();
    expect(server.begun).toEqual(['hold']);
    held[0]!();
    expect(await next()).toEqual({ value: ['next'] });

    const lost = watch(client.call('hold'));
    await clock.run(1000);
    expect(await lost()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
    const later = watch(client.call('echo', ['later'], { timeout: 120_000 }));
    await clock.run(59_000, 1000);
    expect(await later()).toBe('pending');
    await clock.run(2000, 1000);
    expect(await later()).toEqual({ value: ['later'] });
  });

  test('what was in line when the connection was lost goes out on the next', async () => {
    const { client, clock, server } = await connectedHost({ inFlight: 1 });
    const [sent, waiting] = [client.call('hold'), client.call('echo', ['waited'])].map(watch);
    await quiet();
    client.cut();
    await clock.run(1000, 50);
    expect(await sent!()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
    expect(await waiting!()).toEqual({ value: ['waited'] });
    expect(server.sessions).toHaveLength(2);
  });

  test('without a connection a call fails at once if it is to', async () => {
    const { client, network } = await connectedHost();
    network.up = false;
    client.cut();
    await quiet();
    expect(await outcome(client.call('echo', [], { whenOffline: 'fail' }))).toMatchObject({
      error: { code: 'ERR_NOT_CONNECTED' },
    });
  });
});

describe('retry', () => {
  const retry = { timeout: 1000, attempts: 2, methods: ['hold'] };

  test('sends the same request with the same id after each time-out, then fails', async () => {
    const { client, server, clock } = await connectedHost({ retry });
    const answer = watch(client.call('hold', ['x']));
    await quiet();
    for (const sendings of [1, 2, 3]) {
      expect(idsOf(server.session.received)).toHaveLength(sendings);
      expect(await answer()).toBe('pending');
      await clock.run(1000, 100);
    }
    expect(await answer()).toMatchObject({ error: { name: 'TimeoutError', code: 'ERR_CALL_TIME', sent: 'maybe' } });
    await clock.run(5000, 100);
    const bodies = server.session.received.match(/\{"jsonrpc".*?\}/g)!;
    expect(bodies).toHaveLength(3);
    expect(new Set(bodies).size).toBe(1);
  });

  test('ends with the answer, whichever sending it is to', async () => {
    const { client, server, clock, held } = await connectedHost({ retry });
    const answer = watch(client.call('hold', ['x']));
    await clock.run(1500, 100);
    expect(held).toHaveLength(2);
    held[0]!();
    expect(await answer()).toEqual({ value: ['x'] });
    held[1]!();
    await clock.run(5000, 100);
    expect(idsOf(server.session.received)).toHaveLength(2);
  });

  test('is for methods that are named, those that a predicate takes, and idempotent calls', async () => {
    for (const [options, method, call, sendings] of [
      [retry, 'echo2', {}, 1],
      [retry, 'echo2', { idempotent: true, timeout: 1000 }, 3],
      [retry, 'hold', { idempotent: false, timeout: 1000 }, 1],
      [{ ...retry, methods: (name: string) => name.startsWith('h') }, 'hold', {}, 3],
      [{ attempts: 1 }, 'hold', { idempotent: true, timeout: 1000 }, 2],
      [{ ...retry, attempts: 0 }, 'hold', {}, 1],
    ] as const) {
      const { client, server, clock } = await connectedHost({
        retry: options,
        methods: { echo2: () => new Promise(() => {}) },
      });
      const answer = watch(client.call(method, [], call));
      await clock.run(3000, 100);
      expect(idsOf(server.session.received), JSON.stringify([method, call])).toHaveLength(sendings);
      await clock.run(30_000, 1000);
      expect(await answer()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
    }
  });

  test('without a policy nothing is sent twice on one connection', async () => {
    const { client, server, clock } = await connectedHost();
    const answer = watch(client.call('hold', [], { idempotent: true, timeout: 3000 }));
    await clock.run(3000, 100);
    expect(await answer()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
    expect(idsOf(server.session.received)).toHaveLength(1);
  });

  test('goes on after a reconnect, with the same id', async () => {
    const { client, server, clock, held } = await connectedHost({ retry: { ...retry, timeout: 5000 } });
    const answer = watch(client.call('hold', ['x']));
    await quiet();
    client.cut();
    await clock.run(1000, 50);
    expect(idsOf(server.sessions[1]!.received)).toEqual(idsOf(server.sessions[0]!.received));
    held.at(-1)!();
    expect(await answer()).toEqual({ value: ['x'] });
  });

  test('gives back the place of a sending that vdsm does not answer, ten seconds after the other’s answer', async () => {
    const { client, clock, held } = await connectedHost({ retry, inFlight: 2 });
    const answer = watch(client.call('hold', ['x']));
    await clock.run(1500, 100);
    held.forEach((one) => one());
    expect(await answer()).toEqual({ value: ['x'] });
    const [first, second] = [1, 2].map((one) => watch(client.call('hold', [one], { idempotent: false })));
    await clock.run(9900, 100);
    expect(held).toHaveLength(3);
    await clock.run(200, 100);
    expect(held).toHaveLength(4);
    held.slice(2).forEach((one) => one());
    expect([await first!(), await second!()]).toEqual([{ value: [1] }, { value: [2] }]);
  });

  test('takes a place for each sending', async () => {
    const { client, server, clock, held } = await connectedHost({ retry, inFlight: 2 });
    const [a, b] = [client.call('hold', ['a']), client.call('hold', ['b'])].map(watch);
    await clock.run(1500, 100);
    expect(server.begun).toHaveLength(2);
    // One place is free now, and it is b's turn again.
    held[0]!();
    expect(await a!()).toEqual({ value: ['a'] });
    await quiet();
    expect(server.begun).toHaveLength(3);
    held[1]!();
    expect(await b!()).toEqual({ value: ['b'] });
  });
});
