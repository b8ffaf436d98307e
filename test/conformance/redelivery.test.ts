// STOMP, SUBSCRIBE ack Header and NACK: what comes again, when, and to whom; how much may wait to be acknowledged.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, settle, subscribe } from './clause.js';
import { BOTH, counts, filled, left, reader, texts } from './queues.js';
import type { ServerFrame, StompPeer } from './stomp-peer.js';

const REDELIVERY_DELAY = 20;
const { clause } = clauses({ limits: { redeliveryDelay: REDELIVERY_DELAY, deliveries: 3, prefetch: 50 } });

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
