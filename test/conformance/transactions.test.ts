// STOMP, BEGIN, COMMIT and ABORT: all of it, or nothing.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Scene, settle, subscribe } from './clause.js';
import { left, refused, texts } from './queues.js';
import type { ServerFrame, StompPeer } from './stomp-peer.js';

const { clause } = clauses({ limits: { transactions: 3, transactionBytes: 10_000, redeliveryDelay: 20 } });

const T = { transaction: 't' };
const begin = frame('BEGIN', T);

const send = (destination: string, text: string, headers: Record<string, string> = T): string =>
  frame('SEND', { destination, ...headers }, text);

/** A connection with messages `1`, `2`, … of a queue that wait to be acknowledged. */
async function holding({ connect, newName }: Scene, count: number, ack = 'client-individual') {
  const [peer, destination] = [await connect(), newName('queue')];
  await subscribe(peer, 'mine', destination, { ack });
  for (let at = 1; at <= count; at++) peer.send(frame('SEND', { destination }, `${at}`));
  return { peer, destination, messages: await peer.messages(count) };
}

clause(
  'what was sent within a transaction is delivered by COMMIT, in order',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { queue: 'queue', topic: 'topic' } as const,
  async ({ connect, newName }, kind) => {
    const [sender, peer, destination] = [await connect(), await connect(), newName(kind)];
    await subscribe(peer, '1', destination);
    sender.send(begin, send(destination, 'a'), send(destination, 'b'), send(destination, 'outside', {}));
    await sender.settled();
    expect(texts(await peer.settled())).toEqual(['outside']);
    await sender.confirmed('c', frame('COMMIT', { ...T, receipt: 'c' }));
    expect(texts(await peer.settled())).toEqual(['a', 'b']);
  },
);

clause(
  'what was sent within a transaction is forgotten by ABORT',
  { section: 'ABORT', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async (scene) => {
    const [sender, destination] = [await scene.connect(), scene.newName('queue')];
    sender.send(begin, send(destination, 'a'), send(destination, 'b'));
    await sender.confirmed('a', frame('ABORT', { ...T, receipt: 'a' }));
    expect(texts(await left(scene, destination))).toEqual([]);
  },
);

clause(
  'headers and octets of what was sent within a transaction are kept',
  { section: 'SEND', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('queue')];
    await subscribe(peer, '1', destination);
    const body = Buffer.from([0, 255, 10, 13, 0, 128]);
    peer.send(
      `BEGIN\ntransaction:t\n\n\0SEND\ndestination:${destination}\ntransaction:t\nx-ü:東京\ncontent-length:6\n\n`,
      body,
      `\0COMMIT\ntransaction:t\n\n\0`,
    );
    const message = await peer.next('MESSAGE');
    expect([message.get('x-ü'), message.body.equals(body)]).toEqual(['東京', true]);
  },
);

const settlements: Record<string, ('ACK' | 'NACK')[]> = { ACK: ['ACK'], NACK: ['NACK'], both: ['ACK', 'NACK'] };

clause(
  'what was acknowledged within a transaction is consumed by COMMIT',
  { section: 'ACK', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async (scene) => {
    const { peer, destination, messages } = await holding(scene, 2, 'client');
    peer.send(begin, ...messages.map((message) => settle('ACK', message, scene.version, T)));
    await peer.confirmed('c', frame('COMMIT', { ...T, receipt: 'c' }));
    peer.destroy();
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual([]);
  },
);

clause(
  'what was acknowledged within a transaction waits again after ABORT',
  { section: 'ABORT', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { peer, destination, messages } = await holding(scene, 3, 'client');
    peer.send(begin, ...messages.map((message) => settle('ACK', message, scene.version, T)));
    await peer.confirmed('a', frame('ABORT', { ...T, receipt: 'a' }));
    // It can be acknowledged after all.
    peer.send(settle('ACK', messages[0]!, scene.version));
    expect(await peer.settled()).toEqual([]);
    peer.destroy();
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual(['2', '3']);
  },
);

clause(
  'after ABORT an ACK is for what was sent before, and for nothing else',
  { section: 'SUBSCRIBE ack Header', versions: '1.1, 1.2' },
  { 'in the order of BEGIN': ['t', 'u'], 'the other way round': ['u', 't'] },
  async (scene, order) => {
    const { peer, destination, messages } = await holding(scene, 5, 'client');
    peer.send(begin, frame('BEGIN', { transaction: 'u' }));
    peer.send(settle('ACK', messages[1]!, scene.version, T));
    peer.send(settle('ACK', messages[3]!, scene.version, { transaction: 'u' }));
    peer.send(...order.map((transaction) => frame('ABORT', { transaction })));
    peer.send(settle('ACK', messages[1]!, scene.version));
    await peer.settled();
    peer.destroy();
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual(['3', '4', '5']);
  },
);

clause(
  'a transaction is all or nothing, even if the subscription ends before COMMIT',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { peer, destination, messages } = await holding(scene, 1, 'client');
    const answers = scene.newName('queue');
    peer.send(begin, send(answers, 'answer'), settle('ACK', messages[0]!, scene.version, T));
    peer.send(frame('UNSUBSCRIBE', { id: 'mine' }), frame('COMMIT', T), frame('DISCONNECT', { receipt: 'bye' }));
    const isDone = (await peer.rest()).at(-1)!.command === 'RECEIPT';
    expect(texts(await left(scene, answers))).toEqual(isDone ? ['answer'] : []);
    expect(texts(await left(scene, destination))).toEqual(isDone ? [] : ['1']);
  },
);

clause(
  'NACK within a transaction is done by COMMIT, and forgotten by ABORT',
  { section: 'NACK', versions: '1.1, 1.2' },
  { COMMIT: ['COMMIT', '2'], ABORT: ['ABORT', undefined] } as Record<string, [string, string | undefined]>,
  async (scene, [end, count]) => {
    const { peer, messages } = await holding(scene, 1);
    peer.send(begin, settle('NACK', messages[0]!, scene.version, T));
    expect(await peer.settled()).toEqual([]);
    await peer.confirmed('e', frame(end, { ...T, receipt: 'e' }));
    const again = count === undefined ? messages[0]! : await peer.next('MESSAGE');
    expect(again.get('delivery-count')).toBe(count);
    peer.send(settle('ACK', again, scene.version));
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a transaction of SEND, ACK and NACK is done as one',
  { section: 'BEGIN', versions: '1.1, 1.2' },
  settlements,
  async (scene, commands) => {
    const { peer, destination, messages } = await holding(scene, commands.length);
    const answers = scene.newName('queue');
    peer.send(begin, ...commands.map((command, at) => settle(command, messages[at]!, scene.version, T)));
    peer.send(send(answers, 'answer'));
    expect(await peer.settled()).toEqual([]);
    expect(texts(await left(scene, answers))).toEqual([]);
    await peer.confirmed('c', frame('COMMIT', { ...T, receipt: 'c' }));
    expect(texts(await left(scene, answers))).toEqual(['answer']);
    peer.destroy();
    await peer.ended();
    const refusedOnes = commands.flatMap((command, at) => (command === 'NACK' ? [`${at + 1}`] : []));
    const others = await scene.connect();
    await subscribe(others, '1', destination);
    expect(texts(await others.messages(refusedOnes.length))).toEqual(refusedOnes);
  },
);

const failures: Record<string, (scene: Scene, message: ServerFrame) => string> = {
  'a SEND that cannot be done': () => send('/nowhere', 'x'),
  'a SEND without a destination': () => frame('SEND', T),
  'an ACK of nothing': ({ version }) =>
    frame('ACK', { id: 'no', 'message-id': 'no', ...(version === '1.1' && { subscription: 'mine' }), ...T }),
  'an ACK twice': ({ version }, message) => settle('ACK', message, version, T),
  'an ACK twice, once outside': ({ version }, message) => settle('ACK', message, version),
  junk: () => 'JUNK\n\n\0',
};

clause(
  'if a part of a transaction is refused, nothing of it is done',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  failures,
  async (scene, failure) => {
    const ack = scene.version === '1.0' ? 'client' : 'client-individual';
    const { peer, destination, messages } = await holding(scene, 2, ack);
    const answers = scene.newName('queue');
    await refused(
      peer,
      begin + send(answers, 'answer') + settle('ACK', messages[0]!, scene.version, T),
      failure(scene, messages[0]!) + frame('COMMIT', T),
    );
    expect(texts(await left(scene, answers))).toEqual([]);
    expect(texts(await left(scene, destination))).toEqual(['1', '2']);
  },
);

const ends: Record<string, (peer: StompPeer) => void> = {
  'a connection that ends': (peer) => peer.end(),
  'a connection that breaks': (peer) => peer.destroy(),
  DISCONNECT: (peer) => peer.send(frame('DISCONNECT', { receipt: 'bye' })),
  'an ERROR': (peer) => peer.send(frame('SEND')),
};

clause(
  'the end of a connection aborts its transactions',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  ends,
  async (scene, end) => {
    const { peer, destination, messages } = await holding(scene, 2, 'client');
    const answers = scene.newName('queue');
    peer.send(begin + send(answers, 'x') + settle('ACK', messages[0]!, scene.version, T));
    await peer.settled();
    end(peer);
    await peer.ended();
    expect(texts(await left(scene, destination))).toEqual(['1', '2']);
    expect(texts(await left(scene, answers))).toEqual([]);
  },
);

clause(
  'BEGIN, COMMIT and ABORT must have a transaction',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(
    ['BEGIN', 'COMMIT', 'ABORT'].flatMap((command) => [
      [command, { command, headers: { receipt: 'r' } }],
      [`${command}, of another name`, { command, headers: { receipt: 'r', id: 't', Transaction: 't' } }],
    ]),
  ) as Record<string, { command: string; headers: Record<string, string> }>,
  async ({ connect }, { command, headers }) => {
    expect((await refused(await connect(), begin, frame(command, headers))).get('receipt-id')).toBe('r');
  },
);

const unknown: Record<string, string> = {
  COMMIT: frame('COMMIT', { transaction: 'u' }),
  ABORT: frame('ABORT', { transaction: 'u' }),
  SEND: send('/queue/unknown-transaction', 'x', { transaction: 'u' }),
  'another case': frame('COMMIT', { transaction: 'T' }),
  'COMMIT twice': frame('COMMIT', T) + frame('COMMIT', T),
  'ABORT after COMMIT': frame('COMMIT', T) + frame('ABORT', T),
  'SEND after ABORT': frame('ABORT', T) + send('/queue/unknown-transaction', 'x'),
};

clause(
  'a transaction that there is not is an ERROR',
  { section: 'COMMIT', versions: '1.0, 1.1, 1.2' },
  unknown,
  async (scene, piece) => {
    await refused(await scene.connect(), begin, piece);
    expect(texts(await left(scene, '/queue/unknown-transaction'))).toEqual([]);
  },
);

clause(
  'an ACK within a transaction that there is not is an ERROR',
  { section: 'ACK', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { peer, destination, messages } = await holding(scene, 1, 'client');
    await refused(peer, settle('ACK', messages[0]!, scene.version, { transaction: 'u' }));
    expect(texts(await left(scene, destination))).toEqual(['1']);
  },
);

clause(
  'a transaction that is open cannot be begun again',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  async ({ connect }) => void (await refused(await connect(), begin, begin)),
);

clause(
  'an id may be used again after COMMIT and ABORT',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const [peer, destination] = [await scene.connect(), scene.newName('queue')];
    for (const end of ['COMMIT', 'ABORT', 'COMMIT']) peer.send(begin, send(destination, end), frame(end, T));
    await peer.settled();
    expect(texts(await left(scene, destination))).toEqual(['COMMIT', 'COMMIT']);
  },
);

clause('ids are those of their connection', { section: 'BEGIN', versions: '1.0, 1.1, 1.2' }, async (scene) => {
  const [one, other, destination] = [await scene.connect(), await scene.connect(), scene.newName('queue')];
  one.send(begin, send(destination, 'one'));
  other.send(begin, send(destination, 'other'));
  await one.settled();
  await other.confirmed('a', frame('ABORT', { ...T, receipt: 'a' }));
  await one.confirmed('c', frame('COMMIT', { ...T, receipt: 'c' }));
  expect(texts(await left(scene, destination))).toEqual(['one']);
});

clause(
  'several transactions of one connection do not mix',
  { section: 'BEGIN', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const [peer, destination] = [await scene.connect(), scene.newName('queue')];
    const say = (command: string, transaction: string): string => frame(command, { transaction });
    peer.send(say('BEGIN', 'a'), say('BEGIN', 'b'), say('BEGIN', 'c:1'));
    for (const text of ['1', '2'])
      peer.send(...['a', 'b', 'c:1'].map((id) => send(destination, id + text, { transaction: id })));
    peer.send(say('COMMIT', 'b'), say('ABORT', 'a'), say('COMMIT', 'c:1'));
    await peer.settled();
    expect(texts(await left(scene, destination))).toEqual(['b1', 'b2', 'c:11', 'c:12']);
  },
);

clause('an empty transaction is one', { section: 'BEGIN', versions: '1.0, 1.1, 1.2' }, async ({ connect }) => {
  const peer = await connect();
  peer.send(begin, frame('COMMIT', T), begin, frame('ABORT', T));
  expect(await peer.settled()).toEqual([]);
});

clause(
  'each frame of a transaction may have its receipt, COMMIT when it is done',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const { peer, messages } = await holding(scene, 1, 'client');
    peer.send(
      frame('BEGIN', { ...T, receipt: '1' }),
      frame('SEND', { ...T, destination: scene.newName('queue'), receipt: '2' }),
      settle('ACK', messages[0]!, scene.version, { ...T, receipt: '3' }),
      frame('COMMIT', { ...T, receipt: '4' }),
      frame('BEGIN', { ...T, receipt: '5' }),
      frame('ABORT', { ...T, receipt: '6' }),
    );
    const receipts = (await peer.settled()).map((receipt) => receipt.get('receipt-id'));
    expect(receipts).toEqual(['1', '2', '3', '4', '5', '6']);
  },
);

clause(
  'more transactions, or more in one, than the limits allow are an ERROR that names the limit',
  { section: 'Size Limits', versions: '1.0, 1.1, 1.2' },
  {
    transactions: ['a', 'b', 'c'].map((transaction) => frame('BEGIN', { transaction })).join(''),
    transactionBytes: send('/queue/too-much', 'x'.repeat(5000)) + send('/queue/too-much', 'x'.repeat(5000)),
  },
  async (scene, piece) => {
    const error = await refused(await scene.connect(), begin, piece);
    expect(error.get('message')).toMatch(/limits\.transaction(s|Bytes)\b/);
    expect(texts(await left(scene, '/queue/too-much'))).toEqual([]);
  },
);
