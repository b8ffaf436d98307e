// What a client says to a host, and what it does not.

import { describe, expect, test } from 'vitest';
import { connect } from '../../src/index.js';
import { outcome, quiet, watch } from '../../../core/test/fixtures/pair.js';
import { events } from './doubles/vdsm-server.js';
import { connectedHost, host, readable } from './ovirt-pair.js';

describe('on the wire', () => {
  test('CONNECT first, then the address of answers, then requests: every byte', async () => {
    const { client, server } = await connectedHost();
    expect(await client.call('echo', { text: 'grüß' })).toEqual({ text: 'grüß' });
    expect(server.session.frames.map(readable)).toEqual([
      'CONNECT⏎accept-version:1.2⏎heart-beat:10000,10000⏎⏎␀',
      'SUBSCRIBE⏎destination:<uuid>⏎ack:auto⏎id:<uuid>⏎⏎␀',
      'SEND⏎destination:jms.topic.vdsm_requests⏎content-type:application/json⏎reply-to:<uuid>⏎content-length:104⏎⏎' +
        Buffer.from('{"jsonrpc":"2.0","id":"<uuid>","method":"echo","params":{"text":"grüß"}}').toString('latin1') +
        '␀',
    ]);
    expect(server.faults).toEqual([]);
  });

  test('the answer comes to the address that was subscribed', async () => {
    const { client, server } = await connectedHost();
    await client.call('echo', []);
    const { received } = server.session;
    const address = /^reply-to:(.*)$/m.exec(received)![1]!;
    expect(received).toContain(`SUBSCRIBE\ndestination:${address}\n`);
  });

  test('requests and events may have other destinations; colons are escaped', async () => {
    const { client, server } = await connectedHost({ requests: 'jms.topic.vdsm_irs_requests', events: 'a:b' });
    await client.call('echo', []);
    client.events('*|*|*|*');
    await quiet();
    expect(server.session.received).toContain('SEND\ndestination:jms.topic.vdsm_irs_requests\n');
    expect(server.session.received).toContain('SUBSCRIBE\ndestination:a\\cb\n');
    expect(server.session.isClosed).toBe(false);
  });

  test('a flow id goes into the header that vdsm logs, and into no other request', async () => {
    const { client, server } = await connectedHost();
    await client.call('echo', [], { flowId: 'a:1' });
    await client.call('echo', []);
    await client.api['echo']!([], { flowId: 'b' });
    expect(server.session.received.match(/ovirtCorrelationId:.*/g)).toEqual([
      'ovirtCorrelationId:a\\c1',
      'ovirtCorrelationId:b',
    ]);
    expect(await outcome(client.call('echo', [], { flowId: 'a\0b' }))).toMatchObject({
      error: expect.any(TypeError) as Error,
    });
  });

  test('close says DISCONNECT, waits for its RECEIPT, and ends the connection itself', async () => {
    const { client, server } = await connectedHost();
    await client.close();
    await quiet();
    expect(readable(server.session.frames.at(-1)!)).toBe('DISCONNECT⏎receipt:r1⏎⏎␀');
    expect(server.session.isClosed).toBe(true);
    expect(client.state).toBe('closed');
  });

  test('a host that answers no DISCONNECT is left after a second', async () => {
    const { client, server, clock } = await connectedHost();
    server.session.isMute = true;
    const closed = watch(client.close());
    await clock.run(999);
    expect(await closed()).toBe('pending');
    await clock.run(1);
    expect(await closed()).toEqual({ value: undefined });
  });
});

describe('connecting', () => {
  test('a port that does not answer is given up', async () => {
    const { client, clock, server } = host({ limits: { connectTime: 50 } });
    server.session.isMute = true;
    const connected = watch(client.connected());
    await quiet();
    await clock.run(50);
    expect(await connected()).toMatchObject({ error: { code: 'ERR_CONNECT_TIME' } });
  });

  test('ERROR instead of CONNECTED refuses us', async () => {
    const { client, server } = host();
    const { session } = server;
    session.say('ERROR\ncontent-length:19\n\nVersion unsupported\0');
    session.isMute = true;
    expect(await outcome(client.connected())).toMatchObject({
      error: { code: 'ERR_STOMP_ERROR', message: 'Version unsupported' },
    });
    expect(client.state).toBe('closed');
  });

  test.each([
    ['ovirt://h', { auth: {} }, /unknown option auth/],
    ['ovirt://h', { inFlight: 0 }, /inFlight must be at least 1/],
    ['ovirt://h', { retry: { attempts: 1.5 } }, /attempts must be a whole number/],
    ['ovirt://h', { retry: { attempts: 1, methods: 'a' } }, /methods must be an array of names/],
    ['ovirt://h', { retry: { attempts: 1, methodes: [] } }, /retry: unknown option methodes/],
    ['ovirt+tls://h', { limits: { bodies: 1 } }, /unknown limit limits.bodies/],
    ['ovirts://h', {}, /must begin with .*ovirt\+tls:\/\/, ovirt:\/\/, not ovirts:\/\//],
  ])('%s with %o is refused', async (url, options, message) => {
    await expect(connect(url, options as object)).rejects.toThrow(message);
  });
});

describe('heart-beats', () => {
  test('go out long before vdsm closes, which it does without grace', async () => {
    const { server, clock } = await connectedHost();
    await clock.run(60_000, 500);
    expect(server.session.isClosed).toBe(false);
    expect(server.faults).toEqual([]);
    expect(server.sessions).toHaveLength(1);
    // One each 6 s, and nothing else.
    expect(server.session.received.split('\0').at(-1)).toBe('\n'.repeat(10));
  });

  test('are asked for, and a host that sends none is given up after an interval and a grace', async () => {
    const { client, server, clock } = await connectedHost({ heartBeat: { incoming: 2000, outgoing: 0 } });
    expect(server.session.received).toContain('heart-beat:0,2000\n');
    await clock.run(10_000, 500);
    expect(client.state).toBe('connected');
    server.session.isMute = true;
    await clock.run(3000, 100);
    await quiet();
    expect(client.state).toBe('reconnecting');
  });

  test('none under a second are offered, as vdsm would not keep them', async () => {
    const { server } = await connectedHost({ heartBeat: { incoming: 5, outgoing: 5 } });
    expect(server.session.received).toContain('heart-beat:1000,1000\n');
  });
});

describe('ERROR', () => {
  test('is told, and ends nothing', async () => {
    const { client, server, errors } = await connectedHost();
    const answer = watch(client.call('hold', []));
    server.session.say('ERROR\ncontent-length:26\n\nSubscription not available\0');
    await quiet();
    expect(errors).toMatchObject([{ code: 'ERR_STOMP_ERROR', message: 'Subscription not available' }]);
    expect(client.state).toBe('connected');
    expect(await answer()).toBe('pending');
    expect(await client.call('Host.ping')).toBe(true);
  });

  test('answers a request to a destination that nobody has', async () => {
    const { client, clock, errors } = await connectedHost({ requests: 'jms.topic.wrong', timeout: 100 });
    const answer = watch(client.call('echo'));
    await quiet();
    expect(errors).toMatchObject([{ message: 'Subscription not available' }]);
    await clock.run(100);
    expect(await answer()).toMatchObject({ error: { code: 'ERR_CALL_TIME' } });
  });
});

describe('a lost connection', () => {
  test('is made again, with the same address and new ids; calls that wait go out then', async () => {
    const { client, server, clock, network } = await connectedHost();
    const states: string[] = [];
    client.onState((state) => void states.push(state));
    client.events('*|*|*|*');
    network.up = false;
    client.cut();
    await quiet();
    const answer = watch(client.call('echo', ['later']));
    expect(client.state).toBe('reconnecting');
    network.up = true;
    await clock.run(1000, 50);
    expect(await answer()).toEqual({ value: ['later'] });
    const [first, second] = server.sessions.map(({ received }) => ({
      places: [...received.matchAll(/SUBSCRIBE\ndestination:(.*)/g)].map(([, place]) => place),
      ids: [...received.matchAll(/\nid:(.*)/g)].map(([, id]) => id),
    }));
    expect(first!.places).toEqual([expect.any(String), events]);
    expect(second!.places).toEqual(first!.places);
    expect(new Set([...first!.ids, ...second!.ids]).size).toBe(4);
    expect(new Set(states)).toEqual(new Set(['reconnecting', 'connected']));
    expect(server.faults).toEqual([]);
  });

  test('fails the calls under way, as they may have run', async () => {
    const { client } = await connectedHost();
    const answer = watch(client.call('hold'));
    await quiet();
    client.cut();
    expect(await answer()).toMatchObject({ error: { code: 'ERR_CONNECTION_LOST', sent: 'maybe' } });
  });

  test('retryNow does not wait', async () => {
    const { client, network } = await connectedHost();
    network.up = false;
    client.cut();
    await quiet();
    network.up = true;
    client.retryNow();
    await client.connected();
    expect(client.state).toBe('connected');
  });

  test('that never was rejects, unless it is to be tried again', async () => {
    const once = host({ up: false });
    expect(await outcome(once.client.connected())).toMatchObject({ error: { code: 'ERR_CONNECT' } });
    expect(once.client.state).toBe('closed');
    const tried = host({ up: false, retryFirst: true });
    await tried.clock.run(1000, 100);
    expect(tried.client.state).toBe('connecting');
    tried.network.up = true;
    await tried.clock.run(5000, 100);
    expect(tried.client.state).toBe('connected');
  });
});

test('await using closes', async () => {
  const { client, server } = await connectedHost();
  {
    await using _ = client;
  }
  await quiet();
  expect(server.session.isClosed).toBe(true);
  expect(await outcome(client.call('echo'))).toMatchObject({ error: { code: 'ERR_CLOSED' } });
});
