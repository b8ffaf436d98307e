// STOMP, SUBSCRIBE and UNSUBSCRIBE; what topics and queues do with messages.

import { ManualClock } from '@sallyport/core/testing';
import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Headers, type Scene, subscribe } from './clause.js';
import type { ServerFrame } from './stomp-peer.js';

const clock = new ManualClock();
const { clause } = clauses({ clock });

const texts = (messages: readonly ServerFrame[]): string[] => messages.map(({ text }) => text);

/** Sends what must be an ERROR, and returns it. */
async function refused({ connect }: Scene, ...pieces: string[]): Promise<ServerFrame> {
  const peer = await connect();
  peer.send(...pieces);
  const errors = (await peer.rest()).filter(({ command }) => command === 'ERROR');
  expect(errors).toHaveLength(1);
  return errors[0]!;
}

clause(
  'each subscription gets its MESSAGEs by its id',
  { section: 'SUBSCRIBE id Header', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async ({ connect, newName }) => {
    const [peer, topic, queue] = [await connect(), newName('topic'), newName('queue')];
    await subscribe(peer, 'a', topic);
    await subscribe(peer, 'b', topic);
    await subscribe(peer, '', queue);
    peer.send(frame('SEND', { destination: topic }), frame('SEND', { destination: queue }));
    const ids = (await peer.messages(3)).map((message) => message.get('subscription'));
    expect(ids.sort()).toEqual(['', 'a', 'b']);
  },
);

clause(
  'an id is in use once on a connection, and as often as there are connections',
  { section: 'SUBSCRIBE id Header', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [one, other, topic] = [await connect(), await connect(), newName('topic')];
    await subscribe(one, '1', topic);
    await subscribe(other, '1', topic);
    one.send(frame('SUBSCRIBE', { id: '1', destination: newName('topic') }));
    expect((await one.rest()).map(({ command }) => command)).toEqual(['ERROR']);
    expect(await other.settled()).toEqual([]);
  },
);

clause(
  'SUBSCRIBE must have an id',
  { section: 'SUBSCRIBE id Header', versions: '1.1, 1.2' },
  async (scene) => void (await refused(scene, frame('SUBSCRIBE', { destination: '/queue/without-id' }))),
);

clause('SUBSCRIBE may go without an id', { section: 'SUBSCRIBE', versions: '1.0' }, async ({ connect, newName }) => {
  const [peer, destination] = [await connect(), newName('queue')];
  await peer.confirmed('r', frame('SUBSCRIBE', { destination, receipt: 'r' }));
  peer.send(frame('SEND', { destination }, 'x'));
  expect((await peer.next('MESSAGE')).get('destination')).toBe(destination);
  await peer.confirmed('u', frame('UNSUBSCRIBE', { destination, receipt: 'u' }));
  peer.send(frame('SEND', { destination }, 'kept'));
  expect(await peer.settled()).toEqual([]);
});

clause(
  'SEND and SUBSCRIBE must have a destination',
  { section: 'SEND', versions: '1.0, 1.1, 1.2' },
  {
    SUBSCRIBE: frame('SUBSCRIBE', { id: '1', receipt: 'r' }),
    'SUBSCRIBE, empty': frame('SUBSCRIBE', { id: '1', destination: '', receipt: 'r' }),
    SEND: frame('SEND', { receipt: 'r' }, 'x'),
    'SEND, empty': frame('SEND', { destination: '', receipt: 'r' }, 'x'),
  },
  async (scene, piece) => {
    expect((await refused(scene, piece)).get('receipt-id')).toBe('r');
  },
);

const noDestinations = ['news', '/', '/queue', '/queue/', '/elsewhere/a', '/topic/a..b', '/topic/#.a', '/QUEUE/a'];

clause(
  'a subscription that cannot be made is an ERROR',
  { section: 'SUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(noDestinations.map((destination) => [`"${destination}"`, destination])),
  async (scene, destination) => {
    const error = await refused(scene, frame('SUBSCRIBE', { id: '1', destination, receipt: 'r' }));
    expect(error.get('receipt-id')).toBe('r');
  },
);

clause(
  'a SEND that cannot be done is an ERROR',
  { section: 'SEND', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries([...noDestinations, '/topic/*', '/topic/a.#'].map((name) => [`"${name}"`, name])),
  async (scene, destination) => {
    expect((await refused(scene, frame('SEND', { destination, receipt: 'r' }))).get('receipt-id')).toBe('r');
  },
);

clause(
  'headers that SUBSCRIBE does not know do no harm, and no selector is evaluated',
  { section: 'SUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, topic] = [await connect(), newName('topic')];
    const selector = "T(java.lang.Runtime).getRuntime().exec('true') or 1=1; process.exit()";
    await subscribe(peer, '1', topic, { selector, 'x-priority': '1', durable: 'true' });
    peer.send(frame('SEND', { destination: topic }, 'there'));
    expect((await peer.next('MESSAGE')).text).toBe('there');
  },
);

clause(
  'behind UNSUBSCRIBE comes nothing more, and the id is free again',
  { section: 'UNSUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  { queue: 'queue', topic: 'topic' } as const,
  async ({ connect, newName }, kind) => {
    const [peer, sender, destination] = [await connect(), await connect(), newName(kind)];
    await subscribe(peer, '1', destination);
    await sender.confirmed('s', frame('SEND', { destination, receipt: 's' }, 'before'));
    const before = await peer.confirmed('u', frame('UNSUBSCRIBE', { id: '1', receipt: 'u' }));
    expect(texts(before)).toEqual(['before']);
    await sender.confirmed('s', frame('SEND', { destination, receipt: 's' }, 'after'));
    expect(await peer.settled()).toEqual([]);
    await subscribe(peer, '1', newName(kind));
  },
);

clause(
  'UNSUBSCRIBE ends the subscription with that id only',
  { section: 'UNSUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, topic] = [await connect(), newName('topic')];
    for (const id of ['a', 'b', 'c']) await subscribe(peer, id, topic);
    await peer.confirmed('u', frame('UNSUBSCRIBE', { id: 'b', receipt: 'u' }));
    peer.send(frame('SEND', { destination: topic }));
    const ids = (await peer.messages(2)).map((message) => message.get('subscription'));
    expect(ids.sort()).toEqual(['a', 'c']);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'UNSUBSCRIBE must have the id of a subscription',
  { section: 'UNSUBSCRIBE', versions: '1.1, 1.2' },
  {
    'no id': {},
    'the destination only': { destination: '/topic/subscribed' },
    'an unknown id': { id: '2' },
    'an id of another case': { id: 'ONE' },
  } as Record<string, Headers>,
  async (scene, headers) => {
    const error = await refused(
      scene,
      frame('SUBSCRIBE', { id: 'one', destination: '/topic/subscribed' }),
      frame('UNSUBSCRIBE', { ...headers, receipt: 'r' }),
    );
    expect(error.get('receipt-id')).toBe('r');
  },
);

clause('UNSUBSCRIBE twice is an ERROR', { section: 'UNSUBSCRIBE', versions: '1.0, 1.1, 1.2' }, async (scene) => {
  const unsubscribe = frame('UNSUBSCRIBE', { id: '1' });
  await refused(scene, frame('SUBSCRIBE', { id: '1', destination: '/topic/x' }), unsubscribe, unsubscribe);
});

clause(
  'UNSUBSCRIBE names an id or a destination',
  { section: 'UNSUBSCRIBE', versions: '1.0' },
  {
    'the id': (destination: string) => [{ id: '7', destination }, { id: '7' }],
    'the destination': (destination: string) => [{ destination }, { destination }],
    'the destination of one with an id': (destination: string) => [{ id: '7', destination }, { destination }],
    both: (destination: string) => [
      { id: '7', destination },
      { id: '7', destination },
    ],
  } satisfies Record<string, (destination: string) => [Record<string, string>, Record<string, string>]>,
  async ({ connect, newName }, headersOf) => {
    const [peer, destination] = [await connect(), newName('topic')];
    const [made, ended] = headersOf(destination);
    await peer.confirmed('s', frame('SUBSCRIBE', { ...made, receipt: 's' }));
    await peer.confirmed('u', frame('UNSUBSCRIBE', { ...ended, receipt: 'u' }));
    peer.send(frame('SEND', { destination }));
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'UNSUBSCRIBE without either, or of none there is, is an ERROR',
  { section: 'UNSUBSCRIBE', versions: '1.0' },
  { neither: {}, 'another id': { id: '2' }, 'another destination': { destination: '/topic/y' } },
  async (scene, headers) =>
    void (await refused(
      scene,
      frame('SUBSCRIBE', { id: '1', destination: '/topic/x' }),
      frame('UNSUBSCRIBE', headers as Record<string, string>),
    )),
);

clause(
  'a topic gives each message to all who listen, and to none who come later',
  { section: 'SUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [sender, destination] = [await connect(), newName('topic')];
    await sender.confirmed('s', frame('SEND', { destination, receipt: 's' }, 'early'));
    const listeners = [await connect('1.0'), await connect('1.1'), await connect('1.2'), sender];
    for (const listener of listeners) await subscribe(listener, '1', destination);
    for (const text of ['1', '2', '3']) sender.send(frame('SEND', { destination }, text));
    for (const listener of listeners) expect(texts(await listener.messages(3))).toEqual(['1', '2', '3']);
  },
);

clause(
  'a queue gives each message to one of those who listen, in turn',
  { section: 'SUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  { 'on one connection': 1, 'on three': 3 },
  async ({ connect, newName }, connections) => {
    const [sender, destination] = [await connect(), newName('queue')];
    const peers = await Promise.all(Array.from({ length: connections }, () => connect()));
    const ids = ['a', 'b', 'c'];
    for (const [at, id] of ids.entries()) await subscribe(peers[at % connections]!, id, destination);
    for (let at = 0; at < 30; at++) sender.send(frame('SEND', { destination }, `${at}`));
    await sender.settled();
    const got = (await Promise.all(peers.map((peer) => peer.settled()))).flat();
    expect(got).toHaveLength(30);
    for (const id of ids) {
      const mine = got.filter((message) => message.get('subscription') === id).map(({ text }) => Number(text));
      expect(mine).toHaveLength(10);
      expect(mine).toEqual([...mine].sort((a, b) => a - b));
    }
  },
);

clause(
  'a queue keeps messages while nobody listens, and hands them out in order',
  { section: 'SUBSCRIBE', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [sender, destination] = [await connect(), newName('queue')];
    const sent = Array.from({ length: 100 }, (_, at) => `${at}`);
    sender.send(...sent.map((text) => frame('SEND', { destination }, text)), frame('DISCONNECT', { receipt: 'r' }));
    await sender.rest();
    const peer = await connect();
    await subscribe(peer, '1', destination);
    expect(texts(await peer.messages(100))).toEqual(sent);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'messages of one sender arrive in the order they were sent',
  { section: 'SEND', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { queue: 'queue', topic: 'topic' } as const,
  async ({ connect, newName }, kind) => {
    const [sender, reader, destination] = [await connect(), await connect(), newName(kind)];
    await subscribe(reader, '1', destination);
    const sent = Array.from({ length: 500 }, (_, at) => `${at}`);
    sender.send(...sent.map((text) => frame('SEND', { destination }, text)));
    expect(texts(await reader.messages(500))).toEqual(sent);
  },
);

clause(
  'previously received frames are done although the sender has gone',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls'] },
  async ({ connect, newName }) => {
    const [sender, reader, destination] = [await connect(), await connect(), newName('queue')];
    await subscribe(reader, '1', destination);
    sender.send(...Array.from({ length: 50 }, () => frame('SEND', { destination })));
    sender.end();
    await reader.messages(50);
    await sender.ended();
  },
);

// This turns the clock of all others, to which it makes no difference.
clause(
  'a message whose expiration has run out is not delivered',
  { section: 'Frames and Headers', versions: '1.0, 1.1, 1.2', over: ['tcp'] },
  async ({ connect, newName }) => {
    const [sender, destination] = [await connect(), newName('queue')];
    const send = (expiration: string, text: string): string => frame('SEND', { destination, expiration }, text);
    sender.send(send('100', 'short'), send('1000000', 'long'), send('0', 'for ever'), send('100', 'short'));
    await sender.settled();
    clock.advance(500);
    const peer = await connect();
    await subscribe(peer, '1', destination);
    expect(texts(await peer.settled())).toEqual(['long', 'for ever']);
  },
);

clause(
  'a message that has expired by its own date is not delivered',
  { section: 'Frames and Headers', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [sender, destination] = [await connect(), newName('queue')];
    const send = (expires: number, text: string): string => frame('SEND', { destination, expires: `${expires}` }, text);
    sender.send(send(Date.now() - 1, 'late'), send(Date.now() + 60_000, 'in time'), send(0, 'for ever'));
    await sender.settled();
    const peer = await connect();
    await subscribe(peer, '1', destination);
    expect(texts(await peer.settled())).toEqual(['in time', 'for ever']);
  },
);
