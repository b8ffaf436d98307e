// STOMP, MESSAGE: which headers of a SEND reach whoever reads it, from every version to every version.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Scene, subscribe, versions } from './clause.js';
import type { ServerFrame, Version } from './stomp-peer.js';

const { clause } = clauses();

const readers: Record<string, Version> = Object.fromEntries(versions.map((version) => [`to ${version},`, version]));

/** Sends a piece by this test's version and returns what a reader of another version gets. */
async function carried(
  { connect, newName }: Scene,
  reader: Version,
  piece: (queue: string) => string,
): Promise<ServerFrame> {
  const [from, to, queue] = [await connect(), await connect(reader), newName('queue')];
  await subscribe(to, '1', queue);
  await from.confirmed('sent', piece(queue));
  const message = await to.next('MESSAGE');
  expect(await to.settled()).toEqual([]);
  return message;
}

const send = (queue: string, headers: Record<string, string>, body = ''): string =>
  frame('SEND', { destination: queue, receipt: 'sent', ...headers }, body);

/** What a MESSAGE may have beside the headers that its sender gave it. */
const ours = /^(subscription|message-id|destination|content-length|ack)$/;

function theirs(message: ServerFrame): (readonly [string, string])[] {
  return message.headers.filter(([name]) => !ours.test(name));
}

clause(
  'user defined headers are passed through, in their order',
  { section: 'SEND', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    const headers = {
      'content-type': 'text/plain;charset=utf-8',
      zebra: '1',
      alpha: '2',
      'x-empty': '',
      priority: '9',
      persistent: 'true',
      correlation_id: 'a/b?c=d&e',
      id: 'mine',
      version: '7',
      'receipt-id': 'mine',
      selector: "colour = 'green'",
      __proto__x: 'p',
      constructor: 'c',
      ünïcode: '東京 🚪',
    };
    const message = await carried(scene, reader, (queue) => send(queue, headers));
    expect(theirs(message)).toEqual(Object.entries(headers));
  },
);

clause(
  'repeated headers are passed through, the first in front',
  { section: 'Repeated Header Entries', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    const message = await carried(
      scene,
      reader,
      (queue) => `SEND\ndestination:${queue}\nreceipt:sent\nx:1\ny:2\nx:3\n\n\0`,
    );
    expect(message.get('x')).toBe('1');
    expect(theirs(message).filter(([name]) => name === 'y')).toEqual([['y', '2']]);
  },
);

clause(
  'colons and backslashes arrive as they were meant',
  { section: 'Value Encoding', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    const escaped = (text: string): string =>
      scene.version === '1.0' ? text : text.replaceAll('\\', '\\\\').replaceAll(':', '\\c');
    const values = ['a:b', '\\n', 'C:\\new', 'a\\', '\\\\', 'https://gate.example/'];
    const headers = Object.fromEntries(values.map((value, at) => [`x${at}`, escaped(value)]));
    const message = await carried(scene, reader, (queue) => send(queue, headers));
    expect(values.map((_, at) => message.get(`x${at}`))).toEqual(values);
  },
);

const injections: Record<string, Record<string, string>> = {
  'a line feed in a value': { x: 'a\\nforged:1' },
  'the end of a head in a value': { x: 'a\\n\\nforged:1' },
  'a line feed at the end of a value': { x: 'a\\n' },
  'a line feed in a name': { 'x\\nforged': '1' },
  'a colon in a name': { 'forged\\cx': '1' },
};

clause(
  'a header that a version cannot carry never becomes another',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  Object.fromEntries(
    Object.entries(injections).flatMap(([name, headers]) =>
      versions.map((reader) => [`${name}, to ${reader},`, { headers, reader }]),
    ),
  ),
  async (scene, { headers, reader }) => {
    const message = await carried(scene, reader, (queue) => send(queue, { ...headers, z: 'last' }, 'body'));
    expect([message.get('forged'), message.get('z'), message.text]).toEqual([undefined, 'last', 'body']);
    const [[name, value]] = Object.entries(headers) as [[string, string]];
    const plain = (text: string): string => text.replaceAll('\\n', '\n').replaceAll('\\c', ':');
    expect(message.get(plain(name))).toBe(reader === '1.0' ? undefined : plain(value));
  },
);

clause(
  'a carriage return reaches those whose version has an escape for it',
  { section: 'Value Encoding', versions: '1.2' },
  readers,
  async (scene, reader) => {
    const headers = { x: 'a\\rb', y: 'a\\r\\nforged:1', 'w\\rforged': '1', z: 'last' };
    const message = await carried(scene, reader, (queue) => send(queue, headers, 'body'));
    expect([message.get('forged'), message.get('z'), message.text]).toEqual([undefined, 'last', 'body']);
    expect([message.get('x'), message.get('y'), message.get('w\rforged')]).toEqual(
      reader === '1.2' ? ['a\rb', 'a\r\nforged:1', '1'] : [undefined, undefined, undefined],
    );
  },
);

const forged: Record<string, string> = {
  'message-id': 'forged',
  subscription: 'forged',
  ack: 'forged',
  cursor: 'forged',
  redelivered: 'true',
  'delivery-count': '99',
  destination: '/queue/forged',
  'content-length': '0',
};

clause(
  'what the server states cannot be forged',
  { section: 'MESSAGE', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    const message = await carried(
      scene,
      reader,
      (queue) =>
        `SEND\ndestination:${queue}\ncontent-length:4\nreceipt:sent\n` +
        Object.entries(forged)
          .map(([name, value]) => `${name}:${value}\n${name}:${value}\n`)
          .join('') +
        '\nbody\0',
    );
    const values = message.headers.filter(([name]) => name in forged).map(([, value]) => value);
    expect(values.filter((value) => Object.values(forged).includes(value))).toEqual([]);
    expect([message.get('subscription'), message.text]).toEqual(['1', 'body']);
    const names = message.headers.map(([name]) => name);
    expect(new Set(names).size).toBe(names.length);
  },
);

clause(
  'receipt and transaction concern the sender only',
  { section: 'MESSAGE', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    const message = await carried(
      scene,
      reader,
      (queue) =>
        frame('BEGIN', { transaction: 't' }) +
        frame('SEND', { destination: queue, transaction: 't', receipt: 'within' }) +
        frame('COMMIT', { transaction: 't', receipt: 'sent' }),
    );
    expect([message.get('receipt'), message.get('transaction')]).toEqual([undefined, undefined]);
  },
);

clause(
  'MESSAGE has destination, message-id and subscription',
  { section: 'MESSAGE', versions: '1.0, 1.1, 1.2' },
  { queue: 'queue', topic: 'topic' } as const,
  async ({ connect, newName }, kind) => {
    const [peer, destination] = [await connect(), newName(kind)];
    await subscribe(peer, 'mine', destination);
    for (let at = 0; at < 20; at++) peer.send(frame('SEND', { destination }, `${at}`));
    const messages = await peer.messages(20);
    expect(messages.map((message) => message.get('destination'))).toEqual(messages.map(() => destination));
    expect(messages.map((message) => message.get('subscription'))).toEqual(messages.map(() => 'mine'));
    expect(new Set(messages.map((message) => message.get('message-id'))).size).toBe(20);
  },
);

clause(
  'MESSAGE has the destination of its SEND, not the pattern that matched',
  { section: 'MESSAGE', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, topic] = [await connect(), newName('topic')];
    await subscribe(peer, '1', `${topic}.#`);
    peer.send(frame('SEND', { destination: `${topic}.a.b` }));
    expect((await peer.next('MESSAGE')).get('destination')).toBe(`${topic}.a.b`);
  },
);

const types = ['text/plain', 'text/html;charset=utf-16', 'application/octet-stream', 'application/xml;charset=utf-8'];

clause(
  'content-type is kept, and none is made up',
  { section: 'Header content-type', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    for (const type of types) {
      const message = await carried(scene, reader, (queue) => send(queue, { 'content-type': type }, 'ü'));
      expect(message.get('content-type')).toBe(type);
    }
    const message = await carried(scene, reader, (queue) => send(queue, {}, 'ü'));
    expect(message.get('content-type')).toBeUndefined();
  },
);

clause(
  'MESSAGE states the length of its body in octets',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  readers,
  async (scene, reader) => {
    for (const body of ['a', 'ü', '東京', '🚪', '\n', 'x'.repeat(70_000)]) {
      const message = await carried(scene, reader, (queue) => send(queue, {}, body));
      expect([message.get('content-length'), message.text]).toEqual([`${Buffer.byteLength(body)}`, body]);
    }
  },
);
