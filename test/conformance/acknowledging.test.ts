// STOMP, SUBSCRIBE ack Header, ACK and NACK: who has consumed what.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Scene, settle, subscribe } from './clause.js';
import { BOTH, counts, filled, left, reader, refused, texts } from './queues.js';
import type { ServerFrame, StompPeer } from './stomp-peer.js';

const { clause } = clauses({ limits: { redeliveryDelay: 20 } });

const CLIENT = { client: 'client' };

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
    void (await refused(await connect(), frame('SUBSCRIBE', { id: '1', destination: newName('queue'), ack }))),
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
