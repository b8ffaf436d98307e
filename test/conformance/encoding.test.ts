// STOMP, Value Encoding: escapes of each version, spaces, UTF-8.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, subscribe } from './clause.js';

const { clause } = clauses();

clause(
  'escapes are undone in values and names',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  {
    'a line feed': ['a\\nb', 'a\nb'],
    'a colon': ['a\\cb', 'a:b'],
    'a backslash': ['a\\\\b', 'a\\b'],
    'a backslash before n': ['a\\\\nb', 'a\\nb'],
    'two backslashes': ['\\\\\\\\', '\\\\'],
    'all of them': ['\\n\\c\\\\', '\n:\\'],
  },
  async ({ connect, newName }, [written, meant]) => {
    const [sender, reader, queue] = [await connect(), await connect('1.2'), newName('queue')];
    await subscribe(reader, '1', queue);
    sender.send(frame('SEND', { destination: queue, x: written!, [`y${written}`]: 'z' }));
    const message = await reader.next('MESSAGE');
    expect([message.get('x'), message.get(`y${meant}`)]).toEqual([meant, 'z']);
  },
);

clause(
  'a carriage return has an escape too',
  { section: 'Value Encoding', versions: '1.2' },
  { 'in a value': ['x', 'a\\rb'], 'before a line feed': ['x', '\\r\\n'], 'in a name': ['x\\ry', 'z'] },
  async ({ connect, newName }, [name, value]) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, '1', queue);
    peer.send(frame('SEND', { destination: queue, [name!]: value! }));
    const plain = (text: string): string => text.replaceAll('\\r', '\r').replaceAll('\\n', '\n');
    expect((await peer.next('MESSAGE')).get(plain(name!))).toBe(plain(value!));
  },
);

clause(
  'there are no escapes in 1.0: a backslash is a backslash',
  { section: 'Augmented BNF', versions: '1.0' },
  { n: '\\n', c: '\\c', r: '\\r', t: '\\t', two: '\\\\', last: '\\' },
  async ({ connect, newName }, escape) => {
    const [sender, queue] = [await connect(), newName('queue')];
    const readers = [await connect('1.0'), await connect('1.1'), await connect('1.2')];
    for (const [at, reader] of readers.entries()) {
      await subscribe(reader, `${at}`, queue);
      await sender.confirmed('r', frame('SEND', { destination: queue, [`x${escape}`]: `a${escape}`, receipt: 'r' }));
      expect((await reader.next('MESSAGE')).get(`x${escape}`)).toBe(`a${escape}`);
      reader.send(frame('DISCONNECT'));
      await reader.ended();
    }
  },
);

const undefinedEscapes = ['\\t', '\\0', '\\N', '\\C', '\\:', '\\ ', '\\x41', '\\u0041', '\\', 'a\\\\\\', '\\ü'];
const inFrames: Record<string, (escape: string) => string> = {
  'a value of SEND': (escape) => frame('SEND', { destination: '/queue/a', x: `a${escape}` }),
  'a name of SEND': (escape) => frame('SEND', { destination: '/queue/a', [`x${escape}`]: 'a' }),
  'a destination': (escape) => frame('SEND', { destination: `/queue/a${escape}` }),
  'a receipt': (escape) => frame('DISCONNECT', { receipt: escape }),
  'a subscription': (escape) => frame('SUBSCRIBE', { id: escape, destination: '/queue/a' }),
  'a transaction': (escape) => frame('BEGIN', { transaction: escape }),
};

clause(
  'an escape that there is not is fatal',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  Object.fromEntries([
    ...undefinedEscapes.map((escape) => [`"${escape}"`, inFrames['a value of SEND']!(escape)] as const),
    ...Object.entries(inFrames).map(([where, piece]) => [`in ${where}`, piece('\\t')] as const),
  ]),
  async ({ connect }, piece) => {
    const peer = await connect();
    peer.send(piece + frame('SUBSCRIBE', { id: 's', destination: '/topic/x', receipt: 'behind' }));
    expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
  },
);

clause(
  'the escape of a carriage return is fatal, too',
  { section: 'Value Encoding', versions: '1.1' },
  inFrames,
  async ({ connect }, piece) => {
    const peer = await connect();
    peer.send(piece('\\r'));
    expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
  },
);

clause(
  'the first colon ends the name, further ones belong to the value',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2' },
  { one: 'a:b', 'at both ends': ':a:', 'an address': 'https://gate.example:54321/' },
  async ({ connect, newName }, value) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, '1', queue);
    peer.send(frame('SEND', { destination: queue, x: value }));
    expect((await peer.next('MESSAGE')).get('x')).toBe(value);
  },
);

clause(
  'a header may have an empty value',
  { section: 'Augmented BNF', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, '1', queue);
    peer.send(frame('SEND', { destination: queue, x: '', y: 'z' }));
    const message = await peer.next('MESSAGE');
    expect([message.get('x'), message.get('y')]).toEqual(['', 'z']);
  },
);

const spaces: Record<string, string> = { before: ' a', behind: 'a ', both: '  a  ', tab: '\ta\t', alone: ' ' };

clause(
  'spaces around names and values are kept',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  spaces,
  async ({ connect, newName }, text) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, text, queue);
    peer.send(frame('SEND', { destination: queue, x: text, [`${text}y${text}`]: 'z' }));
    const message = await peer.next('MESSAGE');
    expect([message.get('x'), message.get(`${text}y${text}`), message.get('subscription')]).toEqual([text, 'z', text]);
  },
);

clause(
  'spaces around values are dropped, as the examples of 1.0 have them',
  { section: 'Client Commands', versions: '1.0' },
  { before: ' ', more: '   ' },
  async ({ connect, newName }, space) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await peer.confirmed(
      'r',
      frame('SUBSCRIBE', { destination: space + queue, ack: `${space}auto`, receipt: `${space}r` }),
    );
    peer.send(frame('SEND', { destination: space + queue, 'content-length': `${space}3`, x: `${space}a` }, '\0b\0'));
    const message = await peer.next('MESSAGE');
    expect([message.get('destination'), message.text, message.get('x')]).toEqual([queue, '\0b\0', 'a']);
    await peer.confirmed('u', frame('UNSUBSCRIBE', { destination: space + queue, receipt: `${space}u` }));
  },
);

const letters: Record<string, string> = {
  'two octets': 'Grüße',
  'three octets': '東京',
  'four octets': '🚪🔑',
  'a BOM': '\ufeffx',
  'a line separator': 'a\u2028b\u0085c',
  'combining letters': 'e\u0301',
  'control characters': 'a\u0001\u007f\tb',
};

clause(
  'headers are UTF-8',
  { section: 'Value Encoding', versions: '1.0, 1.1, 1.2' },
  letters,
  async ({ connect, newName }, text) => {
    const [peer, queue] = [await connect(), `${newName('queue')}-${text}`];
    await subscribe(peer, text, queue);
    await peer
      .confirmed(text, frame('SEND', { destination: queue, [text]: text, receipt: text }, text))
      .then((before) => {
        const message = before[0]!;
        expect(message.get('destination')).toBe(queue);
        expect([message.get('subscription'), message.get(text), message.text]).toEqual([text, text, text]);
      });
  },
);

const notUtf8: Record<string, number[]> = {
  'an octet that never occurs': [0xff],
  'a continuation alone': [0x80],
  'a sequence cut short': [0xe2, 0x82],
  'an overlong line feed': [0xc0, 0x8a],
  'an overlong NUL': [0xc0, 0x80],
  'half a surrogate pair': [0xed, 0xa0, 0x80],
  'beyond the last letter': [0xf4, 0x90, 0x80, 0x80],
  'Latin-1': [0x47, 0x72, 0xfc, 0xdf, 0x65],
};

clause(
  'headers that are no UTF-8 are an ERROR',
  { section: 'Value Encoding', versions: '1.0, 1.1, 1.2' },
  notUtf8,
  async ({ connect }, octets) => {
    for (const name of ['x:', 'x']) {
      const peer = await connect();
      peer.send(`SEND\ndestination:/topic/a\n${name}`, Uint8Array.from(octets), name === 'x' ? ':y\n\n\0' : '\n\n\0');
      expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
    }
  },
);
