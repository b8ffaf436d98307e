// What a client of vdsm's dialect can make a server hold, and for how long: it is bounded as for anybody else.

import type { Socket } from 'node:net';
import { ManualClock } from '@sallyport/core/testing';
import { createServer, type ServerLimits, type ServerOptions } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { dialled, until } from '../../packages/node/test/fixtures/sockets.js';
import { frame, request } from '../fixtures/raw.js';

const REQUESTS = 'jms.topic.vdsm_requests';

async function startHost(limits: Partial<ServerLimits>, options: ServerOptions = {}) {
  const ended: string[] = [];
  const server = createServer({ dialect: 'ovirt', onError: () => {}, limits, ...options });
  onTestFinished(() => server.close());
  server.implement({
    echo: (params: unknown) => params,
    big: ({ length }: { length: number }) => 'x'.repeat(length),
    hold: (_: unknown, { signal }) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve(void ended.push('hold')))),
  });
  const { port } = await server.listen({ port: 0 });
  return { server, port, ended };
}

interface Talk {
  socket: Socket;
  say(text: string): void;
  text(): string;
  isOver(): boolean;
}

async function begin(port: number): Promise<Talk> {
  const socket = await dialled(port);
  let text = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  socket.on('close', () => (isOver = true)).on('end', () => (isOver = true));
  socket.on('error', () => {});
  return { socket, say: (words) => void socket.write(words), text: () => text, isOver: () => isOver };
}

const connect = frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': '0,24000' });
const subscribe = (destination: string, id: string): string => frame('SUBSCRIBE', { destination, id });
const ask = (method: string, params: unknown, id: unknown, replyTo = 'mine'): string =>
  frame('SEND', { destination: REQUESTS, 'reply-to': replyTo }, request(method, params, id as number));

test('subscriptions', async () => {
  const { port } = await startHost({ subscriptions: 2 });
  const talk = await begin(port);
  talk.say(connect + subscribe('mine', '1') + subscribe('b', '2') + subscribe('c', '3') + ask('echo', {}, 'end'));
  await until(() => talk.text().includes('"end"'));
  expect(talk.text()).toMatch(/ERROR\n[^]*limits\.subscriptions/);
});

test('what has come of a frame: the end, without a word', async () => {
  const { port } = await startHost({ clientQueuedBytes: 20_000 });
  const talk = await begin(port);
  talk.say(connect + subscribe('mine', '1') + ask('echo', {}, 'first'));
  await until(() => talk.text().includes('"first"'));
  talk.say(`SEND\ndestination:${REQUESTS}\ncontent-length:100000\n\n${'x'.repeat(30_000)}`);
  await until(() => talk.isOver());
  expect(talk.text()).not.toContain('ERROR');
  // An ordinary client is told.
  const other = await begin(port);
  other.say(frame('CONNECT', { 'accept-version': '1.1,1.2', host: 'h', login: 'a' }));
  other.say(frame('SUBSCRIBE', { destination: '/topic/a', id: '1', receipt: 'r' }));
  await until(() => other.text().includes('receipt-id:r'));
  other.say(`SEND\ndestination:/topic/a\ncontent-length:100000\n\n${'x'.repeat(30_000)}`);
  await until(() => other.isOver());
  expect(other.text()).toMatch(/ERROR\n[^]*limits\.clientQueuedBytes/);
});

test('a frame that does not go on coming, with CONNECT and without', async () => {
  const clock = new ManualClock();
  const { port } = await startHost({ frameTime: 2000, connectTime: 60_000 }, { clock });
  for (const before of [connect, '']) {
    const talk = await begin(port);
    talk.say(before);
    if (before !== '') await until(() => talk.text().startsWith('CONNECTED'));
    const { pending } = clock;
    talk.say(`SEND\ndestination:${REQUESTS}\ncontent-length:100000\n\n${'x'.repeat(8000)}`);
    await until(() => clock.pending > pending);
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(1999);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(talk.isOver()).toBe(false);
    clock.advance(1);
    const hand = setInterval(() => clock.advance(1), 1);
    await until(() => talk.isOver()).finally(() => clearInterval(hand));
  }
});

test('calls at work: the others are told that there are not enough resources', async () => {
  const { port, ended } = await startHost({ calls: 2 });
  const talk = await begin(port);
  talk.say(connect + subscribe('mine', '1') + [1, 2, 3].map((id) => ask('hold', {}, id)).join(''));
  await until(() => talk.text().includes('"error"'));
  expect(talk.text()).toMatch(/"id":3,"error":\{"code":1100,"message":"Not enough resources: /);
  talk.socket.destroy();
  await until(() => ended.length === 2);
});

test.each<[string, Partial<ServerLimits>, string]>([
  ['a body', { body: 100 }, frame('SEND', { destination: REQUESTS }, 'x'.repeat(101))],
  ['a head', { frameHead: 200 }, frame('SEND', { destination: REQUESTS, long: 'x'.repeat(200) }, '')],
  ['headers', { headerCount: 3 }, frame('SEND', { destination: REQUESTS, a: '1', b: '2', c: '3' }, '')],
  ['a head without an end', { frameHead: 200 }, 'SEND\n' + 'a:1\n'.repeat(60)],
  ['a body that is promised', { body: 100 }, 'SEND\ndestination:x\ncontent-length:101\n\n'],
])('%s that is too long is the end', async (_, limits, said) => {
  const { port } = await startHost(limits);
  const talk = await begin(port);
  talk.say(connect + said);
  await until(() => talk.isOver());
  expect(talk.text()).toMatch(/^CONNECTED\n[^\0]*\0$/);
});

test('JSON that is too deep, and a batch that is too long, are errors without an id', async () => {
  const { port } = await startHost({ jsonDepth: 4, batch: 2 });
  const talk = await begin(port);
  const send = (body: string): string => frame('SEND', { destination: REQUESTS, 'reply-to': 'mine' }, body);
  const batch = `[${[1, 2, 3].map((id) => request('echo', {}, id)).join()}]`;
  talk.say(connect + subscribe('mine', '1') + subscribe('jms.topic.vdsm_responses', '2'));
  talk.say(send('['.repeat(5) + ']'.repeat(5)) + send(batch) + ask('echo', {}, 'end'));
  await until(() => talk.text().includes('"end"'));
  expect(talk.text()).toMatch(/jsonDepth[^]*limits\.batch/);
});

test('a connection that only beats, and never says who it is', async () => {
  const clock = new ManualClock();
  const { port } = await startHost({ connectTime: 1000 }, { clock, authenticate: () => true });
  const talk = await begin(port);
  talk.say('CONNECT\naccept-version:1.2\n');
  await new Promise((resolve) => setImmediate(resolve));
  for (let at = 0; at < 10 && !talk.isOver(); at++) {
    talk.say(`a${at}:1\n`);
    clock.advance(500);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await until(() => talk.isOver());
  expect(talk.text()).toBe('');
});

test('who does not read is cut, and nobody else notices', async () => {
  const { server, port } = await startHost({ writeBuffer: 256 * 1024 });
  const [deaf, other] = [await begin(port), await begin(port)];
  deaf.say(connect + subscribe('deaf', '1') + subscribe('jms.queue.events', 'ev'));
  await until(() => deaf.text() !== '');
  deaf.socket.pause();
  other.say(connect + subscribe('mine', '1'));
  // Answers that one client has sent to the other.
  for (let id = 0; id < 400; id++) other.say(ask('big', { length: 64 * 1024 }, id, 'deaf'));
  other.say(ask('echo', { still: 'here' }, 'end'));
  await until(() => other.text().includes('"still":"here"'));
  await until(() => server.sessions.size === 1);
  expect(other.isOver()).toBe(false);
});

test('who does not read its own answers is not read either', async () => {
  const { server, port } = await startHost({ writeBuffer: 256 * 1024 });
  const talk = await begin(port);
  talk.say(connect + subscribe('mine', '1'));
  await until(() => talk.text() !== '');
  talk.socket.pause();
  for (let id = 0; id < 400; id++) talk.say(ask('big', { length: 64 * 1024 }, id));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.sessions.size).toBe(1);
  talk.socket.resume();
  await until(() => talk.text().split('"result":"x').length === 401);
  expect(talk.isOver()).toBe(false);
});
