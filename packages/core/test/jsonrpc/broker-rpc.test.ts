import { describe, expect, test, vi } from 'vitest';
import { type Delivery, EmbeddedBroker, type EmbeddedLink } from '../../src/broker/index.js';
import { ConnectionError, RpcError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { jsonHeaders } from '../../src/json-headers.js';
import { BrokerRpc, type BrokerRpcOptions, type Call, type Methods } from '../../src/jsonrpc/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { bodyText } from '../../src/text.js';
import { outcome, quiet, watch } from '../fixtures/pair.js';

const queue = '/queue/rpc';

/** A service and whoever asks it, on one broker. */
function joined(methods: Methods = {}, options: BrokerRpcOptions = {}) {
  const clock = new ManualClock();
  const broker = new EmbeddedBroker({ clock });
  const rpc = (): BrokerRpc & { link: EmbeddedLink } => {
    const link = broker.link();
    return Object.assign(new BrokerRpc(link, { clock, ...options }), { link });
  };
  const service = rpc();
  service.methods.add(methods);
  service.serve(queue);
  return { clock, broker, service, asker: rpc(), rpc };
}

/** Asks with texts and headers of the test's own. */
function raw(broker: EmbeddedBroker) {
  const link = broker.link();
  const received: Delivery[] = [];
  const inbox = link.inbox((delivery) => received.push(delivery));
  const send = async (body: string | Uint8Array, headers: HeaderList = jsonHeaders, replyTo?: string) => {
    const before = received.length;
    void link.send({ destination: queue, headers, body, replyTo: replyTo ?? inbox.address });
    await quiet();
    return received.slice(before).map(({ body }) => JSON.parse(bodyText(body)) as unknown);
  };
  return { link, send };
}

/** A method that takes until it is aborted, and what it was told. */
function held() {
  const calls: Call[] = [];
  const wait = (_params: unknown, call: Call) => {
    calls.push(call);
    return new Promise((_resolve, reject) =>
      call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)),
    );
  };
  return { calls, wait };
}

test('a call finds who serves the destination, and its answer the way back', async () => {
  const { asker, rpc } = joined({ sum: (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) });
  expect(await Promise.all([asker.call(queue, 'sum', [1, 2]), rpc().call(queue, 'sum', [3, 4])])).toEqual([3, 7]);
});

test('a handler sees the headers of its request', async () => {
  const { broker } = joined({ trace: (_params: unknown, call) => call.headers.get('traceparent') });
  const headers = HeaderList.of({ 'content-type': 'application/json', traceparent: '00-a-b-01' });
  const answers = await raw(broker).send('{"jsonrpc":"2.0","id":1,"method":"trace"}', headers);
  expect(answers).toEqual([{ jsonrpc: '2.0', id: 1, result: '00-a-b-01' }]);
});

test('the request says what it is, and for how long somebody waits', async () => {
  const { asker, broker } = joined();
  const requests: Delivery[] = [];
  broker.link().subscribe('/queue/rpc.host', (delivery) => requests.push(delivery));
  for (const timeout of [1500, 0.5, Infinity])
    void asker.call('/queue/rpc.host', 'ping', undefined, { timeout }).catch(() => {});
  expect(requests.map(({ headers }) => [headers.get('content-type'), headers.get('expiration')])).toEqual([
    ['application/json', '1500'],
    ['application/json', '1'],
    ['application/json', undefined],
  ]);
  expect(requests[0]!.replyTo).toMatch(/^\/reply-queue\/.+/);
  asker.close();
});

describe('the header expiration', () => {
  test.each<[string, number]>([
    ['100', 100],
    ['0.5', 0.5],
    ['0', Infinity],
    ['-5', Infinity],
    ['soon', Infinity],
    ['', Infinity],
  ])('%j is a deadline of %d ms', async (expiration, deadline) => {
    const { calls, wait } = held();
    const { broker, clock } = joined({ wait });
    const answers = raw(broker).send('{"jsonrpc":"2.0","id":1,"method":"wait"}', HeaderList.of({ expiration }));
    await quiet();
    expect(calls[0]!.deadline).toBe(deadline);
    clock.advance(100);
    expect(calls[0]!.signal.aborted).toBe(deadline <= 100);
    await answers;
  });

  test('aborts the handler’s signal, and the answer is -32002', async () => {
    const { wait } = held();
    const { broker, clock } = joined({ wait });
    const { link } = raw(broker);
    const answers: unknown[] = [];
    const inbox = link.inbox(({ body }) => answers.push(JSON.parse(bodyText(body))));
    const headers = HeaderList.of({ expiration: '100' });
    void link.send({
      destination: queue,
      headers,
      body: '{"jsonrpc":"2.0","id":1,"method":"wait"}',
      replyTo: inbox.address,
    });
    clock.advance(100);
    await quiet();
    expect(answers).toMatchObject([{ id: 1, error: { code: -32002 } }]);
  });
});

test('an abort reaches the handler over there, for its own caller only', async () => {
  const { calls, wait } = held();
  const { asker, rpc } = joined({ wait });
  const controller = new AbortController();
  const mine = watch(asker.call(queue, 'wait', undefined, { signal: controller.signal }));
  const theirs = watch(rpc().call(queue, 'wait', undefined));
  controller.abort('enough');
  expect(await mine()).toEqual({ error: 'enough' });
  expect(await theirs()).toBe('pending');
  expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
});

test('progress comes back to whoever asked', async () => {
  const { asker } = joined({
    work: (_params: unknown, call) => {
      call.progress(50);
      return Promise.resolve('done');
    },
  });
  const onProgress = vi.fn();
  expect(await asker.call(queue, 'work', undefined, { onProgress })).toBe('done');
  expect(onProgress.mock.calls).toEqual([[50]]);
});

test('a notification is not answered, whatever becomes of it', async () => {
  const took = vi.fn();
  const { broker, asker } = joined({ took, fails: () => Promise.reject(new Error('x')) });
  const { send } = raw(broker);
  for (const method of ['took', 'fails', 'unknown'])
    expect(await send(`{"jsonrpc":"2.0","method":"${method}"}`)).toEqual([]);
  await asker.notify(queue, 'took', { a: 1 });
  expect(took).toHaveBeenLastCalledWith({ a: 1 }, expect.anything());
});

describe('what cannot be answered', () => {
  test.each<[string, string | Uint8Array]>([
    ['an answer that nobody asked for', '{"jsonrpc":"2.0","id":1,"result":1}'],
    ['a batch of such', '[{"jsonrpc":"2.0","id":1,"result":1}]'],
  ])('%s', async (_name, body) => {
    expect(await raw(joined().broker).send(body)).toEqual([]);
  });

  test('a request without reply-to is run all the same', async () => {
    const took = vi.fn(() => 1);
    const { broker } = joined({ took });
    void broker
      .link()
      .send({ destination: queue, headers: jsonHeaders, body: '{"jsonrpc":"2.0","id":1,"method":"took"}' });
    expect(took).toHaveBeenCalledOnce();
  });

  test('a request of a connection that is gone', async () => {
    let finish!: (value: number) => void;
    const { broker } = joined({ wait: () => new Promise((resolve) => (finish = resolve)) });
    const { link, send } = raw(broker);
    await send('{"jsonrpc":"2.0","id":1,"method":"wait"}');
    await link.close();
    finish(1);
    await quiet();
  });
});

test.each<[string, string | Uint8Array]>([
  ['no JSON', '{"jsonrpc":'],
  ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
])('%s is answered with a parse error', async (_name, body) => {
  expect(await raw(joined().broker).send(body)).toMatchObject([{ id: null, error: { code: -32700 } }]);
});

test('what comes to the inbox and is no answer to us does nothing', async () => {
  const { asker, broker } = joined({ wait: () => new Promise(() => {}) });
  let address!: string;
  broker.link().subscribe('/queue/rpc.x', (delivery) => (address = delivery.replyTo!));
  const result = watch(asker.call('/queue/rpc.x', 'wait', undefined));
  const other = broker.link();
  for (const body of [
    '{',
    'null',
    '5',
    '[null]',
    '[]',
    '{"jsonrpc":"2.0","id":9,"result":1}',
    '{"method":"$/progress"}',
    Uint8Array.of(0xff),
  ])
    void other.send({ destination: address, headers: jsonHeaders, body });
  expect(await result()).toBe('pending');
  void other.send({ destination: address, headers: jsonHeaders, body: '[{"jsonrpc":"2.0","id":1,"result":1}]' });
  expect(await result()).toEqual({ value: 1 });
});

describe('refuse answers a request with an error', () => {
  test.each<[string, unknown]>([
    ['{"jsonrpc":"2.0","id":"x","method":"m"}', 'x'],
    ['[]', null],
    ['{', null],
  ])('%s', async (body, id) => {
    const broker = new EmbeddedBroker();
    const rpc = new BrokerRpc(broker.link());
    broker.link().subscribe(queue, (delivery) => rpc.refuse(delivery, new RpcError(-1, 'no')));
    expect(await raw(broker).send(body)).toMatchObject([{ id, error: { code: -1, message: 'no' } }]);
  });
});

test('limits.calls counts each asker by itself, and is told by name', async () => {
  const { wait } = held();
  const { asker, rpc } = joined({ wait }, { limits: { calls: 1 } });
  void asker.call(queue, 'wait', undefined).catch(() => {});
  expect(await outcome(asker.call(queue, 'wait', undefined))).toMatchObject({
    error: { code: -32000, message: expect.stringContaining('limits.calls') as string },
  });
  expect(await outcome(rpc().call(queue, 'wait', undefined))).toBe('pending');
});

test('thousands of askers that come and go are not kept', async () => {
  const { broker } = joined({ ping: () => 'pong' });
  for (let count = 0; count < 2500; count++) {
    const asker = new BrokerRpc(broker.link());
    expect(await asker.call(queue, 'ping', undefined)).toBe('pong');
    asker.close();
  }
});

describe('the end of the broker', () => {
  test('every call settles', async () => {
    const { asker } = joined({ wait: () => new Promise(() => {}) });
    const result = watch(asker.call(queue, 'wait', undefined));
    await asker.link.close();
    expect(await result()).toEqual({ error: expect.any(ConnectionError) as unknown });
    expect(await result()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
    expect(await outcome(asker.call(queue, 'wait', undefined))).toMatchObject({
      error: { code: 'ERR_CLOSED', sent: 'no' },
    });
    expect(await outcome(asker.notify(queue, 'wait', undefined))).toMatchObject({ error: { code: 'ERR_CLOSED' } });
  });

  test('of one that was closed before: calls reject at once', async () => {
    const link = new EmbeddedBroker().link();
    await link.close();
    expect(await outcome(new BrokerRpc(link).call(queue, 'ping', undefined))).toMatchObject({ error: { sent: 'no' } });
  });

  test('close settles calls, and answers no more', async () => {
    const { asker, service } = joined({ wait: () => new Promise(() => {}) });
    const result = watch(asker.call(queue, 'wait', undefined));
    asker.close(new Error('done'));
    expect(await result()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', cause: new Error('done') } });
    service.close();
  });
});

test('a destination that the broker does not know fails the call, unsent', async () => {
  const { asker } = joined();
  expect(await outcome(asker.call('nowhere', 'ping', undefined))).toMatchObject({ error: { code: 'ERR_DESTINATION' } });
  expect(await outcome(asker.notify('nowhere', 'ping', undefined))).toMatchObject({
    error: { code: 'ERR_DESTINATION' },
  });
});

test('whenOffline fail rejects at once where there is no connection', async () => {
  const link = new EmbeddedBroker().link();
  link.state = 'down';
  const rpc = new BrokerRpc(link);
  expect(await outcome(rpc.call(queue, 'ping', undefined, { whenOffline: 'fail' }))).toMatchObject({
    error: { code: 'ERR_NOT_CONNECTED', sent: 'no' },
  });
  expect(await outcome(rpc.call(queue, 'ping', undefined))).toBe('pending');
});
