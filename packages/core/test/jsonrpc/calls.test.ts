import { describe, expect, test, vi } from 'vitest';
import { ConnectionError, LimitError, ProtocolError, RpcError, TimeoutError } from '../../src/errors.js';
import { Calls, type CallsOptions, type Id, type PendingCall } from '../../src/jsonrpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { outcome, watch } from '../fixtures/pair.js';

/** Calls over a connection that can be up or down. */
function asking(options: Partial<CallsOptions> = {}) {
  const clock = new ManualClock();
  const line = { up: true };
  const sent: { method: string; id: Id; time: number }[] = [];
  const cancelled: string[] = [];
  const calls = new Calls({
    clock,
    timeout: 1000,
    transmit: (call: PendingCall, time: number) => {
      if (!line.up) return;
      call.waiting = false;
      call.sent = 'maybe';
      sent.push({ method: call.method, id: call.id, time });
    },
    cancel: (_call, text) => cancelled.push(text),
    ...options,
  });
  const down = (cause?: Error) => {
    line.up = false;
    calls.lost(cause);
  };
  const up = () => {
    line.up = true;
    calls.flush();
  };
  return { clock, calls, sent, cancelled, down, up };
}

test('each call has an id of its own, and takes the answer to it', async () => {
  const { calls, sent } = asking();
  const results = Promise.all([calls.start('', 'a', []), calls.start('', 'b', [])]);
  expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
  calls.settle({ id: sent[1]!.id, result: 'of b' });
  calls.settle({ id: sent[0]!.id, result: 'of a' });
  expect(await results).toEqual(['of a', 'of b']);
  expect(calls.size).toBe(0);
});

test.each([null, 99, '1', 'constructor'])('an answer with the id %j is to no call here', async (id) => {
  const { calls } = asking();
  const result = calls.start('', 'a', []);
  calls.settle({ id, result: 'x' });
  expect(await outcome(result)).toBe('pending');
});

test('a method that is not there is named, as the specification has one text for all', async () => {
  const { calls } = asking();
  const [first, second] = ['a', 'b'].map((method) => calls.start('', method, []));
  calls.settle({ id: 1, error: { code: -32601, message: 'Method not found', data: 1 } });
  calls.settle({ id: 2, error: { code: -32601, message: 'there is no b' } });
  await expect(first).rejects.toEqual(new RpcError(-32601, 'Method not found: a', 1));
  await expect(second).rejects.toEqual(new RpcError(-32601, 'there is no b'));
});

test('an error rejects with an RpcError; a second answer is nothing', async () => {
  const { calls } = asking();
  const result = calls.start('', 'a', []);
  calls.settle({ id: 1, error: { code: -5, message: 'no', data: [1] } });
  calls.settle({ id: 1, result: 'x' });
  await expect(result).rejects.toEqual(new RpcError(-5, 'no', [1]));
});

test('an error that is null is none (JSON-RPC 1.0 servers send both members)', async () => {
  const { calls } = asking();
  const result = calls.start('', 'a', []);
  calls.settle({ id: 1, result: 5, error: null as never });
  expect(await result).toBe(5);
});

test('params that are not JSON reject before anything is sent', async () => {
  const { calls, sent, clock } = asking();
  await expect(calls.start('', 'a', { big: 1n })).rejects.toThrow(TypeError);
  expect([calls.size, sent.length, clock.pending]).toEqual([0, 0, 0]);
});

test('limits.pendingCalls refuses by name, and takes calls again once there is room', async () => {
  const { calls } = asking({ limits: { pendingCalls: 1 } });
  const first = calls.start('', 'a', []);
  const refused = await outcome(calls.start('', 'b', []));
  expect(refused).toEqual({ error: expect.any(LimitError) as unknown });
  expect(refused).toMatchObject({
    error: { limit: 'pendingCalls', message: expect.stringContaining('limits.pendingCalls') as string },
  });
  calls.settle({ id: 1, result: 1 });
  await first;
  expect(await outcome(calls.start('', 'c', []))).toBe('pending');
});

describe('time', () => {
  test('over: TimeoutError that says it may have run; the other side is told', async () => {
    const { calls, clock, cancelled } = asking();
    const result = watch(calls.start('', 'host.getStats', []));
    clock.advance(999);
    expect(calls.size).toBe(1);
    clock.advance(1);
    expect(await result()).toEqual({ error: expect.any(TimeoutError) as unknown });
    expect(await result()).toMatchObject({
      error: { code: 'ERR_CALL_TIME', sent: 'maybe', message: expect.stringContaining('host.getStats') as string },
    });
    expect(cancelled.map((text) => JSON.parse(text) as unknown)).toEqual([
      { jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('over while it waited for a connection: it was not sent, and nobody is told', async () => {
    const { calls, clock, cancelled, down } = asking();
    down();
    const result = watch(calls.start('', 'a', []));
    clock.advance(1000);
    expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'no' } });
    expect(cancelled).toEqual([]);
  });

  test('of its own, and without end', async () => {
    const { calls, clock } = asking();
    const short = watch(calls.start('', 'short', [], { timeout: 10 }));
    const endless = calls.start('', 'endless', [], { timeout: Infinity });
    clock.advance(10);
    expect(await short()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
    clock.advance(1e9);
    expect(await outcome(endless)).toBe('pending');
  });

  test('that was spent waiting is no longer the server’s', () => {
    const { calls, clock, sent, down, up } = asking();
    down();
    void calls.start('', 'a', []).catch(() => {});
    clock.advance(400);
    up();
    void calls.start('', 'b', []).catch(() => {});
    expect(sent.map(({ time }) => time)).toEqual([600, 1000]);
  });

  test('of one call being over does not keep the others from theirs, whatever happens', async () => {
    const { calls, clock } = asking({
      cancel: () => {
        throw new Error('no way to say so');
      },
    });
    const results = [10, 10, 20].map((timeout) => watch(calls.start('', 'a', [], { timeout })));
    clock.advance(10);
    clock.advance(10);
    for (const result of results) expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
  });
});

describe('a signal', () => {
  test('aborted before: rejects with its reason, nothing is sent', async () => {
    const { calls, sent, clock } = asking();
    const reason = new Error('changed my mind');
    await expect(calls.start('', 'a', [], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect([sent.length, calls.size, clock.pending]).toEqual([0, 0, 0]);
  });

  test('aborted after sending: rejects with its reason, the other side is told', async () => {
    const { calls, cancelled } = asking();
    const controller = new AbortController();
    const result = watch(calls.start('', 'a', [], { signal: controller.signal }));
    controller.abort('any reason');
    expect(await result()).toEqual({ error: 'any reason' });
    expect(cancelled).toHaveLength(1);
    calls.settle({ id: 1, error: { code: -32800, message: 'cancelled' } });
  });

  test('aborted while the call waits for a connection: it is never sent', async () => {
    const { calls, sent, cancelled, down, up } = asking();
    down();
    const controller = new AbortController();
    const result = watch(calls.start('', 'a', [], { signal: controller.signal }));
    controller.abort();
    expect(await result()).toMatchObject({ error: { name: 'AbortError' } });
    up();
    expect([sent, cancelled]).toEqual([[], []]);
  });

  test('is not listened to once the call has settled', async () => {
    const { calls, cancelled } = asking();
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const result = calls.start('', 'a', [], { signal: controller.signal });
    calls.settle({ id: 1, result: 1 });
    controller.abort();
    expect(await result).toBe(1);
    expect(remove).toHaveBeenCalledOnce();
    expect(cancelled).toEqual([]);
  });

  test('is not listened to once the call could not be sent', async () => {
    const { calls } = asking({
      transmit: () => {
        throw new Error('full');
      },
    });
    const { signal } = new AbortController();
    const remove = vi.spyOn(signal, 'removeEventListener');
    await expect(calls.start('', 'a', [], { signal })).rejects.toThrow('full');
    expect(remove).toHaveBeenCalledOnce();
    expect(calls.size).toBe(0);
  });
});

describe('the connection is lost', () => {
  test.each<[string, string, (asked: ReturnType<typeof asking>) => void]>([
    ['sent: maybe', 'maybe', () => {}],
    ['sent and heard of by progress: yes', 'yes', ({ calls }) => calls.progress({ token: 1, value: 1 })],
  ])('a call that was %s', async (_name, sent, before) => {
    const asked = asking();
    const result = watch(asked.calls.start('', 'a', []));
    before(asked);
    const cause = new Error('network');
    asked.down(cause);
    expect(await result()).toEqual({ error: expect.any(ConnectionError) as unknown });
    expect(await result()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent, cause } });
  });

  test('calls made meanwhile, and idempotent ones, go out on the next connection in the order they were made', async () => {
    const { calls, sent, down, up } = asking();
    const kept = calls.start('', 'kept', [], { idempotent: true });
    void calls.start('', 'failed', []).catch(() => {});
    down();
    void calls.start('', 'later', []).catch(() => {});
    sent.length = 0;
    up();
    expect(sent.map(({ method }) => method)).toEqual(['kept', 'later']);
    calls.settle({ id: 1, result: 'twice' });
    expect(await kept).toBe('twice');
  });

  test('what was too long for the other side is not sent again; what was sent beside it is', async () => {
    const { calls, sent, down, up } = asking();
    const long = watch(calls.start('', 'long', ['x'.repeat(50)], { idempotent: true }));
    void calls.start('', 'short', ['x'], { idempotent: true });
    const cause = new ProtocolError('ERR_BODY', 'more than 40 bytes in a body (limits.body)', { by: 'us' });
    down(cause);
    void calls.start('', 'later', ['x'.repeat(100)], { idempotent: true });
    expect(await long()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe', cause } });
    sent.length = 0;
    up();
    expect(sent.map(({ method }) => method)).toEqual(['short', 'later']);
  });

  test('a call that waited for a connection until its time was over says why there was none', async () => {
    const { calls, clock, down } = asking();
    down(new Error('before'));
    const result = watch(calls.start('', 'a', []));
    const cause = new Error('nobody there');
    down(cause);
    clock.advance(1000);
    expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'no', cause } });
  });

  test('again and again: an idempotent call ends with its time', async () => {
    const { calls, clock, sent, down, up } = asking();
    const result = watch(calls.start('', 'a', [], { idempotent: true }));
    for (let time = 0; time < 1000; time += 100) {
      down();
      clock.advance(50);
      up();
      clock.advance(50);
    }
    expect(await result()).toMatchObject({ error: { code: 'ERR_CALL_TIME', sent: 'maybe' } });
    expect(sent.map(({ time }) => time)).toEqual([1000, 950, 850, 750, 650, 550, 450, 350, 250, 150, 50]);
  });
});

describe('closed', () => {
  test('every call settles, and says whether it was sent', async () => {
    const { calls, clock, down } = asking();
    const sentOnce = watch(calls.start('', 'sent', [], { idempotent: true }));
    down();
    const waits = watch(calls.start('', 'waits', [], { timeout: Infinity }));
    const again = asking();
    const underWay = watch(again.calls.start('', 'under way', []));
    const cause = new Error('why');
    calls.close(cause);
    again.calls.close();
    expect(await sentOnce()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe', cause } });
    expect(await waits()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'no', cause } });
    expect(await underWay()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
    expect([clock.pending, calls.size, again.clock.pending]).toEqual([0, 0, 0]);
  });

  test('later calls reject at once', async () => {
    const { calls, sent } = asking();
    const cause = new Error('why');
    calls.close(cause);
    calls.close();
    expect(await outcome(calls.start('', 'a', []))).toMatchObject({ error: { code: 'ERR_CLOSED', sent: 'no', cause } });
    expect(sent).toEqual([]);
  });
});

test('ids may be made by somebody else', async () => {
  const ids = ['a-1', 'a-2'];
  const { calls, sent } = asking({ makeId: () => ids.shift()! });
  const [one, other] = [calls.start('', 'a', []), calls.start('', 'b', [])];
  expect(sent.map(({ id }) => id)).toEqual(['a-1', 'a-2']);
  expect([calls.has('a-1'), calls.has('a-2'), calls.has('a-3')]).toEqual([true, true, false]);
  calls.settle({ id: 'a-2', result: 2 });
  expect(await other).toBe(2);
  expect(calls.has('a-2')).toBe(false);
  calls.settle({ id: 'a-1', result: 1 });
  expect(await one).toBe(1);
});

describe('progress', () => {
  test('goes to the call that it is about', () => {
    const { calls } = asking();
    const told = vi.fn();
    void calls.start('', 'a', [], { onProgress: told }).catch(() => {});
    void calls.start('', 'b', []).catch(() => {});
    for (const token of [1, 2, 3, null]) calls.progress({ token, value: token });
    calls.progress(undefined);
    calls.progress([1]);
    expect(told.mock.calls).toEqual([[1]]);
  });

  test('whose listener throws fails its call, and nothing else', async () => {
    const { calls, cancelled } = asking();
    const onProgress = () => {
      throw new Error('in the page');
    };
    const result = watch(calls.start('', 'a', [], { onProgress }));
    expect(() => calls.progress({ token: 1, value: 1 })).not.toThrow();
    expect(await result()).toEqual({ error: new Error('in the page') });
    expect(cancelled).toHaveLength(1);
  });
});
