// A live server and clients that mean it no good, or know no better.

import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ManualClock } from '@sallyport/core/testing';
import { connect, type ServerOptions } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { closed, dialled, dialledTls, dribble, received, until } from '../packages/node/test/fixtures/sockets.js';
import { type House, startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { frame, login, request, stompCall } from './fixtures/raw.js';

async function newHouse(options: ServerOptions = {}): Promise<House> {
  const house = await startHouse(options);
  onTestFinished(() => house.close());
  return house;
}

/** Sends bytes, one character each, and resolves with all that comes back until the server closes. */
async function say(port: number, bytes: string): Promise<string> {
  const socket = await dialled(port);
  socket.write(bytes, 'latin1');
  return received(socket);
}

/** Sends bytes, and resolves with what has come back as soon as it matches. */
async function ask(socket: Socket, bytes: string, wanted: RegExp): Promise<string> {
  socket.write(bytes, 'latin1');
  return answer(socket, wanted);
}

async function answer(socket: Socket, wanted: RegExp): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += chunk.toString('latin1');
    if (wanted.test(text)) return text;
  }
  throw new Error(`the server closed after ${JSON.stringify(text)}`);
}

/** Still in good health. */
async function serves({ urls }: House): Promise<void> {
  const client = await connect<HouseApi>(urls.tcp);
  expect(await client.api.house.add({ a: 1, b: 1 })).toBe(2);
  await client.close();
}

describe('the first bytes', () => {
  test.each([
    ['a greeting', 'hello\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['zeros', '\0'.repeat(100)],
    ['a STOMP frame that is none of the first', 'SEND\ndestination:/queue/rpc\n\n{}\0'],
    ['CONNECT in small letters', 'connect\n\n\0'],
    ['too many EOLs', '\n'.repeat(9) + login],
    ['a long word', 'A'.repeat(100)],
    ['a TLS record that is none', '\x17\x03\x03\0\0'],
  ])('%s: closed without a word', async (_, bytes) => {
    const house = await newHouse();
    expect(await say(house.port, bytes)).toBe('');
    expect(house.server.outcomes).toMatchObject({ unknown: 1, stomp: 0 });
    await serves(house);
  });

  test('a TLS handshake that breaks off', async () => {
    const house = await newHouse();
    await say(house.port, '\x16\x03\x01\0\x05hello');
    expect(house.server.outcomes).toMatchObject({ handshake: 1 });
    await serves(house);
  });

  test('a proxy’s CONNECT is HTTP, and refused', async () => {
    const house = await newHouse();
    const text = await say(house.port, 'CONNECT host:443 HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    expect(text).not.toContain('200');
    expect(text).not.toContain('CONNECTED');
    expect(house.server.outcomes).toMatchObject({ http: 1, stomp: 0 });
    await serves(house);
  });

  test('nothing, or too little, in time', async () => {
    const clock = new ManualClock();
    const house = await newHouse({ clock });
    const [silent, half] = [await dialled(house.port), await dialled(house.port)];
    const heard = ask(half, 'CONNECT\naccept-version:1.2\nhost:', /ERROR/);
    await until(() => house.server.outcomes!.stomp === 1);
    clock.advance(5000);
    await closed(silent);
    clock.advance(5000);
    expect(await heard).toMatch(/^error-code:ERR_CONNECT_TIME$/m);
    await closed(half);
    expect(house.server.outcomes).toMatchObject({ timeout: 1 });
  });
});

describe.each(['plain', 'TLS'])('one byte at a time, %s', (kind) => {
  const open = async (): Promise<Socket> => {
    const { port } = await newHouse();
    return kind === 'TLS' ? dialledTls(port) : dialled(port);
  };

  test('STOMP', async () => {
    const socket = await open();
    const heard = answer(socket, /"result":5}\0/);
    await dribble(socket, '\r\n\n' + login + stompCall('house.add', { a: 2, b: 3 }));
    expect(await heard).toMatch(/^CONNECTED\n[^]*\0\nMESSAGE\n/);
  });

  test('HTTP', async () => {
    const socket = await open();
    const heard = answer(socket, /"result":5}/);
    const body = request('house.add', { a: 2, b: 3 });
    const head = `POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n`;
    await dribble(socket, `${head}content-length: ${body.length}\r\n\r\n${body}`);
    expect(await heard).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('JSON lines', async () => {
    const socket = await open();
    const heard = answer(socket, /"result":5}\n/);
    await dribble(socket, ` \n${request('house.add', { a: 2, b: 3 })}\r\n`);
    expect(JSON.parse(await heard)).toEqual({ jsonrpc: '2.0', id: 1, result: 5 });
  });
});

describe('broken off in the middle', () => {
  test.each([
    ['CONNECT', 'CONNECT\naccept-ver'],
    ['a body', login + 'SEND\ndestination:/queue/rpc\ncontent-length:100\n\n{"json'],
    ['an HTTP head', 'POST /rpc HTTP/1.1\r\nho'],
    ['an HTTP body', 'POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 100\r\n\r\n{'],
    ['a line', '{"jsonrpc":"2.0",'],
    ['an upgrade', 'GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n'],
  ])('%s', async (_, bytes) => {
    const house = await newHouse();
    for (const end of ['end', 'resetAndDestroy'] as const) {
      const socket = await dialled(house.port);
      socket.write(bytes);
      const { outcomes } = house.server;
      const before = outcomes!.stomp + outcomes!.http + outcomes!.jsonrpc;
      await until(() => outcomes!.stomp + outcomes!.http + outcomes!.jsonrpc > before);
      socket[end]();
      await closed(socket);
    }
    await until(() => house.server.sessions.size === 0);
    await serves(house);
  });
});

describe('what is not JSON-RPC', () => {
  const cases: [name: string, text: string, code: number][] = [
    ['no JSON', '{"jsonrpc": "2.0", "method": "x", ', -32700],
    ['no request', '{"jsonrpc":"2.0","id":1}', -32600],
    ['an unknown method', request('house.burn'), -32601],
    ['a prototype’s name', request('__proto__'), -32601],
    ['a prototype’s method', request('house.constructor.constructor'), -32601],
    ['a handler that throws', request('house.crash'), -32603],
  ];

  test.each(cases)('%s, by STOMP', async (_, text, code) => {
    const socket = await dialled((await newHouse()).port);
    const send = frame('SEND', { destination: '/queue/rpc', 'reply-to': '/temp-queue/a' }, text);
    const [, message] = (await ask(socket, login + send, /\0\nMESSAGE[^\0]+\0/)).split('\0');
    checkError(message!.slice(message!.indexOf('\n\n') + 2), code);
  });

  test.each(cases)('%s, as a line', async (_, text, code) => {
    const socket = await dialled((await newHouse()).port);
    // That the first byte says JSON is what brings it to the right place.
    checkError((await ask(socket, `[]\n${text}\n`, /\n[^\n]+\n/)).split('\n')[1]!, code);
  });

  test.each(cases)('%s, by HTTP', async (_, text, code) => {
    const { port } = await newHouse();
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`http://127.0.0.1:${port}/rpc`, { method: 'POST', body: text, headers });
    expect(response.status).toBe(200);
    checkError(await response.text(), code);
  });

  test.each(cases)('%s, as a WebSocket message', async (_, text, code) => {
    const { urls } = await newHouse();
    const socket = new WebSocket(urls.ws);
    onTestFinished(() => socket.close());
    await new Promise((resolve) => (socket.onopen = resolve));
    const answered = new Promise<string>((resolve) => (socket.onmessage = ({ data }) => resolve(data as string)));
    socket.send(text);
    checkError(await answered, code);
  });

  function checkError(text: string, code: number): void {
    expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', error: { code } });
    expect(text).not.toMatch(/secret|\bat \w+|\.ts\b/);
  }
});

test('names of prototypes are names like any other', async () => {
  const house = await newHouse();
  const socket = await dialled(house.port);
  const params = '{"value":{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}}';
  const call = `{"jsonrpc":"2.0","id":"__proto__","method":"house.echo","params":${params}}`;
  const heard = await ask(
    socket,
    login +
      frame('SUBSCRIBE', { id: '__proto__', destination: '/topic/__proto__.constructor', receipt: 'toString' }) +
      frame('SEND', { destination: '/topic/__proto__.constructor', __proto__x: '1', constructor: 'c' }, 'event') +
      frame('SUBSCRIBE', { id: 'constructor', destination: '/queue/__proto__' }) +
      frame('SEND', { destination: '/queue/__proto__', ['__proto__']: 'header' }, 'work') +
      frame('SEND', { destination: '/queue/rpc', 'reply-to': '/temp-queue/__proto__' }, call),
    /"result":[^]*\0/,
  );
  const frames = heard.split('\0\n');
  expect(frames[1]).toMatch(/^RECEIPT\nreceipt-id:toString\n/);
  expect(frames[2]).toMatch(/^MESSAGE\nsubscription:__proto__\n[^]*\nconstructor:c\n[^]*event$/);
  expect(frames[3]).toMatch(/^MESSAGE\nsubscription:constructor\n[^]*\n__proto__:header\n[^]*work$/);
  expect(frames[4]).toContain(`{"jsonrpc":"2.0","id":"__proto__","result":${params}}`);
  expect('polluted' in {}).toBe(false);
});

describe('too much at once: an error that names the limit, then the end', () => {
  const limits = { headerLine: 200, headerCount: 10, frameHead: 1000, body: 2000, subscriptions: 3, batch: 3 };
  const send = { destination: '/topic/a' };

  test.each([
    ['a header line', 'headerLine', frame('SEND', { ...send, long: 'x'.repeat(300) })],
    ['a header line without an end', 'headerLine', 'SEND\nlong:' + 'x'.repeat(300)],
    ['headers', 'headerCount', 'SEND\n' + 'a:b\n'.repeat(11)],
    ['a head', 'frameHead', 'SEND\n' + `a:${'x'.repeat(150)}\n`.repeat(8)],
    ['a body that is announced', 'body', 'SEND\ndestination:/topic/a\ncontent-length:2001\n\n'],
    ['a body that is not', 'body', 'SEND\ndestination:/topic/a\n\n' + 'x'.repeat(2100)],
    [
      'subscriptions',
      'subscriptions',
      [1, 2, 3, 4].map((id) => frame('SUBSCRIBE', { id: `${id}`, destination: '/topic/a' })).join(''),
    ],
  ])('%s of STOMP', async (_, limit, bytes) => {
    const house = await newHouse({ limits });
    const frames = (await say(house.port, login + bytes)).split('\0');
    expect(frames.at(-2)).toMatch(/^\n?ERROR\n/);
    expect(frames.at(-2)).toContain(`limits.${limit}`);
    await serves(house);
  });

  test('a body before login', async () => {
    const house = await newHouse({ limits });
    expect(await say(house.port, 'CONNECT\naccept-version:1.2\ncontent-length:5\n\nhello\0')).toMatch(/^ERROR\n/);
  });

  test('a line', async () => {
    const house = await newHouse({ limits });
    expect(await say(house.port, '{' + 'x'.repeat(2100))).toContain('limits.body');
    await serves(house);
  });

  test('a WebSocket message', async () => {
    const { urls } = await newHouse({ limits });
    const socket = new WebSocket(urls.ws);
    await new Promise((resolve) => (socket.onopen = resolve));
    const ended = new Promise<number>((resolve) => (socket.onclose = ({ code }) => resolve(code)));
    socket.send('x'.repeat(2100));
    expect(await ended).toBe(1009);
  });

  test('an HTTP body', async () => {
    const { port } = await newHouse({ limits });
    const headers = { 'content-type': 'application/json' };
    const body = 'x'.repeat(2100);
    const response = await fetch(`http://127.0.0.1:${port}/rpc`, { method: 'POST', body, headers });
    expect(response.status).toBe(413);
    expect(await response.text()).toContain('limits.body');
  });

  test('a batch, which is an answer and no end', async () => {
    const socket = await dialled((await newHouse({ limits })).port);
    const batch = `[${[1, 2, 3, 4].map((id) => request('house.add', { a: id, b: 1 }, id)).join()}]\n`;
    expect(await ask(socket, batch, /\n/)).toContain('limits.batch');
    expect(await ask(socket, request('house.add', { a: 1, b: 2 }) + '\n', /\n/)).toContain('"result":3');
  });
});

describe('what stands behind an ERROR is not done', () => {
  test.each([
    ['a frame that breaks a rule', frame('SUBSCRIBE', { destination: '/topic/a' })],
    ['a command that is none', frame('DANCE')],
    ['an escape that is none', 'SEND\ndestination:/topic/a\nname:\\t\n\n\0'],
    ['a destination that is none', frame('SEND', { destination: 'elsewhere' })],
  ])('%s', async (_, bad) => {
    const house = await newHouse();
    const call = stompCall('house.destroy', { key: 'behind' });
    const text = await say(house.port, login + bad + call);
    expect(text).toMatch(/\0\nERROR\n[^\0]*\0\n$/);
    const client = await connect<HouseApi>(house.urls.tcp);
    expect(await client.api.house.destroyed({ key: 'behind' })).toBe(0);
    await client.close();
  });
});

describe('floods', () => {
  const count = 10_000;
  const numbers = Array.from({ length: count }, (_, at) => at + 1);

  test('10 000 calls in one piece, as lines: answered in order', async () => {
    const socket = await dialled((await newHouse()).port);
    const calls = numbers.map((id) => request('house.add', { a: id, b: 0 }, id)).join('\n') + '\n';
    const heard = await ask(socket, calls, new RegExp(`"id":${count},[^]*\n`));
    const results = heard.trimEnd().split('\n');
    expect(results.map((line) => (JSON.parse(line) as { result: number }).result)).toEqual(numbers);
  });

  test('10 000 calls in one piece, by STOMP: answered in order', async () => {
    const socket = await dialled((await newHouse()).port);
    const calls = numbers.map((id) => stompCall('house.add', { a: id, b: 0 }, id)).join('');
    const heard = await ask(socket, login + calls, new RegExp(`"id":${count},[^]*\0`));
    const results = [...heard.matchAll(/"result":(\d+)/g)].map(([, result]) => Number(result));
    expect(results).toEqual(numbers);
  });

  test('10 000 calls that take their time: a few are worked on, the others refused, none forgotten', async () => {
    const house = await newHouse({ limits: { calls: 50 } });
    const socket = await dialled(house.port);
    const calls = numbers.map((id) => request('house.aborted', { key: 'flood' }, id)).join('\n') + '\n';
    const heard = await ask(socket, calls, new RegExp(`"id":${count},[^]*\n`));
    const refused = heard.trimEnd().split('\n');
    expect(refused).toHaveLength(count - 50);
    expect(refused.every((line) => line.includes('-32000') && line.includes('limits.calls'))).toBe(true);
    await serves(house);
  });

  test('a body in crumbs costs about as much as a body', async () => {
    const house = await newHouse();
    const socket = await dialled(house.port);
    const head =
      'POST /rpc HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    await ask(socket, head.replace('\r\n\r\n', '\r\nexpect: 100-continue\r\n\r\n'), /100 Continue/);
    const before = memoryUsed();
    const crumbs = Buffer.from('1\r\n \r\n'.repeat(10_000));
    for (let count = 0; count < 30; count++) await new Promise((resolve) => socket.write(crumbs, resolve));
    await new Promise((resolve) => setTimeout(resolve, 200));
    // 300 000 objects would take some 50 MB.
    expect(memoryUsed() - before).toBeLessThan(10_000_000);
    const body = request('house.add', { a: 1, b: 1 });
    const rest = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    expect(await ask(socket, rest, /"result"/)).toMatch(/^HTTP\/1\.1 200 [^]*"result":2/);
  });

  test('who does not read is cut, and the others notice nothing', async () => {
    const house = await newHouse({ limits: { writeBuffer: 500_000 } });
    const client = await connect<HouseApi>(house.urls.tcp);
    const events = client.events<string>('big');
    await events.ready;
    const lazy = await dialled(house.port);
    await ask(lazy, login + frame('SUBSCRIBE', { id: '1', destination: '/topic/big', receipt: 'r' }), /RECEIPT/);
    lazy.pause();
    const pad = 'x'.repeat(200_000);
    let emitted = 0;
    for (; house.server.sessions.size === 2; emitted++) {
      house.server.emit('big', pad);
      expect((await events.next()).value).toMatchObject({ gap: undefined, data: pad });
    }
    expect(emitted).toBeGreaterThan(2);
    expect(house.server.sessions.size).toBe(1);
    await client.close();
  });

  test('200 clients come back at once, again and again, and nothing of them stays', async () => {
    const house = await newHouse();
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => connect<HouseApi>(house.urls.tcp, { firstDelay: 50 })),
    );
    const streams = clients.map((client) => client.events<{ number: number }>('news'));
    await Promise.all(streams.map(({ ready }) => ready));
    const sizes: number[] = [];
    for (let round = 1; round <= 4; round++) {
      house.destroy();
      house.server.emit('news', { number: round });
      const seen = await Promise.all(streams.map(async (stream) => (await stream.next()).value));
      expect(seen.every((event) => event?.gap === undefined && event?.data.number === round)).toBe(true);
      expect(await Promise.all(clients.map((client) => client.api.house.add({ a: 1, b: round })))).toHaveLength(200);
      await until(() => house.server.sessions.size === 200);
      sizes.push(heapUsed());
    }
    // The first round warms things up; from then on each is like the one before.
    expect(sizes[3]! - sizes[1]!).toBeLessThan(8_000_000);
    await Promise.all(clients.map((client) => client.close()));
    await until(() => house.server.sessions.size === 0);
  }, 20_000);

  test('3000 connections one after the other leave nothing behind', async () => {
    const house = await newHouse();
    const visit = async (): Promise<void> => {
      // Not one that is kept until the test is over.
      const socket = connectSocket(house.port, '127.0.0.1');
      const subscribe = frame('SUBSCRIBE', { id: '1', destination: '/topic/a.#' });
      await ask(socket, login + subscribe + stompCall('house.add', { a: 1, b: 1 }), /"result":2/);
      socket.destroy();
      await once(socket, 'close');
    };
    const visits = async (count: number): Promise<number> => {
      for (let round = 0; round < count; round += 50) await Promise.all(Array.from({ length: 50 }, visit));
      await until(() => house.server.sessions.size === 0);
      return heapUsed();
    };
    const before = await visits(1000);
    // A kilobyte for each would be two megabytes more.
    expect((await visits(2000)) - before).toBeLessThan(2_000_000);
  }, 20_000);
});

/** As {@link heapUsed}, and what lies outside of the heap. */
function memoryUsed(): number {
  return heapUsed() + process.memoryUsage().external;
}

/** After a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
