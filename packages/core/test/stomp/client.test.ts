import { describe, expect, it } from 'vitest';
import { AuthError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import {
  connectStomp,
  type Frame,
  type StompConnection,
  type StompConnectOptions,
  type Version,
} from '../../src/stomp/index.js';
import { ManualClock, type MemoryStream, memoryStreams } from '../../src/testing/index.js';
import { concatBytes } from '../../src/text.js';
import { decode, octets, type Plain } from './feeding.js';
import { quiet } from './raw-client.js';

interface Setup {
  clock: ManualClock;
  /** The server's end; what it sends is what the test writes. */
  server: MemoryStream;
  connection: StompConnection | undefined;
  failure: Error | undefined;
  messages: { subscription: string; body: string }[];
  /** What the client has sent. */
  said(version?: Version): Plain[];
  octets(): string;
}

async function dial(
  answer?: string,
  options: Partial<StompConnectOptions> = {},
  onRefused?: (error: Error) => void,
): Promise<Setup> {
  const clock = new ManualClock();
  const [stream, server] = memoryStreams();
  const sent = (): Uint8Array =>
    concatBytes(
      stream.sent,
      stream.sent.reduce((sum, { length }) => sum + length, 0),
    );
  const setup: Setup = {
    clock,
    server,
    connection: undefined,
    failure: undefined,
    messages: [],
    said: (version = '1.2') => decode([sent()], { from: 'client', version }),
    octets: () => octets(sent()),
  };
  const events = {
    onMessage: (subscription: string, { text }: Frame) => void setup.messages.push({ subscription, body: text }),
    ...(onRefused && { onRefused }),
  };
  connectStomp(stream, events, { host: 'h', clock, ...options }).then(
    (connection) => (setup.connection = connection),
    (error: Error) => (setup.failure = error),
  );
  await quiet();
  if (answer !== undefined) server.send(answer);
  await quiet();
  return setup;
}

const connectedFrame = 'CONNECTED\nversion:1.2\nserver:Other/1\nheart-beat:0,0\n\n\0';

describe('connectStomp', () => {
  it('offers versions, host and beats', async () => {
    const { octets } = await dial(undefined, { headers: { login: 'a:b' } });
    expect(octets()).toBe('CONNECT\naccept-version:1.0,1.1,1.2\nhost:h\nheart-beat:10000,10000\nlogin:a:b\n\n\0');
  });

  it('resolves with CONNECTED, and not before', async () => {
    const { server, ...setup } = await dial();
    expect(setup.connection).toBeUndefined();
    const { connection } = await dial(connectedFrame);
    expect(connection).toMatchObject({ version: '1.2', kind: 'other' });
    await server.close();
  });

  it.each([
    ['ERROR\nmessage:login refused\n\n\0', { name: 'AuthError', message: 'login refused' }],
    ['ERROR\nmessage:busy\nerror-code:ERR_BUSY\n\n\0', { name: 'ProtocolError', code: 'ERR_BUSY' }],
    ['HTTP/1.1 400 Bad Request\r\n\r\n', { name: 'ProtocolError', code: 'ERR_STOMP_COMMAND' }],
    ['MESSAGE\nsubscription:0\n\nevil\0', { name: 'ProtocolError' }],
    ['CONNECTED\nversion:9\n\n\0', { name: 'ProtocolError', code: 'ERR_STOMP_VERSION' }],
    ['CONNECTED\nversion:1.2\nheart-beat:soon\n\n\0', { name: 'ProtocolError', code: 'ERR_STOMP_HEART_BEAT' }],
    [`CONNECTED\nversion:1.2\nserver:${'x'.repeat(17_000)}`, { name: 'LimitError', limit: 'headerLine' }],
  ])('rejects on %j', async (answer, expected) => {
    const { failure, connection } = await dial(answer);
    expect(failure).toMatchObject(expected);
    expect(connection).toBeUndefined();
  });

  it('rejects when nothing comes in time, or the connection ends', async () => {
    const silent = await dial();
    await silent.clock.run(10_000);
    expect(silent.failure).toMatchObject({ name: 'TimeoutError', code: 'ERR_CONNECT_TIME' });
    const ended = await dial();
    await ended.server.close();
    await quiet();
    expect(ended.failure).toMatchObject({ name: 'ConnectionError' });
    const cut = await dial();
    cut.server.cut();
    await quiet();
    expect(cut.failure).toMatchObject({ name: 'ConnectionError' });
  });

  it('takes whatever a server may pass on, if all that was sent to it was within the limits', async () => {
    // Of 1.0, where a colon is no escape, and now twice as long; and one header more than a client may send.
    const long = Array.from({ length: 4 }, (_, at) => `long-${at}:${'\\c'.repeat(8100)}\n`).join('');
    const many = Array.from({ length: 63 }, (_, at) => `h${at}:1\n`).join('');
    const head = 'subscription:s\nmessage-id:1\ndestination:/topic/a\ncursor:e\\c1\n';
    const { messages, failure } = await dial(
      `${connectedFrame}MESSAGE\n${head}${long}\n\0MESSAGE\n${head}${many}content-length:2\n\nhi\0`,
    );
    expect(messages.map(({ body }) => body)).toEqual(['', 'hi']);
    expect(failure).toBeUndefined();
  });

  it('takes frames that come with CONNECTED in one piece', async () => {
    const { messages } = await dial(connectedFrame + 'MESSAGE\nsubscription:a\\cb\n\nhello\0');
    expect(messages).toEqual([{ subscription: 'a:b', body: 'hello' }]);
  });
});

describe('StompConnection', () => {
  it.each(['1.0', '1.1', '1.2'] as const)('writes %s', async (version) => {
    const { connection, said } = await dial(`CONNECTED\nversion:${version}\n\n\0`);
    const note = version === '1.0' ? 'a:b' : 'a:b\nevil:1';
    const headers = HeaderList.of({ note });
    for (const body of ['one', 'two', Uint8Array.of(0, 255)])
      void connection!.send('/queue/a', headers, body, '/temp-queue/r');
    void connection!.send('/queue/b', HeaderList.empty, '', undefined);
    const head = ['destination', '/queue/a', 'reply-to', '/temp-queue/r', 'note', note, 'content-length'];
    expect(said(version).slice(1)).toEqual([
      { command: 'SEND', headers: [...head, '3'], body: 'one' },
      { command: 'SEND', headers: [...head, '3'], body: 'two' },
      { command: 'SEND', headers: [...head, '2'], body: '\0\xff' },
      { command: 'SEND', headers: ['destination', '/queue/b'], body: '' },
    ]);
  });

  it('matches receipts to what they confirm', async () => {
    const { connection, server, said } = await dial(connectedFrame);
    const done: string[] = [];
    void connection!.confirmed('SEND', { destination: '/queue/a' }, 'x').then(() => done.push('first'));
    void connection!.confirmed('SEND', { destination: '/queue/b' }).then(() => done.push('second'));
    const [first, second] = said()
      .slice(1)
      .map(({ headers }) => headers[headers.indexOf('receipt') + 1]);
    server.send(`RECEIPT\nreceipt-id:unknown\n\n\0RECEIPT\nreceipt-id:${second}\n\n\0`);
    await quiet();
    expect(done).toEqual(['second']);
    server.send(`RECEIPT\nreceipt-id:${first}\n\n\0`);
    await quiet();
    expect(done).toEqual(['second', 'first']);
  });

  it('tells whoever waits for the receipt of an ERROR, then ends; nothing behind it is looked at', async () => {
    const { connection, server, messages } = await dial(connectedFrame);
    const waiting = connection!.confirmed('SEND', { destination: '/queue/a' });
    const failed = expect(waiting).rejects.toMatchObject({ code: 'ERR_X', message: 'no: never', by: 'us' });
    server.send(
      'ERROR\nmessage:no\\c never\nreceipt-id:r1\nerror-code:ERR_X\n\n\0MESSAGE\nsubscription:0\n\nlate\0ERROR\n\n\0JUNK',
    );
    await failed;
    expect(await connection!.ended).toMatchObject({ code: 'ERR_X' });
    expect(messages).toEqual([]);
  });

  it.each(['JUNK\n\n\0', 'CONNECTED\nversion:1.2\n\n\0', 'SEND\ndestination:/queue/a\n\n\0', 'MESSAGE\nx:\\t\n\n\0'])(
    'ends on %j',
    async (wire) => {
      const { connection, server } = await dial(connectedFrame);
      server.send(wire);
      expect(await connection!.ended).toMatchObject({ name: 'ProtocolError' });
    },
  );

  it('disconnects with a receipt, then closes', async () => {
    const { connection, server, said } = await dial(connectedFrame);
    let over = false;
    void connection!.disconnect().then(() => (over = true));
    await quiet();
    expect(said().at(-1)).toMatchObject({ command: 'DISCONNECT', headers: ['receipt', 'r1'] });
    expect(over).toBe(false);
    server.send('MESSAGE\nsubscription:0\n\nlate\0RECEIPT\nreceipt-id:r1\n\n\0');
    await quiet();
    expect(over).toBe(true);
    expect(await connection!.ended).toBeUndefined();
  });

  it('does not wait for ever for the receipt of DISCONNECT', async () => {
    const { connection, clock } = await dial(connectedFrame);
    let over = false;
    void connection!.disconnect(500).then(() => (over = true));
    await quiet();
    await clock.run(499);
    expect(over).toBe(false);
    await clock.run(1);
    await quiet();
    expect(over).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('settles all that waits when the connection is lost, and what is asked after that', async () => {
    const { connection, server } = await dial(connectedFrame);
    const waiting = [1, 2, 3].map(() => connection!.confirmed('SEND', { destination: '/queue/a' }));
    // Whoever tries again at once must not wait for ever.
    const again = waiting[0]!.catch(() => connection!.confirmed('SEND', { destination: '/queue/a' }));
    const all = Promise.allSettled([...waiting, again]);
    server.cut();
    expect((await all).map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(await connection!.ended).toMatchObject({ name: 'ConnectionError' });
    await expect(connection!.confirmed('SEND', { destination: '/queue/a' })).rejects.toThrow();
  });

  it('is refused before login with an AuthError that ended() knows too', async () => {
    const { failure } = await dial('ERROR\nmessage:bad token\nerror-code:ERR_AUTH_TOKEN\n\n\0');
    expect(failure).toBeInstanceOf(AuthError);
    expect(failure).toMatchObject({ code: 'ERR_AUTH_TOKEN' });
  });
});

describe('StompConnection and heart-beats', () => {
  const beating = 'CONNECTED\nversion:1.2\nheart-beat:10000,5000\n\n\0';

  it('beats as often as the server wants', async () => {
    const { clock, octets, server } = await dial(beating, { heartBeat: { outgoing: 2000 } });
    for (let turn = 0; turn < 4; turn++) {
      await clock.run(5000);
      server.send('\n');
      await quiet();
    }
    expect(octets().replace(/^[^]*\0/, '')).toMatch(/^\n{4}$/);
  });

  it('ends when the server is silent for longer than the grace', async () => {
    const { clock, connection } = await dial(beating);
    let ended: unknown;
    void connection!.ended.then((reason) => (ended = reason));
    await clock.run(10_999);
    expect(ended).toBeUndefined();
    await clock.run(1);
    await quiet();
    expect(ended).toMatchObject({ name: 'TimeoutError', code: 'ERR_HEART_BEAT' });
    expect(clock.pending).toBe(0);
  });

  it('bears that ActiveMQ is silent for up to two intervals', async () => {
    const { clock, connection } = await dial(beating.replace('heart-beat', 'server:ActiveMQ/5.17.2\nheart-beat'));
    let ended: unknown;
    void connection!.ended.then((reason) => (ended = reason));
    await clock.run(20_999);
    expect(ended).toBeUndefined();
    await clock.run(1001);
    await quiet();
    expect(ended).toMatchObject({ code: 'ERR_HEART_BEAT' });
  });

  it('neither beats nor watches where the server does neither', async () => {
    const { clock, connection, octets } = await dial(connectedFrame);
    const before = octets();
    await clock.run(1_000_000);
    expect(octets()).toBe(before);
    expect(clock.pending).toBe(0);
    connection!.cut(new Error('over'));
  });
});

describe('a server whose ERRORs end nothing', () => {
  it('tells what it refuses, and goes on', async () => {
    const refused: string[] = [];
    const { server, connection, messages } = await dial(connectedFrame, { errorEnds: 'frame' }, (error) =>
      refused.push(error.message),
    );
    const confirmed = connection!.confirmed('SUBSCRIBE', { destination: 'a', id: '1' });
    server.send('ERROR\n\nnobody is there\0ERROR\nreceipt-id:r1\n\nnot you\0MESSAGE\nsubscription:1\n\nx\0');
    await expect(confirmed).rejects.toThrow('not you');
    await quiet();
    expect(refused).toEqual(['nobody is there']);
    expect(messages).toEqual([{ subscription: '1', body: 'x' }]);
  });

  it('refuses us by one all the same', async () => {
    const { failure } = await dial('ERROR\n\nVersion unsupported\0', { errorEnds: 'frame', host: undefined });
    expect(failure).toMatchObject({ code: 'ERR_STOMP_ERROR', message: 'Version unsupported' });
  });

  it('may be one that is told of no host', async () => {
    const { octets } = await dial(undefined, { host: undefined, versions: ['1.2'] });
    expect(octets()).toBe('CONNECT\naccept-version:1.2\nheart-beat:10000,10000\n\n\0');
  });
});
