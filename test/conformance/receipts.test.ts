// STOMP, Header receipt and RECEIPT: for each frame, in order, when it is done.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, settle, subscribe } from './clause.js';
import type { Version } from './stomp-peer.js';

const { clause } = clauses();

interface Step {
  versions: readonly Version[];
  piece: (destination: string, receipt: string) => string;
}

const T = { transaction: 't' };
const steps: Record<string, Step['piece']> = {
  SEND: (destination, receipt) => frame('SEND', { destination, receipt }, 'x'),
  SUBSCRIBE: (destination, receipt) => frame('SUBSCRIBE', { id: '1', destination, receipt }),
  UNSUBSCRIBE: (destination, receipt) =>
    frame('SUBSCRIBE', { id: '1', destination }) + frame('UNSUBSCRIBE', { id: '1', receipt }),
  BEGIN: (_, receipt) => frame('BEGIN', { ...T, receipt }),
  COMMIT: (_, receipt) => frame('BEGIN', T) + frame('COMMIT', { ...T, receipt }),
  ABORT: (_, receipt) => frame('BEGIN', T) + frame('ABORT', { ...T, receipt }),
  DISCONNECT: (_, receipt) => frame('DISCONNECT', { receipt }),
};

clause(
  'every frame may ask for a RECEIPT, and gets one',
  { section: 'Header receipt', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  steps,
  async ({ connect, newName }, piece) => {
    const peer = await connect();
    peer.send(piece(newName('topic'), 'r-1'));
    const receipt = await peer.next('RECEIPT');
    expect([receipt.get('receipt-id'), receipt.body.length]).toEqual(['r-1', 0]);
    peer.send(frame('DISCONNECT'));
    expect(await peer.rest()).toEqual([]);
  },
);

clause(
  'ACK and NACK may ask for a RECEIPT, too',
  { section: 'Header receipt', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName, version }) => {
    const [peer, destination] = [await connect(), newName('queue')];
    await subscribe(peer, '1', destination, { ack: 'client' });
    for (const command of version === '1.0' ? (['ACK'] as const) : (['ACK', 'NACK'] as const)) {
      peer.send(frame('SEND', { destination }));
      peer.send(settle(command, await peer.next('MESSAGE'), version, { receipt: command }));
      expect((await peer.next('RECEIPT')).get('receipt-id')).toBe(command);
    }
  },
);

clause(
  'without the header there is none',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2' },
  steps,
  async ({ connect, newName }, piece) => {
    const peer = await connect();
    peer.send(piece(newName('topic'), '').replaceAll('receipt:\n', ''), frame('DISCONNECT'));
    expect(await peer.rest()).toEqual([]);
  },
);

clause(
  'receipts come in the order of their frames',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('topic')];
    const pieces = Array.from({ length: 20 }, (_, at) => [
      frame('SUBSCRIBE', { id: `${at}`, destination, receipt: `${at}-a` }),
      frame('SEND', { destination: newName('queue'), receipt: `${at}-b` }),
      frame('UNSUBSCRIBE', { id: `${at}`, receipt: `${at}-c` }),
    ]).flat();
    peer.send(...pieces);
    const got = (await peer.settled()).map((receipt) => receipt.get('receipt-id'));
    expect(got).toEqual(Array.from({ length: 20 }, (_, at) => [`${at}-a`, `${at}-b`, `${at}-c`]).flat());
  },
);

clause(
  'a RECEIPT of SEND means that the message is there for others',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [sender, peer, queue] = [await connect(), await connect(), newName('queue')];
    await sender.confirmed('r', frame('SEND', { destination: queue, receipt: 'r' }, 'there'));
    await subscribe(peer, '1', queue);
    expect((await peer.settled()).map(({ text }) => text)).toEqual(['there']);
  },
);

clause(
  'a RECEIPT of SUBSCRIBE means that nothing sent later is missed',
  { section: 'RECEIPT', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [sender, peer, destination] = [await connect(), await connect(), newName('topic')];
    await peer.confirmed('r', frame('SUBSCRIBE', { id: '1', destination, receipt: 'r' }));
    await sender.confirmed('s', frame('SEND', { destination, receipt: 's' }, 'news'));
    expect((await peer.settled()).map(({ text }) => text)).toEqual(['news']);
  },
);

clause(
  'DISCONNECT is confirmed before the connection closes, and after all that stood before it',
  { section: 'DISCONNECT', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('queue')];
    await subscribe(peer, '1', destination);
    peer.send(...Array.from({ length: 50 }, () => frame('SEND', { destination }, 'x'.repeat(1000))));
    peer.send(frame('DISCONNECT', { receipt: '77' }));
    const frames = await peer.rest();
    expect(frames.map(({ command }) => command)).toEqual([...Array<string>(50).fill('MESSAGE'), 'RECEIPT']);
    expect(frames.at(-1)!.get('receipt-id')).toBe('77');
  },
);

clause(
  'behind DISCONNECT nothing is executed',
  { section: 'DISCONNECT', versions: '1.0, 1.1, 1.2' },
  { 'in one piece': true, 'in pieces': false },
  async ({ connect, newName }, atOnce) => {
    const [peer, witness, destination] = [await connect(), await connect(), newName('queue')];
    const pieces = [frame('DISCONNECT', { receipt: 'bye' }), frame('SEND', { destination, receipt: 'late' }), 'JUNK\n'];
    if (atOnce) peer.send(...pieces);
    else for (const piece of pieces) peer.send(piece);
    expect((await peer.rest()).map((one) => one.get('receipt-id'))).toEqual(['bye']);
    await subscribe(witness, '1', destination);
    expect(await witness.settled()).toEqual([]);
  },
);

clause(
  'DISCONNECT of a client that has already ended its side is confirmed',
  { section: 'DISCONNECT', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls'] },
  async ({ connect }) => {
    const peer = await connect();
    peer.send(frame('DISCONNECT', { receipt: 'bye' }));
    peer.end();
    expect((await peer.rest()).map((one) => one.get('receipt-id'))).toEqual(['bye']);
  },
);

const values: Record<string, [written: string, meant: string]> = {
  empty: ['', ''],
  spaces: [' r 1 ', ' r 1 '],
  'letters beyond ASCII': ['Grüße-東京-🚪', 'Grüße-東京-🚪'],
  'a long one': ['r'.repeat(4000), 'r'.repeat(4000)],
  'a colon': ['a\\cb', 'a:b'],
  'a line feed': ['a\\nb', 'a\nb'],
  'a backslash': ['a\\\\nb', 'a\\nb'],
  'what looks like a header': ['r\\nforged\\c1\\n\\nbody', 'r\nforged:1\n\nbody'],
};

clause(
  'any value comes back as it was',
  { section: 'Header receipt', versions: '1.1, 1.2' },
  values,
  async ({ connect, newName }, [written, meant]) => {
    const peer = await connect();
    peer.send(frame('SEND', { destination: newName('topic'), receipt: written }));
    const receipt = await peer.next('RECEIPT');
    expect([receipt.get('receipt-id'), receipt.get('forged')]).toEqual([meant, undefined]);
  },
);

clause(
  'any value that 1.0 can write comes back as it was',
  { section: 'Receipt', versions: '1.0' },
  { colon: 'a:b', backslash: 'a\\nb', 'letters beyond ASCII': 'Grüße-東京-🚪', 'spaces within': 'a b' },
  async ({ connect, newName }, receipt) => {
    const peer = await connect();
    peer.send(frame('SEND', { destination: newName('topic'), receipt }));
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe(receipt);
  },
);

clause(
  'a carriage return, an octet like any other, comes back as it came',
  { section: 'Augmented BNF', versions: '1.0, 1.1' },
  { within: 'a\rb', 'at the end': 'a\r', alone: '\r' },
  async ({ connect, newName }, value) => {
    const destination = newName('topic');
    const peer = await connect();
    peer.send(frame('SUBSCRIBE', { id: value, destination, receipt: value }));
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe(value);
    peer.send(frame('SEND', { destination }, 'x'));
    expect((await peer.next('MESSAGE')).get('subscription')).toBe(value);
    peer.send(frame('COMMIT', { transaction: 'none', receipt: value }));
    expect((await peer.next('ERROR')).get('receipt-id')).toBe(value);
  },
);

clause(
  'a carriage return comes back, too',
  { section: 'Header receipt', versions: '1.2' },
  async ({ connect, newName }) => {
    const peer = await connect();
    peer.send(frame('SEND', { destination: newName('topic'), receipt: 'a\\r\\nb' }));
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe('a\r\nb');
  },
);
