// STOMP, SUBSCRIBE ack Header, ACK and NACK: who has consumed what, and what comes again.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Scene, settle, subscribe } from './clause.js';
import type { ServerFrame, StompPeer } from './stomp-peer.js';

const REDELIVERY_DELAY = 20;
const { clause } = clauses({ limits: { redeliveryDelay: REDELIVERY_DELAY, deliveries: 3, prefetch: 50 } });

const CLIENT = { client: 'client' };
const BOTH = { client: 'client', individual: 'client-individual' };
const texts = (messages: readonly ServerFrame[]): string[] => messages.map(({ text }) => text);
const counts = (messages: readonly ServerFrame[]) =>
  messages.map((message) => [message.text, message.get('redelivered'), message.get('delivery-count')]);

/** A queue with messages that say `1`, `2`, … in it. */
async function filled({ connect, newName }: Scene, count: number, kind: 'queue' | 'topic' = 'queue'): Promise<string> {
  const [sender, destination] = [await connect(), newName(kind)];
  const texts = Array.from({ length: count }, (_, at) => `${at + 1}`);
  sender.send(...texts.map((text) => frame('SEND', { destination }, text)), frame('DISCONNECT', { receipt: 'r' }));
  await sender.rest();
  return destination;
}

/** A connection that reads a queue and has to acknowledge. */
async function reader({ connect }: Scene, destination: string, ack: string, prefetch?: number): Promise<StompPeer> {
  const peer = await connect();
  await subscribe(peer, 'mine', destination, { ack, ...(prefetch && { 'prefetch-count': `${prefetch}` }) });
  return peer;
}

/** What is left of a queue. */
async function left({ connect }: Scene, destination: string): Promise<ServerFrame[]> {
  const peer = await connect();
  await subscribe(peer, 'left', destination);
  return peer.settled();
}

async function refused(peer: StompPeer, piece: string): Promise<void> {
  peer.send(piece);
  const errors = (await peer.rest()).filter(({ command }) => command !== 'MESSAGE');
  expect(errors.map(({ command }) => command)).toEqual(['ERROR']);
}

clause(
  'auto: what has been sent is consumed',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  { 'by default': {}, 'as it is told': { ack: 'auto' } },
  async (scene, headers) => {
    const destination = await filled(scene, 3);
    const peer = await scene.connect();
    await subscribe(peer, 'mine', destination, headers as Record<string, string>);
    const messages = await peer.messages(3);
    expect(messages.map((message) => message.get('ack'))).toEqual([undefined, undefined, undefined]);
    peer.destroy();
    expect(await left(scene, destination)).toEqual([]);
  },
);

clause(
  'another ack than auto, client and client-individual is an ERROR',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(['', 'Auto', 'CLIENT', 'none', 'individual', 'client_individual'].map((ack) => [`"${ack}"`, ack])),
  async ({ connect, newName }, ack) =>
    refused(await connect(), frame('SUBSCRIBE', { id: '1', destination: newName('queue'), ack })),
);

clause(
  'MESSAGE has an ack header where it has to be acknowledged',
  { section: 'MESSAGE', versions: '1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  BOTH,
  async (scene, ack) => {
    const peer = await reader(scene, await filled(scene, 5), ack);
    const values = (await peer.messages(5)).map((message) => message.get('ack'));
    expect(values).not.toContain(undefined);
    expect(new Set(values).size).toBe(5);
  },
);

clause(
  'a message that was acknowledged is consumed',
  { section: 'ACK', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  CLIENT,
  async (scene, ack) => {
    const destination = await filled(scene, 3);
    const peer = await reader(scene, destination, ack);
    for (const message of await peer.messages(3)) peer.send(settle('ACK', message, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.destroy();
    expect(await left(scene, destination)).toEqual([]);
  },
);

clause(
  'client-individual: each is acknowledged for itself',
  { section: 'SUBSCRIBE ack Header', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { 'the last': [2], 'the first': [0], 'two, backwards': [3, 1], 'all, backwards': [3, 2, 1, 0] },
  async (scene, acknowledged) => {
    const destination = await filled(scene, 4);
    const peer = await reader(scene, destination, 'client-individual');
    const messages = await peer.messages(4);
    for (const at of acknowledged) peer.send(settle('ACK', messages[at]!, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.send(frame('DISCONNECT'));
    await peer.ended();
    const others = [0, 1, 2, 3].filter((at) => !acknowledged.includes(at)).map((at) => `${at + 1}`);
    expect(texts(await left(scene, destination))).toEqual(others);
  },
);

clause(
  'client: an ACK is for all that were sent before, too',
  { section: 'SUBSCRIBE ack Header', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { 'the first': [0], 'one in the middle': [2], 'the last': [4], 'two of them': [1, 3] },
  async (scene, acknowledged) => {
    const destination = await filled(scene, 5);
    const peer = await reader(scene, destination, 'client');
    const messages = await peer.messages(5);
    for (const at of acknowledged) peer.send(settle('ACK', messages[at]!, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.send(frame('DISCONNECT'));
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual(['1', '2', '3', '4', '5'].slice(acknowledged.at(-1)! + 1));
  },
);

clause(
  'client: an ACK concerns its own subscription only',
  { section: 'SUBSCRIBE ack Header', versions: '1.1, 1.2' },
  async (scene) => {
    const { connect, version } = scene;
    const [one, two] = [await filled(scene, 2), await filled(scene, 2)];
    const peer = await connect();
    await subscribe(peer, 'one', one, { ack: 'client' });
    const ones = await peer.messages(2);
    await subscribe(peer, 'two', two, { ack: 'client' });
    const twos = await peer.messages(2);
    peer.send(settle('ACK', twos[1]!, version));
    peer.send(settle('ACK', ones[0]!, version));
    await peer.settled();
    peer.destroy();
    await peer.ended();
    expect(texts(await left(scene, one))).toEqual(['2']);
    expect(texts(await left(scene, two))).toEqual([]);
  },
);

clause(
  'an ACK is for the one message that it names',
  { section: 'ACK', versions: '1.0', over: ['tcp', 'tls', 'ws', 'wss'] },
  Object.fromEntries(
    Object.values(BOTH).flatMap((ack) => [
      [`${ack}, the last`, { ack, acknowledged: [3] }],
      [`${ack}, one in the middle`, { ack, acknowledged: [1] }],
      [`${ack}, two, backwards`, { ack, acknowledged: [2, 0] }],
    ]),
  ),
  async (scene, { ack, acknowledged }) => {
    const destination = await filled(scene, 4);
    const peer = await reader(scene, destination, ack);
    const messages = await peer.messages(4);
    for (const at of acknowledged) peer.send(settle('ACK', messages[at]!, '1.0'));
    expect(await peer.settled()).toEqual([]);
    peer.send(frame('DISCONNECT'));
    await peer.ended();
    const others = [0, 1, 2, 3].filter((at) => !acknowledged.includes(at)).map((at) => `${at + 1}`);
    expect(texts(await left(scene, destination))).toEqual(others);
  },
);

const ends: Record<string, (peer: StompPeer) => Promise<void>> = {
  UNSUBSCRIBE: async (peer) => void (await peer.confirmed('u', frame('UNSUBSCRIBE', { id: 'mine', receipt: 'u' }))),
  DISCONNECT: async (peer) => void (await peer.confirmed('d', frame('DISCONNECT', { receipt: 'd' }))),
  'DISCONNECT without a receipt': (peer) => {
    peer.send(frame('DISCONNECT'));
    return peer.ended();
  },
  'an ERROR': (peer) => {
    peer.send(frame('SEND'));
    return peer.ended();
  },
  'the end of the connection': (peer) => {
    peer.end();
    return peer.ended();
  },
  'a connection that breaks': (peer) => {
    peer.destroy();
    return peer.ended();
  },
};

clause(
  'what was not acknowledged comes again, in front and in order, and says so',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(
    Object.entries(BOTH).flatMap(([mode, ack]) =>
      Object.entries(ends).map(([name, end]) => [`${mode}, after ${name},`, { ack, end }]),
    ),
  ),
  async (scene, { ack, end }) => {
    // In 1.0 there is one way to acknowledge.
    const mode = scene.version === '1.0' ? 'client' : ack;
    const destination = await filled(scene, 6);
    const peer = await reader(scene, destination, mode, 4);
    const messages = await peer.messages(4);
    expect(counts(messages)[0]).toEqual(['1', undefined, undefined]);
    peer.send(settle('ACK', messages[0]!, scene.version));
    await peer.messages(1);
    await end(peer);
    const next = await reader(scene, destination, mode);
    expect(counts(await next.messages(5))).toEqual([
      ['2', 'true', '2'],
      ['3', 'true', '2'],
      ['4', 'true', '2'],
      ['5', 'true', '2'],
      ['6', undefined, undefined],
    ]);
    next.send(frame('DISCONNECT'));
    await next.ended();
    expect(counts(await left(scene, destination))[3]).toEqual(['5', 'true', '3']);
  },
);

clause(
  'what was not acknowledged goes to whoever else listens',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { connect, newName } = scene;
    const [sender, destination] = [await connect(), newName('queue')];
    const peers = [await reader(scene, destination, 'client'), await reader(scene, destination, 'client')];
    for (const text of ['1', '2', '3', '4']) sender.send(frame('SEND', { destination }, text));
    await sender.settled();
    const [first, second] = [await peers[0]!.messages(2), await peers[1]!.messages(2)];
    expect([...texts(first), ...texts(second)].sort()).toEqual(['1', '2', '3', '4']);
    peers[0]!.destroy();
    expect(texts(await peers[1]!.messages(2))).toEqual(texts(first));
  },
);

clause(
  'a NACKed message comes again, and says which delivery it is',
  { section: 'NACK', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  BOTH,
  async (scene, ack) => {
    const destination = await filled(scene, 1);
    const peer = await reader(scene, destination, ack);
    let message = await peer.next('MESSAGE');
    for (const count of ['2', '3']) {
      peer.send(settle('NACK', message, scene.version));
      message = await peer.next('MESSAGE');
      expect(counts([message])).toEqual([['1', 'true', count]]);
      expect(message.get('destination')).toBe(destination);
    }
    peer.send(settle('ACK', message, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.destroy();
    expect(await left(scene, destination)).toEqual([]);
  },
);

clause(
  'client-individual: a NACK is for one message, client: for all before, too',
  { section: 'NACK', versions: '1.1, 1.2' },
  { individual: ['client-individual', ['2']], client: ['client', ['1', '2']] } as Record<string, [string, string[]]>,
  async (scene, [ack, again]) => {
    const destination = await filled(scene, 3);
    const peer = await reader(scene, destination, ack);
    const messages = await peer.messages(3);
    peer.send(settle('NACK', messages[1]!, scene.version));
    const repeated = await peer.messages(again.length);
    expect(counts(repeated)).toEqual(again.map((text) => [text, 'true', '2']));
    for (const message of ack === 'client' ? [repeated.at(-1)!] : [messages[0]!, messages[2]!, ...repeated])
      peer.send(settle('ACK', message, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.destroy();
    await peer.ended();
    expect(await left(scene, destination)).toEqual([]);
  },
);

clause(
  'a NACKed message waits before it comes again, longer each time, and holds nobody up',
  { section: 'NACK', versions: '1.1, 1.2', over: ['tcp'] },
  async (scene) => {
    const { connect, version } = scene;
    const destination = await filled(scene, 1);
    const peer = await reader(scene, destination, 'client-individual');
    const sender = await connect();
    let message = await peer.next('MESSAGE');
    for (const delay of [REDELIVERY_DELAY, 2 * REDELIVERY_DELAY]) {
      const began = performance.now();
      peer.send(settle('NACK', message, version), settle('ACK', await other(peer, sender, destination), version));
      message = await peer.next('MESSAGE');
      expect(message.text).toBe('1');
      expect(performance.now() - began).toBeGreaterThan(delay * 0.9);
    }
  },
);

/** A message that comes while another waits. */
async function other(peer: StompPeer, sender: StompPeer, destination: string): Promise<ServerFrame> {
  sender.send(frame('SEND', { destination }, 'other'));
  const message = await peer.next('MESSAGE');
  expect(message.text).toBe('other');
  return message;
}

clause(
  'a message that was NACKed too often goes to the dead letters',
  { section: 'NACK', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  BOTH,
  async (scene, ack) => {
    const { connect, newName } = scene;
    const [sender, destination] = [await connect(), newName('queue')];
    // What it says of itself is not believed.
    const forged = { 'original-destination': '/queue/forged', 'delivery-count': '99' };
    sender.send(frame('SEND', { destination, note: 'n', ...forged }, '1'));
    const peer = await reader(scene, destination, ack);
    for (let at = 0; at < 3; at++) peer.send(settle('NACK', await peer.next('MESSAGE'), scene.version));
    const letters = await reader(scene, destination.replace('/queue/', '/queue/dead-letter.'), ack);
    const letter = await letters.next('MESSAGE');
    expect([letter.text, letter.get('note')]).toEqual(['1', 'n']);
    const told = letter.headers.filter(([name]) => name in forged || name === 'redelivered');
    expect(Object.fromEntries(told)).toEqual({
      'original-destination': destination,
      redelivered: 'true',
      'delivery-count': '4',
    });
    expect(told).toHaveLength(3);
    letters.send(settle('ACK', letter, scene.version));
    expect(await letters.settled()).toEqual([]);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'ACK and NACK must have an id',
  { section: 'ACK', versions: '1.2' },
  Object.fromEntries(
    ['ACK', 'NACK'].flatMap((command) => [
      [`${command} with nothing`, { command, keep: [] }],
      [`${command} with what 1.1 had`, { command, keep: ['message-id', 'subscription'] }],
    ]),
  ),
  async (scene, { command, keep }) => {
    const peer = await reader(scene, await filled(scene, 1), 'client');
    const message = await peer.next('MESSAGE');
    await refused(peer, frame(command, Object.fromEntries(keep.map((name) => [name, message.get(name)!]))));
  },
);

clause(
  'ACK and NACK must have a message-id and a subscription',
  { section: 'ACK', versions: '1.1' },
  Object.fromEntries(
    ['ACK', 'NACK'].flatMap((command) => [
      [`${command} with nothing`, { command, headers: {} }],
      [`${command} without a subscription`, { command, headers: { 'message-id': '' } }],
      [`${command} without a message-id`, { command, headers: { subscription: 'mine' } }],
      [`${command} of another subscription`, { command, headers: { 'message-id': '', subscription: 'yours' } }],
      [`${command} with an id`, { command, headers: { id: '' } }],
    ]),
  ) as Record<string, { command: string; headers: Record<string, string> }>,
  async (scene, { command, headers }) => {
    const peer = await reader(scene, await filled(scene, 1), 'client');
    const id = (await peer.next('MESSAGE')).get('message-id')!;
    const named = Object.entries(headers).map(([name, value]) => [name, value === '' ? id : value]);
    await refused(peer, frame(command, Object.fromEntries(named) as Record<string, string>));
  },
);

clause(
  'ACK must have a message-id',
  { section: 'ACK', versions: '1.0' },
  { nothing: {}, 'an id': { id: '1' }, 'a subscription': { subscription: 'mine' } },
  async (scene, headers) => {
    const peer = await reader(scene, await filled(scene, 1), 'client');
    await peer.next('MESSAGE');
    await refused(peer, frame('ACK', headers as Record<string, string>));
  },
);

type Mistake = (scene: Scene, peer: StompPeer, message: ServerFrame) => Promise<string> | string;
const mistakes: Record<string, Mistake> = {
  'an unknown message': ({ version }) =>
    frame('ACK', { id: 'unknown', 'message-id': 'unknown', ...(version === '1.1' && { subscription: 'mine' }) }),
  'one that was acknowledged': ({ version }, _peer, message) =>
    settle('ACK', message, version) + settle('ACK', message, version),
  // The second, as ids of 1.2 are those of their connection.
  'one of another connection': async (scene) => {
    const other = await reader(scene, await filled(scene, 2), 'client');
    return settle('ACK', (await other.messages(2))[1]!, scene.version);
  },
  'one of a subscription that has ended': ({ version }, _peer, message) =>
    frame('UNSUBSCRIBE', { id: 'mine' }) + settle('ACK', message, version),
  'one that nobody has to acknowledge': async (scene, peer) => {
    await subscribe(peer, 'auto', await filled(scene, 1));
    const id = (await peer.next('MESSAGE')).get('message-id')!;
    return frame('ACK', { id, 'message-id': id, ...(scene.version === '1.1' && { subscription: 'auto' }) });
  },
};

clause(
  'an ACK of what does not wait for it is an ERROR',
  { section: 'ACK', versions: '1.0, 1.1, 1.2' },
  mistakes,
  async (scene, mistake) => {
    const ack = scene.version === '1.0' ? 'client' : 'client-individual';
    const peer = await reader(scene, await filled(scene, 1), ack);
    await refused(peer, await mistake(scene, peer, await peer.next('MESSAGE')));
  },
);

clause(
  'client: an ACK of what a later one was for changes nothing',
  { section: 'SUBSCRIBE ack Header', versions: '1.1, 1.2' },
  async (scene) => {
    const destination = await filled(scene, 4);
    const peer = await reader(scene, destination, 'client');
    const messages = await peer.messages(4);
    for (const at of [2, 0, 1, 2]) peer.send(settle('ACK', messages[at]!, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.destroy();
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual(['4']);
  },
);

clause(
  'a NACK of what does not wait for it is an ERROR',
  { section: 'NACK', versions: '1.1, 1.2' },
  {
    'one that was acknowledged': ['ACK', 'NACK'],
    'one that was refused': ['NACK', 'NACK'],
    'an ACK of one that was refused': ['NACK', 'ACK'],
  } as Record<string, ['ACK' | 'NACK', 'ACK' | 'NACK']>,
  async (scene, commands) => {
    const peer = await reader(scene, await filled(scene, 1), 'client-individual');
    const message = await peer.next('MESSAGE');
    await refused(peer, commands.map((command) => settle(command, message, scene.version)).join(''));
  },
);

clause(
  'no more than prefetch-count wait to be acknowledged; the others go elsewhere, or wait',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  { 'of one': 1, 'of three': 3, 'of more than the limit': 1000 },
  async (scene, prefetch) => {
    const most = Math.min(prefetch, 50);
    const destination = await filled(scene, most + 3);
    const peer = await reader(scene, destination, 'client', prefetch);
    const messages = await peer.settled();
    expect(messages).toHaveLength(most);
    peer.send(settle('ACK', messages[0]!, scene.version));
    expect(texts(await peer.settled())).toEqual([`${most + 1}`]);
    const helper = await reader(scene, destination, 'client', 1);
    expect(texts(await helper.settled())).toEqual([`${most + 2}`]);
  },
);

clause(
  'who is slow to acknowledge does not keep messages from others',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { connect, newName, version } = scene;
    const [sender, destination] = [await connect(), newName('queue')];
    const slow = await reader(scene, destination, 'client', 1);
    const quick = await reader(scene, destination, 'client', 1);
    for (let at = 0; at < 10; at++) sender.send(frame('SEND', { destination }, `${at}`));
    await slow.next('MESSAGE');
    for (let at = 0; at < 9; at++) quick.send(settle('ACK', await quick.next('MESSAGE'), version));
    expect(await quick.settled()).toEqual([]);
    expect(await slow.settled()).toEqual([]);
  },
);

clause(
  'several that acknowledge share a queue: nothing is lost, nothing comes twice',
  { section: 'ACK', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const destination = await filled(scene, 60);
    const peers = await Promise.all([1, 2, 3].map(() => reader(scene, destination, 'client', 2)));
    const seen: string[] = [];
    for (let round = 0; round < 60 && seen.length < 60; round++)
      for (const peer of peers)
        for (const message of await peer.settled()) {
          seen.push(message.text);
          peer.send(settle('ACK', message, scene.version));
        }
    for (const peer of peers) expect(await peer.settled()).toEqual([]);
    expect(seen.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
  },
);

clause(
  'a temporary queue may be acknowledged, too',
  { section: 'ACK', versions: '1.1, 1.2' },
  BOTH,
  async ({ connect, version }, ack) => {
    const peer = await connect();
    await subscribe(peer, '1', '/temp-queue/mine', { ack });
    peer.send(frame('SEND', { destination: '/temp-queue/mine' }, 'x'));
    peer.send(settle('NACK', await peer.next('MESSAGE'), version));
    const again = await peer.next('MESSAGE');
    expect(counts([again])).toEqual([['x', 'true', '2']]);
    peer.send(settle('ACK', again, version));
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a topic that is acknowledged repeats what was NACKed, for that subscription only',
  { section: 'NACK', versions: '1.1, 1.2' },
  BOTH,
  async (scene, ack) => {
    const { connect, newName, version } = scene;
    const [sender, destination] = [await connect(), newName('topic')];
    const peer = await reader(scene, destination, ack);
    await subscribe(sender, 'plain', destination);
    sender.send(frame('SEND', { destination }, 'news'));
    expect((await sender.next('MESSAGE')).get('ack')).toBeUndefined();
    peer.send(settle('NACK', await peer.next('MESSAGE'), version));
    const again = await peer.next('MESSAGE');
    expect(counts([again])).toEqual([['news', 'true', '2']]);
    peer.send(settle('ACK', again, version));
    expect(await peer.settled()).toEqual([]);
    expect(await sender.settled()).toEqual([]);
  },
);

clause(
  'a topic forgets what was not acknowledged, with its subscription',
  { section: 'SUBSCRIBE ack Header', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { connect, newName } = scene;
    const [sender, destination] = [await connect(), newName('topic')];
    const peer = await reader(scene, destination, 'client');
    sender.send(frame('SEND', { destination }, 'news'));
    await peer.next('MESSAGE');
    await peer.confirmed('u', frame('UNSUBSCRIBE', { id: 'mine', receipt: 'u' }));
    await subscribe(peer, 'mine', destination, { ack: 'client' });
    expect(await peer.settled()).toEqual([]);
  },
);
