import { describe, expect, it } from 'vitest';
import type { ByteStream } from '../../src/channel.js';
import { type Broker, EmbeddedBroker, type Message } from '../../src/broker/index.js';
import { AuthError, LimitError, ProtocolError, TimeoutError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { bodyText } from '../../src/text.js';
import { settled } from '../../src/testing/index.js';
import { bytes } from '../vectors/frames.js';
import { connected, quiet, setUp } from './raw-client.js';

const connect = 'CONNECT\naccept-version:1.2\nhost:h\n\n\0';
const subscribe = (id: string, destination: string, receipt?: string): string =>
  `SUBSCRIBE\nid:${id}\ndestination:${destination}\n${receipt === undefined ? '' : `receipt:${receipt}\n`}\n\0`;
const send = (destination: string, body: string, more = ''): string =>
  `SEND\ndestination:${destination}\n${more}\n${body}\0`;

describe.each([undefined, 1])('serveStomp, in chunks of %s', (chunk) => {
  it('connects, subscribes, sends, delivers, confirms and disconnects', async () => {
    const { client } = setUp({ chunk, server: 'Sallyport/0' });
    await client.say(connect);
    expect(client.octets).toBe('CONNECTED\nversion:1.2\nserver:Sallyport/0\nsession:s1\nheart-beat:10000,10000\n\n\0');
    await client.say(subscribe('0', '/queue/a', 'r1') + send('/queue/a', 'hello', 'receipt:r2\nnote:x\\cy\n'));
    await client.say('UNSUBSCRIBE\nid:0\nreceipt:r3\n\n\0DISCONNECT\nreceipt:r4\n\n\0');
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'MESSAGE', 'RECEIPT', 'RECEIPT', 'RECEIPT']);
    expect(client.frames[2]).toEqual({
      command: 'MESSAGE',
      headers: [
        'subscription',
        '0',
        'message-id',
        '1',
        'destination',
        '/queue/a',
        'note',
        'x:y',
        'content-length',
        '5',
      ],
      body: 'hello',
    });
    expect(client.frames.slice(3).map(({ headers }) => headers[1])).toEqual(['r2', 'r3', 'r4']);
    expect(client.outcome).toBeUndefined();
  });

  it('gives receipts in the order of the frames, waits among them or not', async () => {
    const { client } = await connected({ chunk });
    const frames = [
      send('/topic/a', '', 'receipt:1\n'),
      subscribe('0', '/topic/a', '2'),
      send('/topic/a', '', 'receipt:3\n'),
      subscribe('1', '/queue/a', '4'),
      'UNSUBSCRIBE\nid:0\nreceipt:5\n\n\0',
      'DISCONNECT\nreceipt:6\n\n\0',
    ];
    await client.say(frames.join('\n'));
    const receipts = client.frames.filter(({ command }) => command === 'RECEIPT');
    expect(receipts.map(({ headers }) => headers[1])).toEqual(['1', '2', '3', '4', '5', '6']);
  });

  it('executes what is pipelined behind CONNECT, once authenticate has decided', async () => {
    let decide!: (broker: Broker) => void;
    const { client, broker } = setUp({
      chunk,
      authenticate: () => new Promise<Broker>((resolve) => (decide = resolve)),
    });
    await client.say(connect + subscribe('0', '/queue/a') + send('/queue/a', 'é\n', 'x:\\c\n'));
    expect(client.octets).toBe('');
    decide(broker.link());
    await quiet();
    expect(client.commands).toEqual(['CONNECTED', 'MESSAGE']);
    expect(client.frames[1]).toMatchObject({ body: 'Ã©\n' });
    expect(client.last('x')).toBe(':');
  });

  it('executes nothing that is pipelined behind a CONNECT that is refused', async () => {
    const { client, broker } = setUp({
      chunk,
      authenticate: () => Promise.reject(new AuthError('ERR_AUTH', 'who are you?')),
    });
    const seen: unknown[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    await client.say(connect + send('/queue/a', 'evil') + connect);
    expect(client.commands).toEqual(['ERROR']);
    expect(client.last('message')).toBe('who are you?');
    expect(seen).toEqual([]);
    expect(client.outcome).toBeInstanceOf(AuthError);
  });

  it('executes nothing behind an ERROR', async () => {
    const { client, broker } = await connected({ chunk });
    const seen: unknown[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    await client.say('SEND\n\nno destination\0' + send('/queue/a', 'evil') + connect + send('/queue/a', 'evil'));
    await client.say(send('/queue/a', 'evil'));
    expect(client.commands).toEqual(['CONNECTED', 'ERROR']);
    expect(seen).toEqual([]);
    expect(client.outcome).toMatchObject({ code: 'ERR_STOMP_HEADER_MISSING' });
  });

  it('executes nothing behind junk', async () => {
    const { client, broker } = await connected({ chunk });
    const seen: unknown[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    await client.say('JUNK\n\n\0' + send('/queue/a', 'evil'));
    await client.say(send('/queue/a', 'evil'));
    expect(client.commands).toEqual(['CONNECTED', 'ERROR']);
    expect(seen).toEqual([]);
  });

  it('knows the receipt of a frame whose body it refuses, and of none before', async () => {
    const { client } = await connected({ chunk, limits: { body: 10 } });
    await client.say(send('/queue/a', '1', 'receipt:r1\n') + send('/queue/a', 'x'.repeat(11), 'receipt:r2\n'));
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'ERROR']);
    expect(client.last('receipt-id')).toBe('r2');
    const { client: other } = await connected({ chunk });
    await other.say(send('/queue/a', '1', 'receipt:r1\n') + 'JUNK\n\n\0');
    expect(other.commands).toEqual(['CONNECTED', 'RECEIPT', 'ERROR']);
    expect(other.last('receipt-id')).toBeUndefined();
  });

  it('executes nothing behind DISCONNECT', async () => {
    const { client, broker } = await connected({ chunk });
    const seen: unknown[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    await client.say('DISCONNECT\n\n\0' + send('/queue/a', 'late') + 'JUNK');
    expect(client.commands).toEqual(['CONNECTED']);
    expect(seen).toEqual([]);
    expect(client.outcome).toBeUndefined();
  });
});

describe('serveStomp before login', () => {
  it.each([
    ['another frame first', send('/queue/a', ''), 'ERR_STOMP_NOT_CONNECTED'],
    ['another frame first, with a body', send('/queue/a', 'evil'), 'ERR_STOMP_NOT_CONNECTED'],
    ['a subscription first', subscribe('0', '/queue/a'), 'ERR_STOMP_NOT_CONNECTED'],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n', 'ERR_STOMP_COMMAND'],
    ['junk that is short and waits', 'HELO\n', 'ERR_STOMP_COMMAND'],
    ['versions that it does not speak', 'CONNECT\naccept-version:9.9\n\n\0', 'ERR_STOMP_VERSION'],
    ['a heart-beat that is none', 'CONNECT\naccept-version:1.2\nheart-beat:x\n\n\0', 'ERR_STOMP_HEART_BEAT'],
    ['a body', 'CONNECT\naccept-version:1.2\n\nbody\0', 'ERR_STOMP_BODY'],
    ['a promise of a body', 'CONNECT\ncontent-length:16000000\n\n', 'ERR_STOMP_BODY'],
    ['too many EOLs', '\n'.repeat(9), 'ERR_LEADING_EOLS'],
    ['too long a line', `CONNECT\nlogin:${'x'.repeat(10_000)}`, 'ERR_HEADER_LINE'],
    ['too many headers', `CONNECT\n${'a:b\n'.repeat(100)}`, 'ERR_HEADER_COUNT'],
  ])('refuses %s at once, with one ERROR, and closes', async (_, wire, code) => {
    const { client } = setUp();
    await client.say(wire + connect);
    expect(client.commands).toEqual(['ERROR']);
    expect(client.last('error-code')).toBe(code);
    expect(client.last('message')).toBeTruthy();
    expect(client.outcome).toMatchObject({ code });
    expect(client.octets).not.toContain('HELO');
  });

  it('tells an AuthError in words that need no unescaping, for the client does not know the version yet', async () => {
    const refuse = (): never => {
      throw new AuthError('ERR_AUTH_TOKEN', 'token: expired');
    };
    const { client } = setUp({ authenticate: refuse });
    await client.say(connect);
    expect(client.octets).toContain('\nmessage:token, expired\n');
    expect(client.octets).toContain('\nerror-code:ERR_AUTH_TOKEN\n');
  });

  it('does not tell what else authenticate throws', async () => {
    const { client } = setUp({ authenticate: () => Promise.reject(new Error('password file: hunter2')) });
    await client.say(connect);
    expect(client.octets).not.toContain('hunter2');
    expect(client.last('error-code')).toBe('ERR_INTERNAL');
    expect(client.outcome).toMatchObject({ code: 'ERR_INTERNAL', cause: { message: 'password file: hunter2' } });
  });

  it('closes whoever has not sent CONNECT in time', async () => {
    const { client, clock } = setUp();
    await clock.run(9999);
    expect(client.outcome).toBe('running');
    await clock.run(1);
    expect(client.last('error-code')).toBe('ERR_CONNECT_TIME');
    expect(client.outcome).toBeInstanceOf(TimeoutError);
  });

  it('counts from when the connection came, if that was before', async () => {
    const { client, clock } = setUp({ opened: -4800 });
    await clock.run(5199);
    expect(client.outcome).toBe('running');
    await clock.run(1);
    expect(client.last('error-code')).toBe('ERR_CONNECT_TIME');
  });

  it('is not put off by whoever dribbles', async () => {
    const { client, clock } = setUp();
    for (const octet of connect.slice(0, 20)) {
      await client.say(octet);
      await clock.run(500);
    }
    expect(client.last('error-code')).toBe('ERR_CONNECT_TIME');
    expect(client.outcome).toBeInstanceOf(TimeoutError);
  });

  it('closes when authenticate takes too long, and uses nothing that comes of it later', async () => {
    let decide!: (broker: Broker) => void;
    const { client, clock, broker } = setUp({
      authenticate: () => new Promise<Broker>((resolve) => (decide = resolve)),
      limits: { connectTime: 1000 },
    });
    await client.say(connect + send('/queue/a', 'evil'));
    await clock.run(1000);
    expect(client.last('error-code')).toBe('ERR_CONNECT_TIME');
    const link = broker.link();
    decide(link);
    await quiet();
    expect(client.commands).toEqual(['ERROR']);
    expect(link.state).toBe('closed');
    expect(broker.hasQueue('/queue/a')).toBe(false);
  });

  it('has no deadline after login', async () => {
    const { client, clock } = await connected();
    await clock.run(100_000, 5000);
    expect(client.outcome).toBe('running');
    expect(client.commands).toEqual(['CONNECTED']);
  });
});

describe('serveStomp', () => {
  it('names the frame that an ERROR is about', async () => {
    const { client } = await connected();
    await client.say(send('/nowhere', '', 'receipt:r9\n'));
    expect(client.commands).toEqual(['CONNECTED', 'ERROR']);
    expect(client.last('receipt-id')).toBe('r9');
    expect(client.last('error-code')).toBe('ERR_DESTINATION');
    expect(client.outcome).toBeInstanceOf(ProtocolError);
  });

  it('refuses a subscription with its receipt', async () => {
    const { client } = await connected();
    await client.say(subscribe('0', '/topic/a.#.b', 'r1'));
    expect(client.last('receipt-id')).toBe('r1');
    expect(client.last('error-code')).toBe('ERR_DESTINATION');
  });

  it('asks before each SEND and SUBSCRIBE whether it is permitted, and keeps their order', async () => {
    const asked: string[] = [];
    const permit = (action: string, { destination }: Message): Promise<void> => {
      asked.push(`${action} ${destination}`);
      return destination.includes('secret') ? Promise.reject(new AuthError('ERR_FORBIDDEN', 'no')) : settled();
    };
    const { client, broker } = await connected({ permit });
    const seen: unknown[] = [];
    broker.link().subscribe('/queue/secret', (delivery) => seen.push(delivery));
    await client.say(subscribe('0', '/queue/a', '1') + send('/queue/a', 'x', 'receipt:2\n'));
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'MESSAGE', 'RECEIPT']);
    await client.say(send('/queue/secret', 'x', 'receipt:3\n') + send('/queue/secret', 'x'));
    expect(asked).toEqual(['subscribe /queue/a', 'send /queue/a', 'send /queue/secret']);
    expect(client.last('error-code')).toBe('ERR_FORBIDDEN');
    expect(client.last('receipt-id')).toBe('3');
    expect(seen).toEqual([]);
  });

  it('handles what came before the client half-closed', async () => {
    const { client, broker } = setUp();
    const seen: string[] = [];
    broker.link().subscribe('/queue/a', ({ body }) => seen.push(bodyText(body)));
    client.stream.send(connect + send('/queue/a', 'last words'));
    await client.stream.close();
    await quiet();
    expect(seen).toEqual(['last words']);
    expect(client.outcome).toBeUndefined();
  });

  it.each(['cut', 'close', 'DISCONNECT\n\n\0', 'JUNK\n'])('closes subscriptions and broker on %j', async (end) => {
    const broker = new EmbeddedBroker();
    const link = broker.link();
    const { client } = await connected({ authenticate: () => link });
    await client.say(subscribe('0', '/queue/a') + subscribe('1', '/topic/a'));
    if (end === 'cut') client.stream.cut();
    else if (end === 'close') await client.stream.close();
    else client.stream.send(end);
    await quiet();
    expect(client.outcome).not.toBe('running');
    expect(link.state).toBe('closed');
    expect(broker.hasQueue('/queue/a')).toBe(false);
    void broker.link().send({ destination: '/topic/a', headers: HeaderList.empty, body: 'x' });
    expect(client.commands).not.toContain('MESSAGE');
  });

  it('carries bytes that are no text', async () => {
    const { client } = await connected();
    await client.say(subscribe('0', '/queue/a'));
    await client.say(bytes('SEND\ndestination:/queue/a\ncontent-length:4\n\n', 0xff, 0, 0xc3, 0x28, 0));
    expect(client.frames.at(-1)).toMatchObject({ command: 'MESSAGE', body: '\xff\0\xc3\x28' });
  });

  it.each([
    ['longest-message:65536\n', 65_536],
    ['longest-message:1\n', 4096],
    ['longest-message:many\n', Infinity],
    ['', Infinity],
  ])('sends messages in parts to whoever takes them: %j', async (header, longest) => {
    const { client } = setUp();
    const stream: ByteStream = client.server;
    stream.longestMessage = Infinity;
    await client.say(connect.replace('host', header + 'host') + subscribe('0', '/queue/a'));
    expect(stream.longestMessage).toBe(longest);
    const sent = client.server.sent.length;
    await client.say(bytes('SEND\ndestination:/queue/a\ncontent-length:2\n\n', 0xff, 0xfe, 0));
    expect(client.server.sent.length, 'a frame is one message').toBe(sent + 1);
  });

  it('keeps limits of frames, naming the one crossed', async () => {
    const { client } = await connected({ limits: { body: 10 } });
    await client.say('SEND\ndestination:/queue/a\ncontent-length:11\n\n');
    expect(client.last('error-code')).toBe('ERR_BODY');
    expect(client.last('message')).toContain('limits.body');
    expect(client.outcome).toBeInstanceOf(LimitError);
  });

  it('lets no header of a 1.2 client become two of a 1.0 client', async () => {
    const old = await connected({ version: '1.0' });
    await old.client.say('SUBSCRIBE\ndestination:/topic/a\n\n\0');
    const young = await connected({ authenticate: () => old.broker.link() });
    await young.client.say(send('/topic/a', 'x', 'x:a\\nevil\\c1\\n\\nbody\na\\nevil:1\nkept:a\\cb\n'));
    expect(old.client.commands).toEqual(['CONNECTED', 'MESSAGE']);
    expect(old.client.octets).not.toContain('evil');
    expect(old.client.last('kept')).toBe('a:b');
  });

  it.each(['1.0', '1.1', '1.2'] as const)('speaks %s', async (version) => {
    const { client } = await connected({ version });
    await client.say(subscribe('0', '/queue/a') + send('/queue/a', 'x', 'note:a\\cb\n'));
    expect(client.octets).toContain(`version:${version}\n`);
    expect(client.octets.includes('heart-beat:')).toBe(version !== '1.0');
    expect(client.last('note')).toBe(version === '1.0' ? 'a\\cb' : 'a:b');
  });

  it('waits for a client that does not take what it is sent', async () => {
    const { client, broker } = setUp();
    let room!: () => void;
    const { server } = client;
    const sendAsBefore = server.send.bind(server);
    let isFull = true;
    server.send = ((item: string) => {
      sendAsBefore(item);
      return isFull ? new Promise<void>((resolve) => (room = resolve)) : undefined;
    }) as typeof server.send;
    const seen: string[] = [];
    broker.link().subscribe('/queue/a', ({ body }) => seen.push(bodyText(body)));
    await client.say(connect);
    await client.say(send('/queue/a', '1'));
    expect(seen).toEqual([]);
    isFull = false;
    room();
    await quiet();
    expect(seen).toEqual(['1']);
  });
});

describe('serveStomp and heart-beats', () => {
  const beating = (heartBeat: string): string => `CONNECT\naccept-version:1.2\nhost:h\nheart-beat:${heartBeat}\n\n\0`;

  it('sends a line feed within each interval of silence', async () => {
    const { client, clock } = setUp();
    await client.say(beating('0,10000'));
    const before = client.octets.length;
    await clock.run(30_000, 1000);
    expect(client.octets.slice(before)).toMatch(/^\n{3,4}$/);
    expect(client.outcome).toBe('running');
  });

  it('counts frames as beats', async () => {
    const { client, clock } = setUp();
    await client.say(beating('0,10000') + subscribe('0', '/queue/a'));
    for (let turn = 0; turn < 10; turn++) {
      await clock.run(5000);
      await client.say(send('/queue/a', ''));
    }
    expect(client.octets).not.toContain('\0\n');
  });

  it('closes a client that promised beats and is silent for longer than the grace', async () => {
    const { client, clock } = setUp();
    await client.say(beating('20000,0'));
    await clock.run(21_999);
    expect(client.outcome).toBe('running');
    await clock.run(1);
    expect(client.outcome).toMatchObject({ code: 'ERR_HEART_BEAT' });
    expect(client.commands).toEqual(['CONNECTED']);
  });

  it('takes any octet for a sign of life', async () => {
    const { client, clock } = setUp();
    await client.say(beating('10000,0'));
    for (const octet of '\n\n\nSEND\n\n\n'.slice(0, 8)) {
      await clock.run(10_900);
      await client.say(octet);
    }
    expect(client.outcome).toBe('running');
  });

  it('does not take a client for dead while it is itself that does not read', async () => {
    let allow!: () => void;
    const { client, clock } = setUp({ permit: () => new Promise<void>((resolve) => (allow = resolve)) });
    await client.say(beating('10000,0') + send('/queue/a', 'x', 'receipt:r1\n'));
    for (let turn = 0; turn < 30; turn++) {
      await clock.run(1000);
      await client.say('\n');
    }
    allow();
    await quiet();
    expect(client.last('receipt-id')).toBe('r1');
    await clock.run(25_000, 1000);
    expect(client.outcome).toMatchObject({ code: 'ERR_HEART_BEAT' });
  });

  it('neither sends nor expects beats of a client of 1.0', async () => {
    const { client, clock } = setUp();
    await client.say('CONNECT\nheart-beat:1000,1000\n\n\0');
    await clock.run(1_000_000, 100_000);
    expect(client.outcome).toBe('running');
    expect(client.octets).toMatch(/\0$/);
  });

  it('clears its alarms at the end', async () => {
    const { client, clock } = setUp();
    await client.say(beating('10000,10000'));
    expect(clock.pending).toBeGreaterThan(0);
    await client.say('DISCONNECT\n\n\0');
    expect(client.outcome).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});
