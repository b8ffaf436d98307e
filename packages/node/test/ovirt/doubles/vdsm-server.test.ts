// The double is as the original was observed: byte by byte where there is a transcript.

import { describe, expect, test } from 'vitest';
import { ManualClock, memoryStreams } from '@sallyport/core/testing';
import { quiet } from '../../../../core/test/fixtures/pair.js';
import { events, requests, VdsmServer, type VdsmOptions } from './vdsm-server.js';

/** A raw connection: what is sent is what is written; `heard` is all that came back. */
function raw(options: VdsmOptions = {}) {
  const clock = new ManualClock();
  const server = new VdsmServer({
    clock,
    methods: {
      echo: (params) => (Array.isArray(params) ? (params[0] as unknown) : (params as { text: unknown }).text),
    },
    ...options,
  });
  return { clock, server, ...joined(server) };
}

function joined(server: VdsmServer) {
  const [near, far] = memoryStreams();
  server.accept(far);
  const session = server.session;
  const say = async (...texts: string[]): Promise<void> => {
    for (const text of texts) near.send(text.replaceAll('⏎', '\n').replaceAll('␀', '\0'));
    await quiet();
  };
  return { session, say, heard: () => session.sent.join('').replaceAll('\n', '⏎').replaceAll('\0', '␀') };
}

const connect = 'CONNECT⏎accept-version:1.2⏎heart-beat:0,24000⏎⏎␀';
const connected = 'CONNECTED⏎version:1.2⏎heart-beat:24000,0⏎⏎␀';

/** SEND of a request. */
function request(body: string, replyTo = 'r1', destination = requests): string {
  return `SEND⏎destination:${destination}⏎reply-to:${replyTo}⏎content-length:${Buffer.byteLength(body)}⏎⏎${body}␀`;
}

describe('transcripts', () => {
  test('of the Python client', async () => {
    const { say, heard } = raw();
    await say(`${connect}SUBSCRIBE⏎destination:4eabb453⏎ack:auto⏎id:7026dda2⏎⏎␀`);
    const body =
      '[{"jsonrpc": "2.0", "method": "echo", "params": ["hi"], "id": "9b6f96c0-0000-0000-0000-000000000000"}]';
    expect(body).toHaveLength(102);
    await say(
      `SEND⏎destination:${requests}⏎content-type:application/json⏎reply-to:4eabb453⏎content-length:102⏎⏎${body}␀`,
    );
    const answer = '{"jsonrpc": "2.0", "id": "9b6f96c0-0000-0000-0000-000000000000", "result": "hi"}';
    expect(heard()).toBe(
      `${connected}MESSAGE⏎destination:4eabb453⏎content-type:application/json⏎subscription:7026dda2⏎content-length:80⏎⏎${answer}␀`,
    );
  });

  test('of the Java client, whose SUBSCRIBEs come first', async () => {
    const { say, heard } = raw();
    await say(
      `SUBSCRIBE⏎destination:${events}⏎ack:auto⏎id:5a⏎⏎␀SUBSCRIBE⏎destination:answers⏎ack:auto⏎id:37⏎⏎␀`,
      'CONNECT⏎accept-version:1.2⏎heart-beat:0,10000⏎host:peer-1⏎⏎␀',
      request('{"jsonrpc":"2.0","method":"echo","params":{"text":"hi"},"id":"2d"}', 'answers'),
    );
    expect(heard()).toBe(
      'CONNECTED⏎version:1.2⏎heart-beat:10000,0⏎⏎␀' +
        'MESSAGE⏎destination:answers⏎content-type:application/json⏎subscription:37⏎content-length:46⏎⏎' +
        '{"jsonrpc": "2.0", "id": "2d", "result": "hi"}␀',
    );
  });

  test('of an event', async () => {
    const { server, say, heard, clock } = raw();
    clock.advance(2_149_652_323);
    const { say: sayOn, heard: heardOn } = joined(server);
    await say(connect);
    await sayOn(`SUBSCRIBE⏎destination:${events}⏎id:ev⏎⏎␀`);
    server.emit('|virt|VM_status|0000-1', { seq: 0 });
    const body =
      '{"jsonrpc": "2.0", "method": "|virt|VM_status|0000-1", "params": {"seq": 0, "notify_time": 2149652323}}';
    expect(heardOn()).toBe(
      `MESSAGE⏎destination:${events}⏎content-type:application/json⏎subscription:ev⏎content-length:103⏎⏎${body}␀`,
    );
    expect(heard()).not.toContain('VM_status');
  });

  test('of beats: no grace', async () => {
    const { say, heard, clock, session } = raw();
    await say('CONNECT⏎accept-version:1.2⏎heart-beat:3000,2000⏎host:peer-1⏎⏎␀');
    expect(heard()).toBe('CONNECTED⏎version:1.2⏎heart-beat:2000,3000⏎⏎␀');
    await clock.run(2900, 100);
    await say('⏎');
    await clock.run(2900, 100);
    expect(session.isClosed).toBe(false);
    await clock.run(100);
    expect(session.isClosed).toBe(true);
    expect(session.sent.slice(1)).toEqual(['\n', '\n']);
  });

  test.each([
    ['CONNECT⏎accept-version:1.0,1.1,1.2⏎⏎␀', 'ERROR⏎content-length:19⏎⏎Version unsupported␀'],
    ['CONNECT⏎host:somebody⏎⏎␀', 'ERROR⏎content-length:19⏎⏎Version unsupported␀'],
    [request('x', 'r', 'nowhere'), 'ERROR⏎content-length:26⏎⏎Subscription not available␀'],
    [
      'SUBSCRIBE⏎id:1⏎destination:a⏎⏎␀SUBSCRIBE⏎id:1⏎destination:b⏎⏎␀',
      'ERROR⏎content-length:30⏎⏎Subscription id already exists␀',
    ],
    ['SUBSCRIBE⏎id:1⏎⏎␀', 'ERROR⏎content-length:42⏎⏎Missing destination or subscription id header␀'],
    ['UNSUBSCRIBE⏎⏎␀', 'ERROR⏎content-length:17⏎⏎Missing id header␀'],
    ['UNSUBSCRIBE⏎id:9⏎⏎␀', ''],
    ['DISCONNECT⏎receipt:bye⏎⏎␀', 'RECEIPT⏎receipt-id:bye⏎⏎␀'],
  ])('%s stays open', async (said, answer) => {
    const { say, heard, session } = raw();
    await say(said);
    expect(heard().replace(/content-length:\d+/, '')).toBe(answer.replace(/content-length:\d+/, ''));
    expect(session.isClosed).toBe(false);
  });

  test.each([
    'ACK⏎id:1⏎⏎␀        ',
    'BEGIN⏎transaction:1⏎⏎␀',
    'STOMP⏎accept-version:1.2⏎⏎␀',
    '⏎CONNECT⏎accept-version:1.2⏎⏎␀',
    'POST / HTTP/1.1⏎',
    'CONNECT⏎accept-version:1.2⏎host:a:1⏎⏎␀',
    'CONNECT⏎accept-version:1.2⏎host:a\\tb⏎⏎␀',
    'CONNECT⏎accept-version⏎⏎␀',
    'SEND⏎reply-to:a⏎⏎x␀',
    'SEND⏎destination:a⏎content-length:1⏎⏎xx␀',
    'DISCONNECT⏎⏎␀',
  ])('%s closes without a word', async (said) => {
    const { say, heard, session } = raw();
    await say(said);
    expect(session.isClosed).toBe(true);
    expect(heard()).toBe('');
  });
});

describe('detection', () => {
  test('needs eleven bytes, in as many pieces as may be, within ten seconds', async () => {
    const { say, session, clock } = raw();
    await say('CONNECT⏎⏎␀');
    await clock.run(9999);
    expect(session.isClosed).toBe(false);
    await clock.run(1);
    expect(session.isClosed).toBe(true);
  });
});

describe('destinations', () => {
  test('what is sent goes to subscribers of the name or of one above it; answers only by the very name', async () => {
    const { say, heard } = raw();
    await say(
      'SUBSCRIBE⏎id:s⏎destination:r1⏎⏎␀',
      'SEND⏎destination:r1.a⏎⏎x␀',
      'SEND⏎destination:r1a⏎⏎x␀',
      request('{"jsonrpc":"2.0","method":"echo","params":["lost"],"id":1}', 'r1.child'),
      request('{"jsonrpc":"2.0","method":"echo","params":["kept"],"id":2}', 'r1', requests + '.x.y'),
    );
    expect(heard()).toContain('MESSAGE⏎subscription:s⏎destination:r1.a⏎⏎x␀');
    expect(heard()).toContain('Subscription not available');
    expect(heard()).not.toContain('lost');
    expect(heard()).toContain('kept');
  });
});

describe('requests', () => {
  test('a notification ends the service for everybody', async () => {
    const { server, say, heard } = raw();
    const other = joined(server);
    await other.say('SUBSCRIBE⏎id:s⏎destination:r2⏎⏎␀');
    await say(request('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}'));
    await other.say(request('{"jsonrpc":"2.0","method":"echo","params":["hi"],"id":1}', 'r2'));
    expect(heard() + other.heard()).toBe('');
    expect(server.faults).toEqual(['a notification: $/cancelRequest']);
  });

  test('a batch is executed, and its answers are lost', async () => {
    const { server, say, heard } = raw();
    const one = '{"jsonrpc":"2.0","method":"echo","params":["hi"],"id":1}';
    await say('SUBSCRIBE⏎id:s⏎destination:r1⏎⏎␀', request(`[${one},${one.replace('1}', '2}')}]`));
    expect(heard()).toBe('');
    expect(server.begun).toEqual(['echo', 'echo']);
    expect(server.faults).toEqual(['a batch: its answers are lost']);
  });

  test('what has no id is told at the common address only', async () => {
    const { say, heard } = raw();
    await say('SUBSCRIBE⏎id:s⏎destination:r1⏎⏎␀', request('{'), request('[]'), request('{"jsonrpc":"1.0"}'));
    expect(heard()).toBe('');
    await say(
      'SUBSCRIBE⏎id:c⏎destination:jms.topic.vdsm_responses⏎⏎␀',
      request('{"jsonrpc":"2.0","id":1,"params":"x"}'),
    );
    expect(heard()).toContain('{"jsonrpc": "2.0", "id": null, "error": {"code": -32600');
  });

  test('beyond eight workers and eighty in line: 1100; answers come as they are ready', async () => {
    const done: (() => void)[] = [];
    const wait = (): Promise<void> => new Promise((resolve) => done.push(resolve));
    const { server, say, heard } = raw({ methods: { wait } });
    await say('SUBSCRIBE⏎id:s⏎destination:r1⏎⏎␀');
    for (let id = 1; id <= 90; id++) await say(request(`{"jsonrpc":"2.0","method":"wait","id":${id}}`));
    expect(heard().match(/"code": 1100/g)).toHaveLength(2);
    expect(server.load).toBe(88);
    done[3]!();
    await quiet();
    expect(heard()).toContain('"id": 4, "result": true');
  });

  test('what fails', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const { say, heard } = raw({ methods: { boom } });
    await say(
      'SUBSCRIBE⏎id:s⏎destination:r1⏎⏎␀',
      request('{"jsonrpc":"2.0","method":"nope","id":"é"}'),
      request('{"jsonrpc":"2.0","method":"boom","id":1.5}'),
    );
    expect(heard()).toContain(`"message": "The method does not exist or is not available: {'method': 'nope'}"`);
    expect(heard()).toContain(
      `"id": 1.5, "error": {"code": -32603, "message": "Internal JSON-RPC error: {'reason': 'boom'}"`,
    );
  });
});
