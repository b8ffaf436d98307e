// Emptying a server: who is told what, in which order and how soon; what is still answered; and that it comes to an end.

import type { Socket } from 'node:net';
import { ManualClock } from '@sallyport/core/testing';
import { connect, createServer, type ServerOptions } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { closed, dialled, until } from '../packages/node/test/fixtures/sockets.js';
import { type House, startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { frame, login, request, stompCall } from './fixtures/raw.js';

const CLOSING = 'this server is closing; connect again';
const protocols = ['STOMP', 'STOMP by WebSocket', 'lines', 'messages'] as const;
type Protocol = (typeof protocols)[number];

/** What each is told, and nothing behind it. */
const told: Record<Protocol, RegExp> = {
  STOMP: new RegExp(`\0\n*ERROR\nmessage:${CLOSING}\nerror-code:ERR_CLOSING\n[^\0]*\0\n*$`),
  'STOMP by WebSocket': new RegExp(`\0\n*ERROR\nmessage:${CLOSING}\nerror-code:ERR_CLOSING\n[^\0]*\0\n*$`),
  lines: new RegExp(`^(.*\n)?\\{"jsonrpc":"2.0","method":"\\$/closing","params":\\{"message":"${CLOSING}"\\}\\}\n$`),
  messages: new RegExp(`^(.*\n)?\\{"jsonrpc":"2.0","method":"\\$/closing","params":\\{"message":"${CLOSING}"\\}\\}\n$`),
};

interface Peer {
  text: string;
  closed: boolean;
  code: number | undefined;
  send(text: string): void;
  leave(): void;
}

async function newHouse(options: ServerOptions = {}): Promise<House> {
  const house = await startHouse(options);
  onTestFinished(() => house.close());
  return house;
}

/** A house whose method `hold` answers when the test says so. */
async function newHolder(options: ServerOptions = {}) {
  const house = await newHouse(options);
  const held: ((answer: string) => void)[] = [];
  house.server.implement({ hold: () => new Promise<string>((resolve) => held.push(resolve)) });
  return { house, held };
}

/** Somebody who has been let in. */
async function arrive(house: House, protocol: Protocol): Promise<Peer> {
  const before = house.server.sessions.size;
  const peer =
    protocol === 'STOMP' || protocol === 'lines' ? await tcpPeer(house) : await webSocketPeer(house, protocol);
  peer.send(protocol.startsWith('STOMP') ? login : protocol === 'lines' ? '\n[' + request('house.me') + ']\n' : '[]');
  await until(() => house.server.sessions.size > before && peer.text !== '');
  if (!protocol.startsWith('STOMP')) peer.text = '';
  return peer;
}

async function tcpPeer(house: House): Promise<Peer> {
  const socket = await dialled(house.port);
  const peer: Peer = {
    text: '',
    closed: false,
    code: undefined,
    send: (text) => void socket.write(text),
    leave: () => void socket.destroy(),
  };
  socket.on('data', (chunk: Buffer) => (peer.text += chunk.toString()));
  socket.on('end', () => socket.end()).on('close', () => (peer.closed = true));
  return peer;
}

async function webSocketPeer(house: House, protocol: Protocol): Promise<Peer> {
  const socket = new WebSocket(house.urls.ws, protocol === 'messages' ? [] : ['v12.stomp']);
  onTestFinished(() => socket.terminate());
  const peer: Peer = {
    text: '',
    closed: false,
    code: undefined,
    send: (text) => socket.send(text),
    leave: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => (peer.text += data.toString() + '\n'));
  socket.on('error', () => {});
  socket.on('close', (code) => {
    peer.code = code;
    peer.closed = true;
  });
  await new Promise((resolve) => socket.once('open', resolve));
  return peer;
}

function call(protocol: Protocol, method: string): string {
  if (protocol.startsWith('STOMP')) return stompCall(method);
  return request(method) + (protocol === 'lines' ? '\n' : '');
}

/** Neither reads nor closes. */
async function deafSocket(house: House, bytes: string): Promise<Socket> {
  const socket = await dialled(house.port);
  socket.write(bytes);
  socket.pause();
  return socket;
}

describe.each(protocols)('%s', (protocol) => {
  test('is told, and closed', async () => {
    const house = await newHouse();
    const peer = await arrive(house, protocol);
    await house.server.drain();
    await until(() => peer.closed);
    expect(peer.text).toMatch(told[protocol]);
    expect(peer.code).toBe(/WebSocket|messages/.test(protocol) ? 1012 : undefined);
    expect(house.server.sessions.size).toBe(0);
  });

  test('has its calls answered before', async () => {
    const { house, held } = await newHolder();
    const peer = await arrive(house, protocol);
    peer.send(call(protocol, 'hold') + (protocol === 'messages' ? '' : call(protocol, 'hold')));
    if (protocol === 'messages') peer.send(call(protocol, 'hold'));
    await until(() => held.length === 2);
    const drained = house.server.drain();
    held[0]!('one');
    await until(() => peer.text.includes('"one"'));
    // What comes in before it is told counts, too.
    peer.send(call(protocol, 'house.me'));
    await until(() => peer.text.split('"result"').length === 3);
    expect(peer.text).not.toContain('closing');
    held[1]!('two');
    await drained;
    await until(() => peer.closed);
    expect(peer.text).toMatch(/"two"[^]*closing/);
  });

  test('is told at the end, if a call goes on for ever', async () => {
    const clock = new ManualClock();
    const { house, held } = await newHolder({ clock });
    const peer = await arrive(house, protocol);
    peer.send(call(protocol, 'hold'));
    await until(() => held.length === 1);
    const drained = house.server.drain({ over: 1000 });
    clock.advance(799);
    await turns();
    expect(peer.text).not.toContain('closing');
    // What is said then has the rest of the time to arrive.
    clock.advance(1);
    await until(() => peer.text.includes('closing'));
    await until(() => peer.closed && house.server.sessions.size === 0);
    clock.advance(20);
    await drained;
    expect(clock.pending).toBe(0);
  });
});

describe('calls between clients, through a service', () => {
  /** A service whose calls are answered when the test says so, and callers that leave when they are told to go. */
  async function newService(options: ServerOptions = {}) {
    const house = await newHouse(options);
    const held: ((answer: unknown) => void)[] = [];
    const left: string[] = [];
    const arrive = async (name: string) => {
      const client = await connect(house.urls.tcp);
      onTestFinished(() => client.close());
      client.onState((state) => {
        if (state !== 'reconnecting') return;
        left.push(name);
        void client.close();
      });
      return client;
    };
    const service = await arrive('service');
    const hold = () => new Promise((resolve) => held.push(resolve));
    await service.implement({ hold }, { service: 'disks' });
    return { house, held, left, arrive };
  }

  test('are answered before both are told to go, the service as the last one', async () => {
    const { house, held, left, arrive } = await newService();
    const caller = await arrive('caller');
    const answer = caller.call('hold', { a: 1 }, { service: 'disks' });
    await expect(caller.call('none', {}, { service: 'disks' })).rejects.toMatchObject({ code: -32601 });
    await until(() => held.length === 1);
    await arrive('idle');
    const drained = house.server.drain({ over: 2000 });
    await until(() => left.length === 1);
    held[0]!('answered');
    expect(await answer).toBe('answered');
    await drained;
    expect(left).toEqual(['idle', 'caller', 'service']);
  });

  test('which nobody answers hold nothing up for longer than they are waited for', async () => {
    const clock = new ManualClock();
    const { house, held, left, arrive } = await newService({ clock });
    const caller = await arrive('caller');
    caller.call('hold', {}, { service: 'disks', timeout: 5000 }).catch(() => {});
    await until(() => held.length === 1);
    const drained = house.server.drain({ over: 20_000 });
    await clock.run(4900, 20);
    await turns();
    expect(left).toEqual([]);
    await clock.run(200, 20);
    await until(() => left.length === 1);
    await clock.run(8000, 20);
    await until(() => left.length === 2 && house.server.sessions.size === 0);
    await clock.run(20);
    await drained;
    expect(left).toEqual(['caller', 'service']);
  });

  test('of any form are told from notifications and from what is no call', async () => {
    const clock = new ManualClock();
    const { house, held, left } = await newService({ clock });
    const raw = await tcpPeer(house);
    const ask = (body: unknown) =>
      frame('SEND', { destination: '/queue/rpc.disks', 'reply-to': '/temp-queue/a' }, JSON.stringify(body));
    const note = { method: 'hold', jsonrpc: '2.0' };
    raw.send(login + ask([{ id: 7, ...note }, note]) + ask(note) + ask('nothing of the kind'));
    await until(() => held.length === 3 && raw.text.includes('-32600'));
    const drained = house.server.drain({ over: 20_000 });
    await clock.run(1000, 20);
    expect(raw.closed).toBe(false);
    // What answers the batch answers its one call.
    held.forEach((answer) => answer('answered'));
    await until(() => raw.text.includes('"answered"'));
    await clock.run(20);
    await until(() => raw.closed);
    await clock.run(10_000, 20);
    await until(() => left.length === 1 && house.server.sessions.size === 0);
    await clock.run(20);
    await drained;
  });
});

test('nobody comes in any more, and who has not said what they speak is closed at once', async () => {
  const { house, held } = await newHolder();
  const peer = await arrive(house, 'STOMP');
  peer.send(stompCall('hold'));
  await until(() => held.length === 1);
  const undecided = await Promise.all(
    ['', 'CONN', '{', 'GET / HT', '\x16\x03\x01'].map((bytes) => begin(house, bytes)),
  );
  const drained = house.server.drain();
  await Promise.all(undecided.map(closed));
  expect(house.server.address).toBeUndefined();
  await expect(connect(house.urls.tcp)).rejects.toMatchObject({ code: 'ERR_CONNECT' });
  held[0]!('done');
  await drained;
});

async function begin(house: House, bytes: string): Promise<Socket> {
  const socket = await dialled(house.port);
  socket.write(bytes, 'latin1');
  return socket;
}

test('who has not been let in is closed without a word', async () => {
  const house = await newHouse({ authenticate: () => new Promise(() => {}) });
  const peers = await Promise.all([tcpPeer(house), tcpPeer(house), webSocketPeer(house, 'messages')]);
  peers[0]!.send('CONNECT\naccept-version:1.2');
  peers[1]!.send(request('rpc.authenticate', { token: 'a' }) + '\n');
  await turns();
  await house.server.drain();
  await until(() => peers.every((peer) => peer.closed));
  expect(peers.map(({ text }) => text)).toEqual(['', '', '']);
});

test('by HTTP what is being worked on is answered, as the last of its connection', async () => {
  const { house, held } = await newHolder();
  const [busy, idle] = [await tcpPeer(house), await tcpPeer(house)];
  const head = 'POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  const body = request('hold');
  busy.send(`${head}content-length: ${body.length}\r\n\r\n${body}`);
  idle.send('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await until(() => held.length === 1 && idle.text !== '');
  const drained = house.server.drain();
  await until(() => idle.closed);
  expect(busy.text).toBe('');
  held[0]!('done');
  await drained;
  await until(() => busy.closed);
  expect(busy.text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*"result":"done"/i);
});

test('they are told one after another, over the time', async () => {
  const clock = new ManualClock();
  const { house, held } = await newHolder({ clock });
  const peers: Peer[] = [];
  for (let one = 0; one < 5; one++) peers.push(await arrive(house, 'STOMP'));
  peers[1]!.send(stompCall('hold'));
  await until(() => held.length === 1);
  const toldNow = async (): Promise<boolean[]> => {
    await turns();
    return peers.map(({ text }) => text.includes('ERR_CLOSING'));
  };
  const drained = house.server.drain({ over: 1000 });
  expect(await toldNow()).toEqual([true, false, false, false, false]);
  await clock.run(180, 20);
  // The second is at work; it does not hold up the others.
  expect(await toldNow()).toEqual([true, false, false, false, false]);
  await clock.run(160, 20);
  expect(await toldNow()).toEqual([true, false, true, false, false]);
  held[0]!('done');
  await turns();
  await clock.run(20);
  expect(await toldNow()).toEqual([true, true, true, false, false]);
  await clock.run(440, 20);
  expect(await toldNow()).toEqual([true, true, true, true, true]);
  await until(() => peers.every((peer) => peer.closed) && house.server.sessions.size === 0);
  clock.advance(20);
  await drained;
  expect(clock.pending).toBe(0);
});

test('it is over in time, whatever clients do', async () => {
  const house = await newHouse();
  const events = login + frame('SUBSCRIBE', { id: '1', destination: '/topic/#' });
  const head = 'GET /healthz HTTP/1.1\r\nhost: localhost\r\n';
  const upgrade = 'upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n';
  const key = 'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
  const deaf = await Promise.all([
    deafSocket(house, events),
    deafSocket(house, login + stompCall('house.last', { key: 'x' })),
    deafSocket(house, `${head}${upgrade}${key}`),
    deafSocket(house, '[]\n'),
    deafSocket(
      house,
      'POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    ),
  ]);
  await until(() => house.server.sessions.size === 4);
  await turns();
  // More than any buffer below takes.
  for (let one = 0; one < 200; one++) house.server.emit('a', 'x'.repeat(64 * 1024));
  const begun = performance.now();
  await house.server.drain({ over: 300 });
  const took = performance.now() - begun;
  expect(took).toBeGreaterThan(290);
  expect(took).toBeLessThan(550);
  expect(house.server.sessions.size).toBe(0);
  for (const socket of deaf) socket.resume();
  await Promise.all(deaf.map(closed));
});

test('it is over as soon as all have left', async () => {
  const house = await newHouse();
  const peers = await Promise.all(protocols.map((protocol) => arrive(house, protocol)));
  const drained = house.server.drain({ over: 60_000 });
  for (const peer of peers) peer.leave();
  await drained;
});

test('close ends it at once', async () => {
  const { house, held } = await newHolder();
  const peers = await Promise.all(protocols.map((protocol) => arrive(house, protocol)));
  for (const [index, protocol] of protocols.entries()) peers[index]!.send(call(protocol, 'hold'));
  const deaf = await deafSocket(house, login);
  await until(() => held.length === 4 && house.server.sessions.size === 5);
  const begun = performance.now();
  const drained = house.server.drain({ over: 60_000 });
  await turns();
  await house.server.close();
  await drained;
  expect(performance.now() - begun).toBeLessThan(1500);
  expect(house.server.sessions.size).toBe(0);
  await until(() => peers.every((peer) => peer.closed));
  deaf.resume();
  await closed(deaf);
});

test('close itself does not wait for who neither reads nor closes', async () => {
  const clock = new ManualClock();
  const house = await newHouse({ clock });
  const deaf = await deafSocket(house, login);
  await until(() => house.server.sessions.size === 1);
  const closing = house.server.close();
  await turns();
  clock.advance(3000);
  await closing;
  expect(clock.pending).toBe(0);
  deaf.destroy();
});

test('twice is once; and a server that never listened is closed at once', async () => {
  const house = await newHouse();
  await Promise.all([house.server.drain(), house.server.drain({ over: 1 }), house.server.drain()]);
  await house.server.drain();
  const server = createServer();
  await server.drain();
  await expect(server.listen({ port: 0 })).rejects.toThrow(/has been closed/);
});

test.each([[{ over: -1 }], [{ over: '1' }], [{ over: Infinity }], [{ time: 1 }]])(
  'wrong options: %j',
  async (options) => {
    const house = await newHouse();
    await expect(house.server.drain(options as object)).rejects.toThrow(/^drain: /);
    expect(house.server.address).toBeDefined();
  },
);

test('a client goes on at the next server of the same port, and loses no call that may be repeated', async () => {
  const { house } = await newHolder();
  const client = await connect<HouseApi>(house.urls.tcp, { firstDelay: 10, longestDelay: 20 });
  onTestFinished(() => client.close());
  const told: unknown[] = [];
  client.onState((state, { error }) => state === 'reconnecting' && told.push(error));
  const calls: Promise<unknown>[] = [];
  const asking = setInterval(() => calls.push(client.api.house.add({ a: 1, b: 1 }, { idempotent: true })), 2);
  onTestFinished(() => clearInterval(asking));
  const held = client.call('hold', {}, { idempotent: true });
  await until(() => calls.length > 10);
  const drained = house.server.drain({ over: 100 });
  const next = createServer();
  onTestFinished(() => next.close());
  next.implement({ house: { add: ({ a, b }: { a: number; b: number }) => a + b }, hold: () => 'by the next' });
  await next.listen({ port: house.port });
  await drained;
  expect(await held).toBe('by the next');
  clearInterval(asking);
  expect(await Promise.all(calls)).toEqual(calls.map(() => 2));
  expect(told[0]).toMatchObject({ name: 'ConnectionError', code: 'ERR_CLOSING', message: CLOSING });
});

/** Long enough for a message to go there and back, were it sent. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
