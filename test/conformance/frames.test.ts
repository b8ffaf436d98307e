// STOMP, STOMP Frames: lines, bodies, lengths, what is no frame.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Headers, hello, type Scene, subscribe, versions } from './clause.js';
import type { ServerFrame } from './stomp-peer.js';

const { clause } = clauses({ limits: { headerLine: 1000, headerCount: 30, frameHead: 8000, body: 400_000 } });

/** Sends what must be an ERROR, a SEND behind it in one piece, and sees that nothing of both was done. */
async function refused({ connect, newName }: Scene, bad: (queue: string) => string | Uint8Array): Promise<ServerFrame> {
  const [peer, queue] = [await connect(), newName('queue')];
  peer.send(bad(queue), frame('SEND', { destination: queue }, 'behind'));
  const [error, ...more] = await peer.rest();
  expect([error?.command, more]).toEqual(['ERROR', []]);
  const witness = await connect();
  await subscribe(witness, 'w', queue);
  expect(await witness.settled()).toEqual([]);
  return error!;
}

/** Sends a piece to a queue of its own and returns the message that arrives there. */
async function delivered(
  { connect, newName }: Scene,
  piece: (queue: string) => string | Uint8Array,
): Promise<ServerFrame> {
  const [peer, queue] = [await connect(), newName('queue')];
  await subscribe(peer, '1', queue);
  peer.send(piece(queue));
  const message = await peer.next('MESSAGE');
  expect(await peer.settled()).toEqual([]);
  return message;
}

clause(
  'CR LF ends lines as LF does',
  { section: 'STOMP Frames', versions: '1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { 'on every line': /\n/g, 'on the command': /^(?<=[A-Z]+)\n/gm, 'on the empty line': /(?<=\n)\n/g },
  async ({ connect, newName }, lines) => {
    const [peer, queue] = [await connect(), newName('queue')];
    const say = (text: string): void => peer.send(text.replace(lines, '\r\n'));
    say(frame('SUBSCRIBE', { id: '1', destination: queue, receipt: 'r' }));
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe('r');
    say(frame('SEND', { destination: queue, x: 'y', 'content-length': '2' }, 'ab') + '\n\n');
    const message = await peer.next('MESSAGE');
    expect([message.text, message.get('x')]).toEqual(['ab', 'y']);
    say(frame('DISCONNECT', { receipt: 'bye' }));
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe('bye');
  },
);

clause(
  'CR LF is no end of a line',
  { section: 'Augmented BNF', versions: '1.0, 1.1' },
  {
    'behind the command': (queue: string) => `SEND\r\ndestination:${queue}\n\n\0`,
    'as the empty line': (queue: string) => `SEND\ndestination:${queue}\n\r\n\0`,
    'before a frame': (queue: string) => `\r\nSEND\ndestination:${queue}\n\n\0`,
  },
  async (scene, bad) => void (await refused(scene, bad)),
);

clause(
  'any number of EOLs may follow a frame',
  { section: 'Augmented BNF', versions: '1.0, 1.1, 1.2' },
  { none: '', one: '\n', two: '\n\n', thousands: '\n'.repeat(5000) },
  async ({ connect, newName }, eols) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, '1', queue);
    const send = frame('SEND', { destination: queue }, 'x') + eols;
    peer.send(eols + send + send + send);
    await peer.messages(3);
  },
);

clause('an EOL behind a frame may be CR LF', { section: 'Augmented BNF', versions: '1.2' }, async (scene) => {
  const message = await delivered(scene, (queue) => '\r\n\n\r\n' + frame('SEND', { destination: queue }) + '\r\n\r\n');
  expect(message.text).toBe('');
});

const everyOctet = Uint8Array.from({ length: 256 }, (_, at) => at);
const bodies: Record<string, Uint8Array | string> = {
  'a NUL': '\0',
  'NULs at both ends': '\0middle\0',
  'many NULs': '\0'.repeat(1000),
  'what looks like the end and a frame': '\0\nSEND\ndestination:/queue/elsewhere\n\nsmuggled\0',
  'every octet': everyOctet,
  'no UTF-8': Uint8Array.of(0xff, 0xfe, 0xc3, 0x28),
  'a BOM': '\ufeffx',
  'line ends': '\r\n\n\r',
  'letters beyond ASCII': 'Grüße 東京 🚪',
  'a third of a megabyte': Buffer.alloc(333_333, everyOctet),
  nothing: '',
};

clause(
  'content-length says how many octets a body has, NULs or not',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  bodies,
  async (scene, body) => {
    const octets = Buffer.from(body);
    const message = await delivered(scene, (queue) =>
      Buffer.concat([
        Buffer.from(`SEND\ndestination:${queue}\ncontent-length:${octets.length}\n\n`),
        octets,
        Buffer.of(0),
      ]),
    );
    expect(message.body.equals(octets)).toBe(true);
  },
);

clause(
  'without content-length a body ends at the first NUL',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, queue] = [await connect(), newName('queue')];
    await subscribe(peer, '1', queue);
    peer.send(...['one', 'zwei ü', '', '\n\n'].map((body) => frame('SEND', { destination: queue }, body)));
    expect((await peer.messages(4)).map(({ text }) => text)).toEqual(['one', 'zwei ü', '', '\n\n']);
  },
);

clause(
  'a length with zeros in front is a length',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const message = await delivered(scene, (queue) =>
      frame('SEND', { destination: queue, 'content-length': '0003' }, 'a\0b'),
    );
    expect(message.text).toBe('a\0b');
  },
);

const noLengths = ['-1', '+4', '4.0', '0x4', '4e0', 'four', '', '4,4', '4;', '٤', '99999999999', 'NaN', 'Infinity'];

clause(
  'a content-length that is not digits within reason is an ERROR',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(noLengths.map((length) => [`"${length}"`, length])),
  async (scene, length) =>
    void (await refused(scene, (queue) => frame('SEND', { destination: queue, 'content-length': length }, 'body'))),
);

clause(
  'a content-length with spaces is none, as values are not trimmed',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  { before: ' 4', behind: '4 ' },
  async (scene, length) =>
    void (await refused(scene, (queue) => frame('SEND', { destination: queue, 'content-length': length }, 'body'))),
);

clause(
  'a NUL must stand where content-length says the body ends',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  { 'too short': '2', zero: '0', 'too long by one': '5', 'too long by more': '9' },
  async (scene, length) =>
    void (await refused(scene, (queue) => frame('SEND', { destination: queue, 'content-length': length }, 'body'))),
);

const others = ['SUBSCRIBE', 'UNSUBSCRIBE', 'BEGIN', 'COMMIT', 'ABORT', 'ACK', 'NACK', 'DISCONNECT'];
const required = { id: '1', transaction: 't', subscription: '1', 'message-id': '1' };

clause(
  'only SEND may have a body',
  { section: 'Body', versions: '1.1, 1.2' },
  Object.fromEntries(
    others.flatMap((command) => [
      [`${command}, up to the NUL`, (queue: string) => frame(command, { ...required, destination: queue }, 'body')],
      [
        `${command}, by its length`,
        (queue: string) => frame(command, { ...required, destination: queue, 'content-length': '4' }, 'body'),
      ],
    ]),
  ),
  async (scene, bad) => void (await refused(scene, bad)),
);

clause(
  'the body of SUBSCRIBE is ignored, however long it says it is',
  { section: 'SUBSCRIBE', versions: '1.0' },
  { 'up to the NUL': false, 'by its length, a frame within': true },
  async ({ connect, newName }, smuggles) => {
    const [peer, destination] = [await connect(), newName('queue')];
    const body = smuggles ? `\0${frame('SEND', { destination }, 'smuggled')}` : 'body';
    const length: Headers = smuggles ? { 'content-length': `${body.length}` } : {};
    await peer.confirmed('r', frame('SUBSCRIBE', { destination, receipt: 'r', ...length }, body));
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a length of 0 is right on every frame',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, destination] = [await connect(), newName('queue')];
    const say = (command: string, headers: Record<string, string>): Promise<ServerFrame[]> =>
      peer.confirmed(command, frame(command, { ...headers, receipt: command, 'content-length': '0' }));
    await say('SUBSCRIBE', { id: '1', destination });
    await say('BEGIN', { transaction: 't' });
    await say('COMMIT', { transaction: 't' });
    await say('BEGIN', { transaction: 't' });
    await say('ABORT', { transaction: 't' });
    await say('UNSUBSCRIBE', { id: '1', destination });
    await say('DISCONNECT', {});
  },
);

const malformed: Record<string, (queue: string) => string> = {
  'a header without a colon': (queue) => `SEND\ndestination:${queue}\nx\n\n\0`,
  'a header without a name': (queue) => `SEND\ndestination:${queue}\n:x\n\n\0`,
  'a colon alone': (queue) => `SEND\ndestination:${queue}\n:\n\n\0`,
  'no empty line': (queue) => `SEND\ndestination:${queue}\n\0`,
  'a NUL in a header': (queue) => `SEND\ndestination:${queue}\nx:a\0b\n\n\0`,
  'a NUL in the command': (queue) => `SE\0ND\ndestination:${queue}\n\n\0`,
  'a NUL between frames': (queue) => `\0SEND\ndestination:${queue}\n\n\0`,
  'no line end behind the command': () => 'SEND\0',
};

clause(
  'what is no frame is an ERROR',
  { section: 'Augmented BNF', versions: '1.0, 1.1, 1.2' },
  malformed,
  async (scene, bad) => void (await refused(scene, bad)),
);

clause(
  'CR is no octet of a header',
  { section: 'Augmented BNF', versions: '1.2' },
  {
    'in a value': (queue: string) => `SEND\ndestination:${queue}\nx:a\rb\n\n\0`,
    'in a name': (queue: string) => `SEND\ndestination:${queue}\nx\ry:a\n\n\0`,
    'twice before LF': (queue: string) => `SEND\ndestination:${queue}\nx:a\r\r\n\n\0`,
  },
  async (scene, bad) => void (await refused(scene, bad)),
);

const unknown = [
  'send',
  'Send',
  'SENDS',
  'SEN',
  'SEND ',
  ' SEND',
  'MESSAGE',
  'RECEIPT',
  'ERROR',
  'CONNECTED',
  'GET / HTTP/1.1',
  '{}',
  'Ünsend',
];

clause(
  'a command that there is not is an ERROR, and case counts',
  { section: 'Client Frames', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(unknown.map((command) => [`"${command}"`, command])),
  async (scene, command) => void (await refused(scene, (queue) => frame(command, { destination: queue }))),
);

clause('there is no NACK in 1.0', { section: 'Client Commands', versions: '1.0' }, async ({ connect, newName }) => {
  const [peer, destination] = [await connect(), newName('queue')];
  await subscribe(peer, '1', destination, { ack: 'client' });
  peer.send(frame('SEND', { destination }, 'x'));
  const id = (await peer.next('MESSAGE')).get('message-id')!;
  peer.send(frame('NACK', { 'message-id': id, subscription: '1' }));
  expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
});

clause(
  'the case of header names counts',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2' },
  { Destination: 'Destination', DESTINATION: 'DESTINATION', 'a space behind': 'destination ' },
  async (scene, name) => void (await refused(scene, (queue) => frame('SEND', { [name]: queue }))),
);

clause(
  'a length by a name of another case is a header like any other',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const message = await delivered(scene, (queue) =>
      frame('SEND', { destination: queue, 'Content-Length': '1' }, 'body'),
    );
    expect([message.text, message.get('Content-Length')]).toEqual(['body', '1']);
  },
);

clause(
  'of a repeated header the first counts',
  { section: 'Repeated Header Entries', versions: '1.0, 1.1, 1.2' },
  {
    destination: (queue: string) => `SEND\ndestination:${queue}\ndestination:/queue/other\nx:1\n\nab\0`,
    'content-length': (queue: string) => `SEND\ndestination:${queue}\nx:1\ncontent-length:2\ncontent-length:9\n\nab\0`,
    'content-length, no digits behind': (queue: string) =>
      `SEND\ndestination:${queue}\nx:1\ncontent-length:2\ncontent-length:x\n\nab\0`,
    'any other': (queue: string) => `SEND\ndestination:${queue}\nx:1\nx:2\nx:3\n\nab\0`,
  },
  async (scene, piece) => {
    const message = await delivered(scene, piece);
    expect([message.text, message.get('x')]).toEqual(['ab', '1']);
  },
);

clause(
  'of a repeated id or receipt the first counts',
  { section: 'Repeated Header Entries', versions: '1.0, 1.1, 1.2' },
  async ({ connect, newName }) => {
    const [peer, queue] = [await connect(), newName('queue')];
    peer.send(`SUBSCRIBE\nid:1\nid:2\ndestination:${queue}\nreceipt:a\nreceipt:b\n\n\0`);
    expect((await peer.next('RECEIPT')).get('receipt-id')).toBe('a');
    peer.send(frame('SEND', { destination: queue }));
    expect((await peer.next('MESSAGE')).get('subscription')).toBe('1');
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'what exceeds a limit is an ERROR that names it',
  { section: 'Size Limits', versions: '1.0, 1.1, 1.2' },
  {
    'a header line': [`x:${'x'.repeat(1000)}\n`, 'headerLine'],
    headers: ['x:y\n'.repeat(30), 'headerCount'],
    'all headers together': [`x:${'x'.repeat(900)}\n`.repeat(10), 'frameHead'],
    'a length': ['content-length:400001\n', 'body'],
    'a length beyond all': ['content-length:9999999999\n', 'body'],
  },
  async (scene, [lines, limit]) => {
    const error = await refused(scene, (queue) => `SEND\ndestination:${queue}\n${lines}\nbody\0`);
    expect(error.get('message')).toContain(`limits.${limit}`);
  },
);

clause(
  'a body without a length that exceeds the limit is an ERROR',
  { section: 'Size Limits', versions: '1.0, 1.1, 1.2' },
  async (scene) => {
    const error = await refused(scene, (queue) => frame('SEND', { destination: queue }, 'x'.repeat(400_001)));
    expect(error.get('message')).toContain('limits.body');
  },
);

clause(
  'what reaches a limit and does not exceed it is taken',
  { section: 'Size Limits', versions: '1.0, 1.1, 1.2' },
  {
    'a header line': [{ x: 'x'.repeat(998) }, ''],
    headers: [Object.fromEntries(Array.from({ length: 29 }, (_, at) => [`x${at}`, 'y'])), ''],
    'a body': [{}, 'x'.repeat(400_000)],
    'a body by its length': [{ 'content-length': '400000' }, 'x'.repeat(400_000)],
  } satisfies Record<string, [Record<string, string>, string]>,
  async (scene, [headers, body]) => {
    const message = await delivered(scene, (destination) => frame('SEND', { destination, ...headers }, body));
    expect(message.body.length).toBe(body.length);
  },
);

/** A session with everything in it that a split could tear. */
function session(version: (typeof versions)[number], queue: string): string {
  const eol = version === '1.2' ? '\r\n' : '\n';
  return [
    hello(version, { 'heart-beat': '0,0' }),
    frame('SUBSCRIBE', { id: 'ü1', destination: queue, receipt: 'r-ü' }).replaceAll('\n', eol),
    eol + frame('SEND', { destination: queue, 'content-length': '9', 'x-ü': '東京' }, 'a\0ü\n\0\r\nb'),
    frame('SEND', { destination: queue, 'x-ü': version === '1.0' ? 'a\\nb' : 'a\\\\nb' }, 'grüße'),
    frame('DISCONNECT', { receipt: 'bye' }),
  ].join(eol);
}

clause(
  'how a stream is cut into pieces makes no difference',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { 'all at once': 0, 'octet by octet': 1 },
  async ({ dial, version, newName }, size) => {
    const peer = await dial();
    const text = session(version, newName('queue'));
    if (size === 1) await peer.dribble(text);
    else peer.send(text);
    const [connected, receipt, first, second, bye, ...more] = await peer.rest();
    expect(connected!.get('version')).toBe(version);
    expect(receipt!.get('receipt-id')).toBe('r-ü');
    expect([first!.text, first!.get('x-ü'), first!.get('subscription')]).toEqual(['a\0ü\n\0\r\nb', '東京', 'ü1']);
    expect([second!.text, second!.get('x-ü')]).toEqual(['grüße', 'a\\nb']);
    expect([bye!.get('receipt-id'), more]).toEqual(['bye', []]);
  },
);
