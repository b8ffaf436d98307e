// STOMP, ERROR: one that says what was wrong, then the end, and nothing behind it is executed.

import { expect } from 'vitest';
import { frame, stompCall } from '../fixtures/raw.js';
import { clauses, hello, subscribe } from './clause.js';
import type { Version } from './stomp-peer.js';

const { clause } = clauses({
  limits: { headerCount: 30, body: 100_000, subscriptions: 5 },
  authorize: ({ destination = '' }) => {
    const allowed = !destination.includes('forbidden');
    return destination.includes('later') ? new Promise((resolve) => setTimeout(resolve, 20, allowed)) : allowed;
  },
});

const r = { receipt: 'r-1' };

/** Frames that are read well and cannot be done, which have asked for a receipt. */
const refused: Record<string, string> = {
  'SEND without a destination': frame('SEND', r, 'x'),
  'SEND to what is no destination': frame('SEND', { destination: '/nowhere', ...r }),
  'SEND to what is forbidden': frame('SEND', { destination: '/queue/forbidden', ...r }),
  'SEND to what is forbidden, after a while': frame('SEND', { destination: '/queue/forbidden-later', ...r }),
  'SEND with a reply-to of others': frame('SEND', { destination: '/queue/a', 'reply-to': '/queue/b', ...r }),
  'SEND in no transaction': frame('SEND', { destination: '/queue/a', transaction: 'none', ...r }),
  'SUBSCRIBE without a destination': frame('SUBSCRIBE', { id: '1', ...r }),
  'SUBSCRIBE of what is no destination': frame('SUBSCRIBE', { id: '1', destination: '/nowhere', ...r }),
  'SUBSCRIBE of what is forbidden': frame('SUBSCRIBE', { id: '1', destination: '/queue/forbidden', ...r }),
  'SUBSCRIBE of a reply address': frame('SUBSCRIBE', { id: '1', destination: '/reply-queue/x', ...r }),
  'SUBSCRIBE with a strange ack': frame('SUBSCRIBE', { id: '1', destination: '/queue/a', ack: 'never', ...r }),
  'UNSUBSCRIBE of nothing': frame('UNSUBSCRIBE', { id: 'none', ...r }),
  'ACK of nothing': frame('ACK', { id: 'none', 'message-id': 'none', subscription: 'none', ...r }),
  'BEGIN without a transaction': frame('BEGIN', r),
  'COMMIT of nothing': frame('COMMIT', { transaction: 'none', ...r }),
  'ABORT of nothing': frame('ABORT', { transaction: 'none', ...r }),
  'CONNECT again': frame('CONNECT', { 'accept-version': '1.2', ...r }),
};

/** Frames whose body cannot be read; their headers can. */
const bodiless: Record<string, string> = {
  'SEND with too long a body': `SEND\ndestination:/topic/a\nreceipt:r-1\n\n${'x'.repeat(100_001)}`,
  'SEND with too great a length': 'SEND\ndestination:/topic/a\nreceipt:r-1\ncontent-length:100001\n\n',
  'SEND with too short a length': 'SEND\ndestination:/topic/a\nreceipt:r-1\ncontent-length:1\n\nxyz\0',
};

/** What is no frame; of that no receipt is known. */
const unreadable: Record<string, string> = {
  'an unknown command': 'DANCE\nreceipt:r-1\n\n\0',
  'no header': 'SEND\nreceipt:r-1\nx\n\n\0',
  'a strange length': 'SEND\nreceipt:r-1\ncontent-length:x\n\n\0',
  'too many headers': 'SEND\nreceipt:r-1\n' + 'x:y\n'.repeat(30) + '\n\0',
  HTTP: 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n',
  JSON: '{"jsonrpc":"2.0","id":1,"method":"house.add"}\n',
  octets: '\u0001\u0002\u0003',
};

const all = { ...refused, ...bodiless, ...unreadable };

clause(
  'one ERROR says what was wrong, and then the connection closes',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  all,
  async ({ connect }, piece) => {
    const peer = await connect();
    peer.send(piece);
    const frames = await peer.rest();
    expect(frames.map(({ command }) => command)).toEqual(['ERROR']);
    const [error] = frames;
    expect(error!.get('message')).toMatch(/\w{3}/);
    expect(error!.get('content-type')).toBe('text/plain');
    expect(error!.get('content-length')).toBe(`${error!.body.length}`);
    expect(error!.text).toMatch(/\w{3}/);
    expect(error!.get('error-code')).toMatch(/^ERR_[A-Z_0-9]+$/);
  },
);

clause(
  'ERROR has the receipt of the frame that it is about',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  { ...refused, ...bodiless },
  async ({ connect }, piece) => {
    const peer = await connect();
    peer.send(piece);
    expect((await peer.rest())[0]!.get('receipt-id')).toBe('r-1');
  },
);

clause(
  'ERROR has no receipt of another frame',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const peer = await connect();
    peer.send(frame('SEND', { destination: newName('topic'), receipt: 'fine' }), frame('SEND'));
    const [receipt, error] = await peer.rest();
    expect([receipt!.get('receipt-id'), error!.get('receipt-id')]).toEqual(['fine', undefined]);
  },
);

clause(
  'what stands behind the bad frame is not executed, in the same piece or later',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(
    Object.entries(all).flatMap(([name, piece]) => [
      [`${name}, in one piece`, { piece, atOnce: true }],
      [`${name}, in pieces`, { piece, atOnce: false }],
    ]),
  ),
  async ({ connect, newName, version }, { piece, atOnce }) => {
    const [peer, destination, topic] = [await connect(), newName('queue'), newName('topic')];
    const behind = [
      frame('SEND', { destination }, 'behind'),
      frame('SUBSCRIBE', { id: 'behind', destination: topic, receipt: 'behind' }),
      stompCall('house.destroy', { key: destination }),
      hello(version),
      frame('SEND', { destination }, 'behind'),
    ];
    if (atOnce) peer.send(piece, ...behind);
    else for (const one of [piece, ...behind]) peer.send(one);
    expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
    const witness = await connect();
    await subscribe(witness, '1', destination);
    witness.send(stompCall('house.destroyed', { key: destination }));
    expect((await witness.next('MESSAGE')).text).toContain('"result":0');
    expect(await witness.settled()).toEqual([]);
  },
);

clause(
  'what stands before the bad frame is executed',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  all,
  async ({ connect, newName }, piece) => {
    const [peer, witness, destination] = [await connect(), await connect(), newName('queue')];
    peer.send(frame('SEND', { destination, receipt: 'first' }, 'before'), piece);
    expect((await peer.rest()).map(({ command }) => command)).toEqual(['RECEIPT', 'ERROR']);
    await subscribe(witness, '1', destination);
    expect((await witness.next('MESSAGE')).text).toBe('before');
  },
);

clause(
  'the connection closes although the client goes on sending, and reads nothing',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('queue')];
    peer.send(frame('SEND'));
    for (let at = 0; at < 100; at++) peer.send(frame('SEND', { destination }, 'x'.repeat(5000)));
    await peer.ended();
    const witness = await connect();
    await subscribe(witness, '1', destination);
    expect(await witness.settled()).toEqual([]);
  },
);

const secret = 'Secret-4711';
const strangers: Record<string, (version: Version) => string> = {
  'in the version': () => frame('CONNECT', { 'accept-version': secret, host: 'h' }),
  'in the heart-beat': (version) => hello(version === '1.0' ? '1.2' : version, { 'heart-beat': secret }),
  'in a header without a colon': (version) => hello(version).replace('\n\n', `\n${secret}\n\n`),
  'in a length': (version) => hello(version, { 'content-length': secret }),
  'in a body': (version) => hello(version).replace('\n\n\0', `\n\n${secret}\0`),
  'in a receipt': () => frame('CONNECT', { 'accept-version': '9', receipt: secret }),
  'in a long header': (version) => hello(version, { x: secret.repeat(1000) }),
};

clause(
  'before CONNECTED nothing is repeated of what was sent',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  strangers,
  async ({ dial, version }, piece) => {
    const peer = await dial();
    peer.send(piece(version));
    const frames = await peer.rest();
    expect(frames.map(({ command }) => command)).toEqual(['ERROR']);
    expect(JSON.stringify(frames[0]!.headers) + frames[0]!.text).not.toMatch(/Secret|4711/);
  },
);

clause(
  'other connections notice nothing',
  { section: 'ERROR', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('topic')];
    await subscribe(peer, '1', destination);
    for (const piece of Object.values(all)) {
      const bad = await connect();
      bad.send(frame('SEND', { destination }, 'before'), piece);
      expect((await bad.rest()).at(-1)!.command).toBe('ERROR');
    }
    const count = Object.keys(all).length;
    expect((await peer.messages(count)).map(({ text }) => text)).toEqual(Array<string>(count).fill('before'));
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a limit of one connection is an ERROR to that connection',
  { section: 'Size Limits', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, other, destination] = [await connect(), await connect(), newName('topic')];
    await subscribe(other, '1', destination);
    for (let at = 0; at < 6; at++) peer.send(frame('SUBSCRIBE', { id: `${at}`, destination }));
    expect((await peer.rest()).map((one) => one.get('error-code'))).toEqual(['ERR_SUBSCRIPTIONS']);
    expect(await other.settled()).toEqual([]);
  },
);
