import type { Message } from '../../src/broker/index.js';
import { describe, expect, test, vi } from 'vitest';
import { type ClientState, connectClient, type RetryInfo, StompClient } from '../../src/client/index.js';
import { AuthError, ConnectionError } from '../../src/errors.js';
import { ManualClock, memoryStreams } from '../../src/testing/index.js';
import { connectedPair, framesOf, Network, outcome, pair, quiet, refuse, TestServer, watch } from '../fixtures/pair.js';

const ping = { ping: () => 'pong' };

/** Everything a client says about its state. */
function statesOf(client: StompClient): [ClientState, RetryInfo][] {
  const states: [ClientState, RetryInfo][] = [];
  client.onState((state, info) => states.push([state, info]));
  return states;
}

describe('the first connection', () => {
  test('connectClient resolves once it is up', async () => {
    const clock = new ManualClock();
    const network = new Network(new TestServer(clock, { methods: ping }));
    await using client = await connectClient({ host: 'test', clock, dial: network.dial });
    expect(client.state).toBe('connected');
    expect(await client.call('ping')).toBe('pong');
  });

  test('that fails rejects, and nothing is tried again', async () => {
    const clock = new ManualClock();
    const network = new Network(new TestServer(clock));
    network.up = false;
    const connecting = connectClient({ host: 'test', clock, dial: network.dial });
    expect(await outcome(connecting)).toMatchObject({ error: { code: 'ERR_CONNECT' } });
    expect(clock.pending).toBe(0);
  });

  test('that fails settles calls made meanwhile: they were not sent', async () => {
    const { client, network } = pair();
    network.up = false;
    const fails = new StompClient({ host: 'test', dial: network.dial, clock: new ManualClock() });
    expect(await outcome(fails.call('ping'))).toMatchObject({
      error: { code: 'ERR_CONNECTION_LOST', sent: 'no', cause: { code: 'ERR_CONNECT' } },
    });
    expect(await outcome(fails.call('ping'))).toMatchObject({ error: { code: 'ERR_CLOSED', sent: 'no' } });
    expect(fails.state).toBe('closed');
    await client.close();
  });

  test('with retryFirst is tried until it succeeds; calls wait for it', async () => {
    const clock = new ManualClock();
    const network = new Network(new TestServer(clock, { methods: ping }));
    network.up = false;
    const client = await connectClient({
      host: 'test',
      clock,
      dial: network.dial,
      retryFirst: true,
      random: () => 0.5,
    });
    const states = statesOf(client);
    const answer = watch(client.call('ping'));
    await quiet();
    expect(client.state).toBe('connecting');
    network.up = true;
    await clock.run(250);
    expect(await answer()).toEqual({ value: 'pong' });
    expect(states.map(([state]) => state)).toEqual(['connecting', 'connecting', 'connected']);
  });

  test('the server that never answers CONNECT is given up after limits.connectTime', async () => {
    const clock = new ManualClock();
    const dial = () => Promise.resolve(memoryStreams()[0]);
    const connecting = watch(connectClient({ host: 'test', clock, dial, limits: { connectTime: 50 } }));
    await quiet();
    await clock.run(50);
    expect(await connecting()).toMatchObject({
      error: { code: 'ERR_CONNECT_TIME', message: expect.stringContaining('limits.connectTime') as string },
    });
  });
});

describe('a lost connection', () => {
  test('is made again; the state tells of each step', async () => {
    const { client, network, clock } = await connectedPair({ server: { methods: ping } });
    const states = statesOf(client);
    network.up = false;
    network.cut();
    await clock.run(2000, 250);
    network.up = true;
    await clock.run(2000, 250);
    expect(states.map(([state, { attempt, retryIn }]) => [state, attempt, retryIn])).toEqual([
      ['reconnecting', 0, 250],
      ['reconnecting', 0, undefined],
      ['reconnecting', 1, 500],
      ['reconnecting', 1, undefined],
      ['reconnecting', 2, 1000],
      ['reconnecting', 2, undefined],
      ['reconnecting', 3, 2000],
      ['reconnecting', 3, undefined],
      ['connected', 0, undefined],
    ]);
    expect(states[0]![1].error).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect(states[2]![1].error).toMatchObject({ code: 'ERR_CONNECT' });
    expect(await client.call('ping')).toBe('pong');
  });

  test('is being reconnected even if nobody has looked before', async () => {
    const { client, network } = await connectedPair();
    network.up = false;
    network.cut();
    await quiet();
    expect(client.state).toBe('reconnecting');
  });

  test('the delays grow with full jitter, and begin anew after a success', async () => {
    const chances = [0, 1, 0.1, 0.9];
    let asked = 0;
    const { client, network, clock } = await connectedPair({
      random: () => chances[asked++ % chances.length]!,
      firstDelay: 100,
      longestDelay: 300,
    });
    const delays: (number | undefined)[] = [];
    client.onState((_state, { retryIn }) => retryIn !== undefined && delays.push(retryIn));
    network.up = false;
    network.cut();
    await quiet();
    await clock.run(400, 10);
    expect(delays).toEqual([0, 200, 30, 270]);
    network.up = true;
    await clock.run(400, 10);
    expect(client.state).toBe('connected');
    network.cut();
    await quiet();
    expect(delays).toEqual([0, 200, 30, 270, 0]);
  });

  test('a server that drops each connection at once is asked less and less often', async () => {
    const { client, network, clock } = await connectedPair({ random: () => 1, firstDelay: 100, longestDelay: 10_000 });
    const delays: (number | undefined)[] = [];
    client.onState((_state, { retryIn }) => retryIn !== undefined && delays.push(retryIn));
    for (const delay of [100, 200, 400]) {
      network.cut();
      await quiet();
      await clock.run(delay, 10);
      expect(client.state).toBe('connected');
    }
    await clock.run(1000, 100);
    network.cut();
    await quiet();
    expect(delays).toEqual([100, 200, 400, 100]);
  });

  test('the first wait is at most firstDelay, after a first connection that failed too', async () => {
    const { join, network } = pair();
    network.up = false;
    const client = join({ retryFirst: true, random: () => 1, firstDelay: 100 });
    const states = statesOf(client);
    await quiet();
    expect(states.map(([, { attempt, retryIn }]) => [attempt, retryIn])).toEqual([[1, 100]]);
  });

  test('retryNow does not wait for the delay to end', async () => {
    const { client, network, clock } = await connectedPair({ random: () => 1 });
    network.cut();
    await quiet();
    expect(client.state).toBe('reconnecting');
    client.retryNow();
    await quiet();
    expect(client.state).toBe('connected');
    client.retryNow();
    await clock.run(60_000, 1000);
    expect(network.streams).toHaveLength(2);
  });

  test('cut loses it from this side, and it comes back', async () => {
    const { client, network, clock } = await connectedPair();
    const states = statesOf(client);
    client.cut();
    await quiet();
    expect(states[0]).toMatchObject(['reconnecting', { error: { code: 'ERR_CUT' } }]);
    await clock.run(250);
    expect([client.state, network.streams.length]).toEqual(['connected', 2]);
  });

  test('a server that goes silent is noticed by its heart-beats', async () => {
    const { client, network, clock } = await connectedPair({ heartBeat: { outgoing: 0, incoming: 1000 } });
    network.streams[0]!.send = () => undefined;
    network.streams[0]!.peer.send = () => undefined;
    const states = statesOf(client);
    await clock.run(12_000, 1000);
    expect(states[0]).toMatchObject(['reconnecting', { error: { code: 'ERR_HEART_BEAT' } }]);
    expect(client.state).toBe('connected');
  });
});

describe('authentication', () => {
  test('is asked for before each connection, with the reason', async () => {
    const asked: unknown[] = [];
    const tokens: (string | undefined)[] = [];
    const { network, clock } = await connectedPair({
      auth: (reason) => {
        asked.push(reason);
        return Promise.resolve({ token: `t${asked.length}` });
      },
      server: { admit: (headers) => void tokens.push(headers.get('token')) },
    });
    network.up = false;
    network.cut();
    await quiet();
    await clock.run(250);
    network.up = true;
    await clock.run(500);
    expect(asked).toMatchObject([
      { attempt: 1, error: undefined },
      { attempt: 1, error: { code: 'ERR_CONNECTION_LOST' } },
      { attempt: 2, error: { code: 'ERR_CONNECT' } },
    ]);
    expect(tokens).toEqual(['t1', 't3']);
  });

  test.each([{ token: 'secret' }, { login: 'me', passcode: 'secret' }])('%j is sent as it is', async (auth) => {
    const seen: object[] = [];
    await connectedPair({ auth, server: { admit: (headers) => void seen.push(headers.toRecord()) } });
    expect(seen).toMatchObject([auth]);
  });

  test('refused at first: connectClient rejects with the AuthError', async () => {
    const { client, clock } = pair({ server: { admit: refuse }, retryFirst: true });
    const lasting = watch(client.stomp.connected);
    expect(await lasting()).toEqual({ error: expect.any(AuthError) as unknown });
    expect(await lasting()).toMatchObject({ error: { code: 'ERR_AUTH', message: 'wrong token' } });
    expect([client.state, clock.pending]).toEqual(['closed', 0]);
  });

  test('refused later: retrying stops, calls settle, iterations throw, subscriptions reject', async () => {
    let allowed = true;
    const { client, network, clock } = await connectedPair({
      server: { admit: () => (allowed ? undefined : refuse()) },
    });
    const events = client.events('x');
    const next = watch(events.next());
    allowed = false;
    network.cut();
    await quiet();
    const call = watch(client.call('ping'));
    const implementing = watch(client.implement({ a: () => 1 }));
    await clock.run(60_000, 1000);
    expect(client.state).toBe('closed');
    expect(network.streams).toHaveLength(2);
    expect(await next()).toEqual({ error: expect.any(AuthError) as unknown });
    expect(await call()).toMatchObject({
      error: { code: 'ERR_CONNECTION_LOST', sent: 'no', cause: { code: 'ERR_AUTH' } },
    });
    expect(await implementing()).toEqual({ error: expect.any(AuthError) as unknown });
  });

  test('an AuthError of the auth function itself stops too; any other error is tried again', async () => {
    const errors = [new Error('token service is down'), new AuthError('ERR_AUTH_GONE', 'logged out')];
    let asked = 0;
    const { client, network, clock } = await connectedPair({
      auth: () => {
        if (asked++ === 0) return {};
        throw errors.shift()!;
      },
    });
    const states = statesOf(client);
    network.cut();
    await clock.run(60_000, 500);
    expect(states.map(([state]) => state)).toEqual([
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'reconnecting',
      'closed',
    ]);
    expect(asked).toBe(3);
  });
});

describe('the order on reconnect', () => {
  test('connect, subscribe, resume, then what has been waiting', async () => {
    const { client, network, clock } = await connectedPair({ server: { methods: ping } });
    const events = client.events('vm.*');
    await client.implement({ ui: { confirm: () => true } });
    await client.call('ping');
    void client.call('slow', undefined, { idempotent: true }).catch(() => {});
    network.cut();
    await quiet();
    const waiting = watch(client.call('ping'));
    await clock.run(250);
    expect(await waiting()).toEqual({ value: 'pong' });
    expect(framesOf(network.streams[1]!)).toEqual([
      'CONNECT',
      'SUBSCRIBE /topic/vm.*',
      'SUBSCRIBE /temp-queue/rpc',
      'SUBSCRIBE /temp-queue/inbox',
      'SEND /queue/rpc slow',
      'SEND /queue/rpc ping',
    ]);
    const subscribe = new TextDecoder().decode(network.streams[1]!.sent[1]);
    expect(subscribe).toMatch(/\nafter:[^\n]+\\c-1\n/);
    await events.return();
  });

  test('each step can be seen: states, then ready, then answers', async () => {
    const { client, network, clock } = await connectedPair({ server: { methods: ping } });
    network.cut();
    await quiet();
    const steps: string[] = [];
    client.onState((state) => steps.push(state));
    const events = client.events('x');
    void events.ready.then(() => steps.push('ready'));
    void client.call('ping').then(() => steps.push('answer'));
    await clock.run(250);
    await quiet();
    expect(steps).toEqual(['reconnecting', 'connected', 'ready', 'answer']);
  });
});

describe('a subscription that the server refuses', () => {
  const permit = (_action: string, { destination }: Message) =>
    destination.includes('secret') ? Promise.reject(new AuthError('ERR_FORBIDDEN', 'not for you')) : undefined;

  test('rejects ready and ends; the connection comes back without it, once', async () => {
    const { client, server, network, clock } = await connectedPair({ server: { permit } });
    const fine = client.events('fine');
    await fine.ready;
    const secret = client.events('secret');
    const [ready, next] = [watch(secret.ready), watch(secret.next())];
    await clock.run(60_000, 1000);
    expect(await ready()).toMatchObject({ error: { code: 'ERR_FORBIDDEN', message: 'not for you' } });
    expect(await next()).toMatchObject({ error: { code: 'ERR_FORBIDDEN' } });
    expect(await secret.next()).toEqual({ done: true, value: undefined });
    expect([network.streams.length, client.state]).toEqual([2, 'connected']);
    expect(framesOf(network.streams[1]!)).toEqual(['CONNECT', 'SUBSCRIBE /topic/fine']);
    server.emit('fine', 1);
    expect(await fine.next()).toMatchObject({ value: { name: 'fine', data: 1 } });
  });

  test('of methods: implement rejects', async () => {
    const { client, network, clock } = await connectedPair({ server: { permit } });
    const offered = watch(client.implement(ping, { service: 'secret' }));
    await clock.run(60_000, 1000);
    expect(await offered()).toMatchObject({ error: { code: 'ERR_FORBIDDEN' } });
    expect(network.streams).toHaveLength(2);
  });

  test('several at once cost one connection each, and no more', async () => {
    const { client, network, clock } = await connectedPair({ server: { permit } });
    const refused = ['secret.a', 'secret.b', 'secret.c'].map((name) => watch(client.events(name).ready));
    await clock.run(60_000, 1000);
    for (const ready of refused) expect(await ready()).toMatchObject({ error: { code: 'ERR_FORBIDDEN' } });
    expect([network.streams.length, client.state]).toEqual([4, 'connected']);
  });
});

describe('close', () => {
  test('leaves in good order: DISCONNECT with its receipt', async () => {
    const { client, network, server, clock } = await connectedPair();
    await client.close();
    expect(framesOf(network.streams[0]!)).toEqual(['CONNECT', 'DISCONNECT']);
    await quiet();
    expect(server.links[0]!.state).toBe('closed');
    expect([client.state, clock.pending]).toEqual(['closed', 0]);
  });

  test('twice, or while another close is under way, is once', async () => {
    const { client, network } = await connectedPair();
    await Promise.all([client.close(), client.close()]);
    await client.close();
    expect(framesOf(network.streams[0]!)).toEqual(['CONNECT', 'DISCONNECT']);
  });

  test('a server that does not confirm is waited for one second', async () => {
    const { client, network, clock } = await connectedPair();
    Object.assign(network.streams[0]!.peer, { send: () => undefined, close: () => Promise.resolve() });
    const closing = watch(client.close());
    expect(await closing()).toBe('pending');
    await clock.run(1000);
    expect(await closing()).toEqual({ value: undefined });
  });

  test('while a delay is waited for does not wait for it', async () => {
    const { client, network, clock } = await connectedPair({ random: () => 1 });
    network.cut();
    await quiet();
    expect(await outcome(client.close())).toEqual({ value: undefined });
    expect([client.state, clock.pending]).toEqual(['closed', 0]);
    await clock.run(60_000, 1000);
    expect(network.streams).toHaveLength(1);
  });

  test.each<[string, () => Promise<never>]>([['dial that does not come to an end', () => new Promise(() => {})]])(
    'during a %s does not wait for it',
    async (_name, dial) => {
      const { join } = pair();
      const client = join({ dial });
      const [connected, call] = [watch(client.stomp.connected), watch(client.call('ping'))];
      expect(await outcome(client.close())).toEqual({ value: undefined });
      expect(await connected()).toEqual({ error: expect.any(ConnectionError) as unknown });
      expect(await call()).toMatchObject({ error: { sent: 'no' } });
    },
  );

  test('during a dial: the connection that comes of it is closed unused', async () => {
    const { join, server } = pair();
    const [near, far] = memoryStreams();
    let answer!: (stream: typeof near) => void;
    const client = join({ dial: () => new Promise((resolve) => (answer = resolve)) });
    await quiet();
    await client.close();
    server.serve(far);
    answer(near);
    await quiet();
    expect(near.sent).toEqual([]);
    expect(await outcome(far[Symbol.asyncIterator]().next())).toEqual({ value: { done: true, value: undefined } });
  });

  test('before the server has answered CONNECT does not wait for it', async () => {
    const { join } = pair();
    const [near, far] = memoryStreams();
    const client = join({ dial: () => Promise.resolve(near) });
    await quiet();
    expect(await outcome(client.close())).toEqual({ value: undefined });
    expect(far).toBeDefined();
  });

  test('await using closes', async () => {
    const { client, join } = await connectedPair();
    let held: StompClient;
    {
      await using other = join();
      await other.stomp.connected;
      held = other;
      expect(held.state).toBe('connected');
    }
    expect([held.state, client.state]).toEqual(['closed', 'connected']);
  });

  test('settles what waits, and what comes later', async () => {
    const { client } = await connectedPair({ server: { methods: { wait: () => new Promise(() => {}) } } });
    const call = watch(client.call('wait', undefined, { timeout: Infinity }));
    const next = watch(client.events('x').next());
    await quiet();
    await client.close();
    expect(await call()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
    expect(await next()).toEqual({ value: { done: true, value: undefined } });
    for (const late of [
      client.call('ping'),
      client.notify('ping'),
      client.emit('x'),
      client.implement({ late: () => 1 }),
      client.events('x').ready,
      client.events('x').next(),
    ])
      expect(await outcome(late)).toMatchObject({ error: { code: 'ERR_CLOSED' } });
  });
});

test('listeners that were removed are not called', async () => {
  const { client, network } = await connectedPair();
  const listener = vi.fn();
  client.onState(listener)();
  network.cut();
  await quiet();
  expect(listener).not.toHaveBeenCalled();
});

describe('mistakes in what a user passes in', () => {
  test('a listener or subscriber that throws comes to light, and the connection goes on', async () => {
    const { client, server, network, clock } = await connectedPair();
    const thrown: string[] = [];
    const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation((run) => {
      try {
        run();
      } catch (error) {
        thrown.push((error as Error).message);
      }
    });
    const fail = (text: string) => () => {
      throw new Error(text);
    };
    client.onState(fail('listener'));
    await client.stomp.subscribe('/topic/a', fail('subscriber')).ready;
    server.emit('a');
    await quiet();
    expect([client.state, ...thrown]).toEqual(['connected', 'subscriber']);
    network.cut();
    await quiet();
    await clock.run(250);
    await quiet();
    expect(client.state).toBe('connected');
    expect(thrown.slice(1)).toEqual(['listener', 'listener', 'listener']);
    await client.close();
    later.mockRestore();
  });
});
