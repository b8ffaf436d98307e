// What clients of vdsm see on the wire of a server in its place, byte by byte. Each case is a talk: what the client sends,
// and all that comes of it. JSON has no blanks here, where vdsm's has some; nobody depends on them.

import type { Socket } from 'node:net';
import { RpcError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { createServer, type ServerOptions } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialled, until } from '../../packages/node/test/fixtures/sockets.js';

const REQUESTS = 'jms.topic.vdsm_requests';

async function startHost(options: ServerOptions = {}) {
  const server = createServer({ dialect: 'ovirt', onError: () => {}, ...options });
  onTestFinished(() => server.close());
  const executed: string[] = [];
  server.implement({
    echo: (params: unknown) => params,
    note: ({ text }: { text: string }) => void executed.push(text),
    nothing: () => null,
    no: () => {
      throw new RpcError(1, 'Virtual machine does not exist', { vmId: 'x' });
    },
    crash: () => {
      throw new Error('the secret is 1234');
    },
    hold: () => new Promise(() => {}),
    emit: ({ name, data }: { name: string; data: unknown }) => server.emit(name, data),
  });
  const { port } = await server.listen({ port: 0 });
  return { server, port, executed };
}

interface Talk {
  socket: Socket;
  say(text: string): void;
  /** All that came, with what differs each time replaced. */
  heard(): string;
  isOver(): boolean;
}

async function begin(port: number): Promise<Talk> {
  const socket = await dialled(port);
  let text = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('end', () => (isOver = true)).on('error', () => (isOver = true));
  return {
    socket,
    say: (words) => void socket.write(words),
    heard: () =>
      text
        .replace(/\nsession:\w+/g, '')
        .replace(/\nserver:Sallyport/g, '')
        .replace(/"notify_time":\d+/, '"notify_time":0'),
    isOver: () => isOver,
  };
}

function frame(command: string, headers: Record<string, string>, body = ''): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join('')}\n${body}\0`;
}

const connect = frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '0,24000' });
const connected = 'CONNECTED\nversion:1.2\nheart-beat:24000,0\ncontent-length:0\n\n\0';
const subscribe = (destination: string, id: string): string => frame('SUBSCRIBE', { destination, ack: 'auto', id });
const send = (destination: string, body: unknown, more: Record<string, string> = {}): string =>
  frame('SEND', { destination, ...more }, typeof body === 'string' ? body : JSON.stringify(body));
const ask = (body: unknown, replyTo = 'r1', more: Record<string, string> = {}): string =>
  send(REQUESTS, body, { 'reply-to': replyTo, ...more });
const call = (method: string, params?: unknown, id: unknown = 'a') => ({ jsonrpc: '2.0', method, params, id });
const notify = (method: string, params: unknown) => ({ jsonrpc: '2.0', method, params });
const message = (destination: string, subscription: string, text: string): string =>
  `MESSAGE\ndestination:${destination}\ncontent-type:application/json\nsubscription:${subscription}\n` +
  `content-length:${Buffer.byteLength(text)}\n\n${text}\0`;
const reply = (text: string): string => message('r1', 's1', text);
const result = (value: unknown, id: unknown = 'a'): string =>
  reply(JSON.stringify({ jsonrpc: '2.0', id, result: value }));
const failure = (code: number, text: string): string =>
  reply(JSON.stringify({ jsonrpc: '2.0', id: 'a', error: { code, message: text } }));
const error = (text: string): string => `ERROR\ncontent-length:${text.length}\n\n${text}\0`;

/** A MESSAGE without what engine's client does not look at. */
const terse = (text: string): string => text.replace(/^(MESSAGE\n)[^]*?(content-length:)/, '$1$2');

/** Says that all before it has been dealt with. */
const ping = ask(call('echo', [], 'end'));
const pong = result([], 'end');
const own = connect + subscribe('r1', 's1');

/** What is said, and all that is heard; the connection stays open. */
const talks: Record<string, readonly [said: string, heard: string]> = {
  'the Python client’s first segment': [own + ping, connected + pong],
  'one that offers 1.2 among others': [
    connect.replace('1.2', '1.0,1.1,1.2') + subscribe('r1', 's1') + ping,
    connected + pong,
  ],
  // So engine's client begins: it needs no more of a head, and in a burst gets no more.
  'SUBSCRIBE before CONNECT': [subscribe('r1', 's1') + connect + ping, connected + terse(pong)],
  'the same of somebody who says more than engine’s does': [
    subscribe('r1', 's1').replace('\n\n', '\nselector:x\n\n') + connect + ping,
    connected + pong,
  ],
  'without CONNECT': [frame('UNSUBSCRIBE', { id: 'x' }) + subscribe('r1', 's1') + ping, pong],
  'SEND first': [send(REQUESTS, call('note', { text: 'first' })) + subscribe('r1', 's1') + ping, pong],
  'a second CONNECT is answered again': [own + connect + ping, connected + connected + pong],
  'beats are clamped': [
    frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '20,5' }) + subscribe('r1', 's1') + ping,
    'CONNECTED\nversion:1.2\nheart-beat:1000,1000\ncontent-length:0\n\n\0' + pong,
  ],
  'each number of beats is read for itself, and clamped to what a timer takes': [
    frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': 'often,99999999999999' }) + subscribe('r1', 's1') + ping,
    'CONNECTED\nversion:1.2\nheart-beat:1000000000,0\ncontent-length:0\n\n\0' + pong,
  ],
  'beats that are none count as 0': [
    frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': 'often' }) + subscribe('r1', 's1') + ping,
    'CONNECTED\nversion:1.2\nheart-beat:0,0\ncontent-length:0\n\n\0' + pong,
  ],
  'CR LF, and EOLs between frames': [
    own.replaceAll('\n', '\r\n').replaceAll('\0', '\0\r\n\n') + ping,
    connected + pong,
  ],
  'a raw colon in a value': [
    frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '0,24000', extra: 'a:1' }) + subscribe('r1', 's1') + ping,
    connected + pong,
  ],
  'an array of one is answered by an object': [own + ask([call('echo', ['hi'])]), connected + result(['hi'])],
  'a batch is answered by an array': [
    own + ask([call('echo', [1], 1), call('echo', [2], 'b'), notify('note', { text: 'x' })]),
    connected + reply('[{"jsonrpc":"2.0","id":1,"result":[1]},{"jsonrpc":"2.0","id":"b","result":[2]}]'),
  ],
  'an id of any type comes back': [
    own + ask(call('echo', [], 1.5)) + ask(call('echo', [], 7)),
    connected + result([], 1.5) + result([], 7),
  ],
  'nothing is true': [
    own + ask(call('note', { text: '' })) + ask(call('nothing')),
    connected + result(true) + result(true),
  ],
  'a destination below that of requests': [
    own + send(REQUESTS + '.x.y', call('echo', []), { 'reply-to': 'r1' }),
    connected + result([]),
  ],
  'content-length is optional, and believed': [
    own +
      ask(call('echo', [])) +
      ask(call('echo', []), 'r1', { 'content-length': String(JSON.stringify(call('echo', [])).length) }),
    connected + result([]) + result([]),
  ],
  'blanks behind the text': [own + ask(JSON.stringify(call('echo', [])) + '   '), connected + result([])],
  'the other name of requests, and none that only begins like it': [
    own +
      send('jms.topic.vdsm_irs_requests', call('echo', []), { 'reply-to': 'r1' }) +
      send(REQUESTS + 'x', call('note', { text: 'x' }), { 'reply-to': 'r1' }) +
      ping,
    connected + result([]) + error('Subscription not available') + pong,
  ],
  'escapes in names are undone, and done again': [
    connect +
      subscribe('a\\cb\\\\c\\nd\\re', 's\\c1') +
      send(REQUESTS, call('echo', [], 'end'), { 'reply-to': 'a\\cb\\\\c\\nd\\re' }),
    connected + message('a\\cb\\\\c\\nd\\re', 's\\c1', '{"jsonrpc":"2.0","id":"end","result":[]}'),
  ],
  'the first of repeated headers counts': [
    connect + 'SUBSCRIBE\ndestination:r1\nid:s1\ndestination:r2\nid:s2\n\n\0' + ping,
    connected + pong,
  ],
  'a request is copied to whoever has subscribed where requests go': [
    own + subscribe(REQUESTS, 'q') + send(REQUESTS + '.x', call('echo', []), { 'reply-to': 'r1' }) + ping,
    connected +
      `MESSAGE\nsubscription:q\ndestination:${REQUESTS}.x\nreply-to:r1\ncontent-length:54\n\n${JSON.stringify(call('echo', []))}\0` +
      result([]) +
      `MESSAGE\nsubscription:q\ndestination:${REQUESTS}\nreply-to:r1\ncontent-length:56\n\n${JSON.stringify(call('echo', [], 'end'))}\0` +
      pong,
  ],
  'no reply-to, no answer': [own + send(REQUESTS, call('echo', [])) + ping, connected + pong],
  'answers look a name up exactly': [own + ask(call('echo', []), 'r1.child') + ping, connected + pong],
  'errors without an id go elsewhere': [
    own + subscribe('jms.topic.vdsm_responses', 's2') + ask('{') + ask([]) + ping,
    connected +
      [
        "Invalid JSON-RPC: parse error: {'reason': 'Parse error'}",
        "Invalid JSON-RPC request: {'reason': 'Invalid Request: an empty batch'}",
      ]
        .map((text, at) =>
          message(
            'jms.topic.vdsm_responses',
            's2',
            JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: at === 0 ? -32700 : -32600, message: text } }),
          ),
        )
        .join('') +
      pong,
  ],
  'errors without an id, and nobody there': [own + ask('{') + ping, connected + pong],
  'a notification breaks nothing': [
    own + ask(notify('note', { text: 'n' })) + ask(call('echo', [], null)) + ping,
    connected + pong,
  ],
  'an unknown method': [
    own + ask(call('nope')),
    connected + failure(-32601, "The method does not exist or is not available: {'method': 'nope'}"),
  ],
  'an error of the host’s own': [own + ask(call('no')), connected + failure(1, 'Virtual machine does not exist')],
  'a failure tells nothing': [
    own + ask(call('crash')),
    connected + failure(-32603, "Internal JSON-RPC error: {'reason': 'Internal error'}"),
  ],
  'a SEND to nobody': [own + send('nowhere', 'x') + ping, connected + error('Subscription not available') + pong],
  'what is forwarded goes to the name and all above it': [
    own + subscribe('r1.a', 's2') + send('r1.a.b', 'x', { 'content-type': 'text/plain', mine: '1' }) + send('r1', 'y'),
    connected +
      ['s2', 's1']
        .map(
          (id) =>
            `MESSAGE\nsubscription:${id}\ndestination:r1.a.b\ncontent-type:text/plain\nmine:1\ncontent-length:1\n\nx\0`,
        )
        .join('') +
      'MESSAGE\nsubscription:s1\ndestination:r1\ncontent-length:1\n\ny\0',
  ],
  'the same SUBSCRIBE twice': [own + subscribe('r1', 's1') + ping, connected + pong],
  'another SUBSCRIBE with that id': [
    own + subscribe('r2', 's1') + ping,
    connected + error('Subscription id already exists') + pong,
  ],
  'a SUBSCRIBE without an id': [
    own + frame('SUBSCRIBE', { destination: 'x' }) + ping,
    connected + error('Missing destination or subscription id header') + pong,
  ],
  'an UNSUBSCRIBE of nothing': [own + frame('UNSUBSCRIBE', { id: 'x' }) + ping, connected + pong],
  'an UNSUBSCRIBE without an id': [
    own + frame('UNSUBSCRIBE', {}) + ping,
    connected + error('Missing id header') + pong,
  ],
  'what is unsubscribed hears nothing': [
    own + frame('UNSUBSCRIBE', { id: 's1' }) + ping + subscribe('r1', 's2') + ask(call('echo', [])),
    connected + message('r1', 's2', '{"jsonrpc":"2.0","id":"a","result":[]}'),
  ],
  'no receipts but that of DISCONNECT, and no end': [
    own +
      subscribe('r2', 's2').replace('\n\n', '\nreceipt:1\n\n') +
      ask(call('echo', []), 'r1', { receipt: '2' }) +
      frame('UNSUBSCRIBE', { id: 's2', receipt: '3' }) +
      frame('DISCONNECT', { receipt: 'bye' }) +
      ping,
    connected + result([]) + 'RECEIPT\nreceipt-id:bye\ncontent-length:0\n\n\0' + pong,
  ],
  'events have no receiver, and a time': [
    own +
      subscribe('jms.queue.events', 'ev') +
      ask(call('emit', { name: 'node7|virt|VM_status|0000-1', data: { seq: 0 } })) +
      ask(call('emit', { name: 'other.name' })),
    connected +
      message(
        'jms.queue.events',
        'ev',
        '{"jsonrpc":"2.0","method":"|virt|VM_status|0000-1","params":{"seq":0,"notify_time":0}}',
      ).replace(/content-length:\d+/, 'content-length:N') +
      result(true) +
      result(true),
  ],
};

describe('a talk', () => {
  test.each(Object.entries(talks))('%s', async (_, [said, heard]) => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(said);
    const expected = heard.replaceAll('\0', '\0\n');
    const seen = (): string => {
      const text = talk.heard().replaceAll('\0', '\0\n');
      // Its length is that of the time before it was replaced.
      return expected.includes('content-length:N')
        ? text.replace(/content-length:\d+(?=\n\n.*VM_status)/, 'content-length:N')
        : text;
    };
    await until(() => trimmed(seen()).length >= trimmed(expected).length).catch(() => {});
    expect(trimmed(seen())).toBe(trimmed(expected));
    expect(talk.isOver()).toBe(false);
  });

  /** To engine's client messages are padded: the blanks count. */
  function trimmed(text: string): string {
    return text.replace(
      /content-length:\d+\n\n([^\0]*?) {2,}\0/g,
      (_, body: string) => `content-length:${body.length}\n\n${body}\0`,
    );
  }
});

describe('the end', () => {
  test.each([
    ['ACK', own + frame('ACK', { id: '1' })],
    ['NACK', own + frame('NACK', { id: '1' })],
    ['BEGIN', own + frame('BEGIN', { transaction: 't' })],
    ['COMMIT', own + frame('COMMIT', { transaction: 't' })],
    ['ABORT', own + frame('ABORT', { transaction: 't' })],
    ['an unknown escape', own + subscribe('r\\t', 's2')],
    ['a SEND without a destination', own + frame('SEND', {}, 'x')],
    ['DISCONNECT without a receipt', own + frame('DISCONNECT', {})],
    ['what is no frame', own + 'NONSENSE\n\n\0'],
    ['a header without a colon', own + 'SUBSCRIBE\nno colon\n\n\0'],
    ['a NUL before where content-length says', own + 'SEND\ndestination:x\ncontent-length:9\n\nab\0' + 'x'.repeat(9)],
    ['a NUL behind where content-length says', own + 'SEND\ndestination:x\ncontent-length:1\n\nab\0'],
  ])('comes without a word after %s', async (_, said) => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(said + ping);
    await until(() => talk.isOver());
    expect(talk.heard()).toBe(connected);
  });
});

describe('the beginning', () => {
  test('an EOL before the first frame means nothing: stock clients send one, although vdsm refuses them', async () => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say('\n' + own + ping);
    await until(() => talk.heard().endsWith(pong));
    expect(talk.heard()).toBe(connected + pong);
  });

  test('DISCONNECT first is taken for this dialect’s: with a receipt it is answered, and the connection stays', async () => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(frame('DISCONNECT', { receipt: 'bye' }));
    await until(() => talk.heard() !== '');
    expect(talk.heard()).toBe('RECEIPT\nreceipt-id:bye\ncontent-length:0\n\n\0');
    talk.say(subscribe('r1', 's1') + ping);
    await until(() => talk.heard().endsWith(pong));
    talk.say(frame('DISCONNECT', {}));
    await until(() => talk.isOver());
  });

  test.each(['', 'SUBSCR'])('who says nothing that tells, %j, is closed when sniffTime is over', async (said) => {
    const clock = new ManualClock();
    const { server, port } = await startHost({ clock, limits: { sniffTime: 10_000 } });
    const talk = await begin(port);
    talk.say(said);
    await until(() => clock.pending > 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(9999);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(talk.isOver()).toBe(false);
    clock.advance(2);
    await until(() => talk.isOver());
    expect([talk.heard(), server.sessions.size]).toEqual(['', 0]);
  });
});

test('CONNECTED is alone in its segment, and every head to engine’s client is short', async () => {
  const clock = new ManualClock();
  const { port } = await startHost({ clock });
  const talk = await begin(port);
  const id = 'i'.repeat(200);
  talk.say(frame('CONNECT', { 'accept-version': '1.2', host: 'peer-1' }) + subscribe('r1', id) + ping + ping);
  await until(() => talk.heard() !== '');
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(talk.heard()).toBe('CONNECTED\nversion:1.2\nheart-beat:0,0\ncontent-length:0\n\n\0');
  clock.advance(15);
  await until(() => talk.heard().split('MESSAGE').length === 3);
  for (const head of talk.heard().match(/MESSAGE\n[^]*?\n\n/g)!) expect(head.length).toBeLessThan(900);
  expect(talk.heard()).not.toContain('\r');
  for (const one of talk.heard().split('\0').slice(0, -1)) expect(one).toMatch(/^\w+\n[^]*?content-length:\d+\n\n/);
  talk.say(subscribe('r2', 'i'.repeat(400)));
  await until(() => {
    clock.advance(20);
    return talk.heard().includes('ERROR');
  });
  expect(talk.heard()).toMatch(/too long: a MESSAGE with them has more than 400 bytes of headers/);
});

test('details are told as Python prints them', async () => {
  const { port } = await startHost();
  const talk = await begin(port);
  const printed: Record<string, string> = {
    plain: "'plain'",
    "it's": '"it\'s"',
    'both \' and "': "'both \\' and \"'",
    'back\\slash': "'back\\\\slash'",
    'tab\tline\n\r\u0001\u007f': "'tab\\tline\\n\\r\\x01\\x7f'",
    'é🎉\u00a0\u200b': "'é🎉\\xa0\\u200b'",
  };
  talk.say(
    own +
      Object.keys(printed)
        .map((method) => ask(call(method)))
        .join('') +
      ping,
  );
  await until(() => talk.heard().endsWith(pong));
  const told = [...talk.heard().matchAll(/\n(\{.*?"error".*)\0/g)].map(([, text]) => JSON.parse(text!) as unknown);
  expect(told).toEqual(
    Object.values(printed).map((text) => ({
      jsonrpc: '2.0',
      id: 'a',
      error: { code: -32601, message: `The method does not exist or is not available: {'method': ${text}}` },
    })),
  );
});

test('by XML-RPC, too, nothing is true', async () => {
  const { server, port } = await startHost();
  server.implement({ Host: { ping: () => undefined } });
  const body = '<methodCall><methodName>Host.ping</methodName></methodCall>';
  const headers = { 'content-type': 'text/xml' };
  const response = await fetch(`http://127.0.0.1:${port}/RPC2`, { method: 'POST', headers, body });
  expect(await response.text()).toContain('<value><boolean>1</boolean></value>');
});

test('destinations of other names', async () => {
  const { server, port } = await startHost({
    dialect: { name: 'ovirt', requests: ['my.requests'], events: 'my.events', responses: 'my.responses' },
  });
  const talk = await begin(port);
  talk.say(
    own +
      subscribe('my.events', 'e') +
      subscribe('my.responses', 'r') +
      send('my.requests.below', call('echo', []), { 'reply-to': 'r1' }) +
      send('my.requests', '{', { 'reply-to': 'r1' }) +
      send(REQUESTS, call('echo', []), { 'reply-to': 'r1' }),
  );
  await until(() => talk.heard().includes('not available'));
  expect(talk.heard()).toContain(result([]));
  expect(talk.heard()).toMatch(/destination:my\.responses\n[^\0]*-32700/);
  server.emit('|virt|VM_status|1', {});
  await until(() => /destination:my\.events\n[^\0]*VM_status/.test(talk.heard()));
});

test('who closes is cleaned up after, whatever it has said of its going', async () => {
  const { server, port } = await startHost();
  const [one, other] = [await begin(port), await begin(port)];
  one.say(subscribe('mine', '1') + subscribe('jms.queue.events', '2') + frame('UNSUBSCRIBE', { id: '1' }));
  other.say(own + ping);
  await until(() => server.sessions.size === 2 && other.heard().endsWith(pong));
  one.socket.end();
  await until(() => server.sessions.size === 1);
  other.say(send('jms.queue.events', 'x') + ping);
  const complaint = error('Subscription not available');
  await until(() => other.heard().endsWith(complaint + pong));
  expect(other.heard()).toBe(connected + pong + complaint + pong);
});

test('beats: a line end when nothing was sent, and patience with who is late', async () => {
  const clock = new ManualClock();
  const { port } = await startHost({ clock });
  const talk = await begin(port);
  talk.say(frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '3000,2000', host: 'peer-1' }));
  await until(() => talk.heard() !== '');
  const greeting = 'CONNECTED\nversion:1.2\nheart-beat:2000,3000\ncontent-length:0\n\n\0';
  expect(talk.heard()).toBe(greeting);
  // Never sooner than asked: what piles up in its buffer ends engine's client.
  clock.advance(1999);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(talk.heard()).toBe(greeting);
  clock.advance(1);
  await until(() => talk.heard() === greeting + '\n');
  // Two and a half seconds late is not too late: engine's client looks once a second.
  clock.advance(3399);
  await until(() => talk.heard().endsWith('\n\n'));
  expect(talk.isOver()).toBe(false);
  clock.advance(200);
  await until(() => talk.isOver());
});

describe('who may', () => {
  const ca = (session: { peerCertificate?: unknown }) => session.peerCertificate !== undefined;

  test('where logins are asked for, nothing is done before CONNECT', async () => {
    const { port, executed } = await startHost({
      authenticate: (given) => ca(given) || given.login === 'ann',
      limits: { loginPause: 1 },
    });
    const talk = await begin(port);
    talk.say(send(REQUESTS, call('note', { text: 'stolen' })));
    await until(() => talk.isOver());
    expect([talk.heard(), executed]).toEqual(['', []]);
  });

  test('and CONNECT without one is refused', async () => {
    const { port, executed } = await startHost({ authenticate: () => false, limits: { loginPause: 1 } });
    const talk = await begin(port);
    talk.say(own + ask(call('note', { text: 'stolen' })));
    await until(() => talk.isOver());
    // It may have been an ordinary client's.
    expect(talk.heard()).toMatch(/^ERROR\nmessage:[^]*ERR_AUTH[^]*\0\n?$/);
    expect(executed).toEqual([]);
  });

  test('authorize sees each destination and each call; a refusal is an ERROR, and not the end', async () => {
    const asked: string[] = [];
    const { port } = await startHost({
      authorize: ({ action, destination, method }) => {
        asked.push(`${action} ${destination ?? method ?? ''}`.trim());
        return destination !== 'secret' && method !== 'note';
      },
    });
    const [one, other] = [await begin(port), await begin(port)];
    other.say(subscribe('theirs', 's'));
    await until(() => asked.includes('subscribe theirs'));
    one.say(own + subscribe('secret', 's2') + ask(call('note', { text: '' })) + ask(call('echo', []), 'theirs') + ping);
    await until(() => one.heard().endsWith(pong) && other.heard() !== '');
    expect(one.heard()).toBe(connected + error('not allowed: subscribe') + failure(-32001, 'not allowed') + pong);
    expect(other.heard()).toContain('"result":[]');
    expect(asked.sort()).toEqual([
      'call echo',
      'call echo',
      'call note',
      'connect',
      'connect',
      'send theirs',
      'subscribe r1',
      'subscribe secret',
      'subscribe theirs',
    ]);
  });
});

test('who may not send where others listen to requests may ask all the same', async () => {
  const { port } = await startHost({ authorize: ({ action }) => action !== 'send' });
  const [listener, asker] = [await begin(port), await begin(port)];
  listener.say(connect + subscribe(REQUESTS, 's'));
  await until(() => listener.heard() !== '');
  asker.say(own + ping);
  await until(() => asker.heard().endsWith(pong));
  expect(listener.heard()).toBe(connected);
});

describe('ordinary clients at the same port', () => {
  const ordinary = frame('CONNECT', { 'accept-version': '1.2', host: 'h', 'heart-beat': '0,24000' });

  test('that speak 1.2 alone are known by their first destination, and served as ever', async () => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(ordinary);
    await until(() => talk.heard().endsWith('\0'));
    expect(talk.heard()).toBe(connected);
    talk.say(
      frame('SUBSCRIBE', { id: '1', destination: '/queue/a', ack: 'client', receipt: 'r1' }) +
        frame('SEND', { destination: '/queue/a', receipt: 'r2' }, 'x'),
    );
    await until(() => talk.heard().includes('r2'));
    expect(talk.heard()).toMatch(/RECEIPT\nreceipt-id:r1\n[^]*MESSAGE\n[^]*ack:[^]*RECEIPT\nreceipt-id:r2\n/);
    talk.say(frame('ACK', { id: 'none' }));
    await until(() => talk.isOver());
    expect(talk.heard()).toMatch(/ERROR\nmessage:[^]*ERR_STOMP_ACK/);
  });

  test('nothing is lost of what comes right behind CONNECT', async () => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(
      ordinary +
        frame('SUBSCRIBE', { id: '1', destination: '/topic/a' }) +
        frame('SEND', { destination: '/topic/a' }, 'x') +
        frame('DISCONNECT', { receipt: 'bye' }),
    );
    await until(() => talk.isOver());
    expect(talk.heard()).toMatch(/^CONNECTED\n[^]*MESSAGE\n[^]*\nx\0[^]*RECEIPT\nreceipt-id:bye/);
  });

  test.each([
    ['first', '', 'CONNECT\nno colon\n\n\0', /^ERROR\nmessage:[^]*no colon/],
    ['after CONNECT', ordinary.replace('1.2', '1.1,1.2'), 'SEND\nno colon\n\n\0', /\0\n?ERROR\nmessage:/],
    ['an ACK after CONNECT', ordinary.replace('1.2', '1.1,1.2'), frame('ACK', { id: 'x' }), /ERROR\nmessage:[^]*_ACK/],
  ])('hear which rule a frame broke: %s', async (_, before, broken, heard) => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(before + broken);
    await until(() => talk.isOver());
    expect(talk.heard()).toMatch(heard);
    expect(talk.heard().match(/ERROR\n/g)).toHaveLength(1);
  });

  test('that speak 1.2 alone get answers at addresses that they never subscribe', async () => {
    const { port } = await startHost();
    const talk = await begin(port);
    talk.say(ordinary + send('/queue/rpc', call('echo', [1]), { 'reply-to': '/temp-queue/answers' }));
    await until(() => talk.heard().includes('"result":[1]'));
    expect(talk.heard()).toMatch(/MESSAGE\n[^]*subscription:\/temp-queue\/answers\n/);
  });

  test('are asked once who they are', async () => {
    let asked = 0;
    const { port } = await startHost({ authenticate: () => ++asked });
    const talk = await begin(port);
    talk.say(ordinary + frame('SEND', { destination: '/queue/a', receipt: 'r' }, 'x'));
    await until(() => talk.heard().includes('RECEIPT'));
    expect(asked).toBe(1);
  });

  test('of other versions, with a login, or by STOMP, are nobody else’s from the first frame', async () => {
    const { port } = await startHost();
    for (const first of [
      frame('STOMP', { 'accept-version': '1.2', host: 'h' }),
      frame('CONNECT', { 'accept-version': '1.0,1.1', host: 'h' }),
      frame('CONNECT', { 'accept-version': '1.2', host: 'h', login: 'a', passcode: 'b' }),
      frame('CONNECT', {}),
    ]) {
      const talk = await begin(port);
      talk.say(first + frame('SEND', { destination: 'jms.queue.events' }, 'x'));
      await until(() => talk.isOver());
      expect(talk.heard()).toMatch(/^CONNECTED\n[^]*ERROR\n[^]*ERR_DESTINATION/);
    }
  });
});
