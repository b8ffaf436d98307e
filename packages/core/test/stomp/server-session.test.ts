import { describe, expect, it } from 'vitest';
import { AuthError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import {
  type ClientCommand,
  clientCommands,
  Frame,
  type ServerEffect,
  ServerSession,
  type ServerSessionOptions,
  type ServerState,
} from '../../src/stomp/index.js';

function frame(command: ClientCommand, headers: Record<string, string> = {}): Frame {
  return new Frame(command, HeaderList.of(headers));
}

function newSession(state: ServerState, version = '1.2', options: Partial<ServerSessionOptions> = {}): ServerSession {
  const session = new ServerSession({ sessionId: 's1', server: 'Sallyport', ...options });
  if (state === 'connecting') return session;
  session.receive(frame('CONNECT', { 'accept-version': version, host: 'h', 'heart-beat': '2000,3000' }));
  if (state === 'authenticating') return session;
  session.accept();
  if (state === 'closed') session.receive(frame('DISCONNECT'));
  return session;
}

/** Effects in short: the type, and of a reply the command. */
function kinds(effects: readonly ServerEffect[]): string[] {
  return effects.map((effect) => (effect.type === 'reply' ? effect.frame.command : effect.type));
}

function replies(effects: readonly ServerEffect[]): Frame[] {
  return effects.flatMap((effect) => (effect.type === 'reply' ? [effect.frame] : []));
}

/** The least that each command must have. */
const least: Record<ClientCommand, Record<string, string>> = {
  CONNECT: { 'accept-version': '1.2', host: 'h' },
  STOMP: { 'accept-version': '1.2', host: 'h' },
  SEND: { destination: '/queue/a' },
  SUBSCRIBE: { id: '0', destination: '/queue/a' },
  UNSUBSCRIBE: { id: 'known' },
  ACK: { id: '1' },
  NACK: { id: '1' },
  BEGIN: { transaction: 't' },
  COMMIT: { transaction: 'open' },
  ABORT: { transaction: 'open' },
  DISCONNECT: {},
};

const refused = ['ERROR', 'close'];

/** What each command does in each state; anything not named is refused. */
const table: Record<ServerState, Partial<Record<ClientCommand, string[]>>> = {
  connecting: { CONNECT: ['authenticate'], STOMP: ['authenticate'] },
  authenticating: {},
  connected: {
    SEND: ['send'],
    SUBSCRIBE: ['subscribe'],
    UNSUBSCRIBE: ['unsubscribe'],
    ACK: ['settle'],
    NACK: ['settle'],
    BEGIN: ['begin'],
    COMMIT: ['commit'],
    ABORT: ['abort'],
    DISCONNECT: ['close'],
  },
  closed: {},
};

/** What the commands of `least` refer to. */
function prepare(session: ServerSession): void {
  session.receive(frame('SUBSCRIBE', { id: 'known', destination: '/queue/b' }));
  session.receive(frame('BEGIN', { transaction: 'open' }));
}

describe.each(Object.keys(table) as ServerState[])('ServerSession, %s', (state) => {
  it.each(clientCommands)('%s', (command) => {
    const session = newSession(state);
    if (state === 'connected') prepare(session);
    const effects = session.receive(frame(command, least[command]));
    expect(kinds(effects)).toEqual(state === 'closed' ? [] : (table[state][command] ?? refused));
  });

  it.each(clientCommands)('%s with a receipt', (command) => {
    const session = newSession(state);
    if (state === 'connected') prepare(session);
    const effects = session.receive(frame(command, { ...least[command], receipt: 'r' }));
    const [answer] = replies(effects);
    const known = table[state][command];
    if (state === 'closed') expect(effects).toEqual([]);
    else if (known === undefined) expect(answer?.command).toBe('ERROR');
    else if (command === 'CONNECT' || command === 'STOMP') expect(answer).toBeUndefined();
    // Whether it was taken is known later; then the receipt is sent.
    else if (command === 'SUBSCRIBE') expect(effects).toMatchObject([{ type: 'subscribe', id: '0' }]);
    else {
      const expected = command === 'DISCONNECT' ? ['RECEIPT', 'close'] : [...known, 'RECEIPT'];
      expect(kinds(effects)).toEqual(expected);
      expect(answer?.header('receipt-id')).toBe('r');
    }
  });
});

describe('ServerSession negotiates', () => {
  it.each([
    ['1.0,1.1,1.2', '1.2', '10000,10000'],
    ['1.1', '1.1', '10000,10000'],
    ['1.0', '1.0', undefined],
    [undefined, '1.0', undefined],
  ])('accept-version %s: version %s, heart-beat %s', (accepted, version, heartBeat) => {
    const session = newSession('connecting');
    session.receive(frame('CONNECT', accepted === undefined ? {} : { 'accept-version': accepted }));
    const [connected] = replies(session.accept());
    expect(connected?.headers.toRecord()).toEqual({
      version,
      server: 'Sallyport',
      session: 's1',
      ...(heartBeat !== undefined && { 'heart-beat': heartBeat }),
    });
  });

  it('what both can do with beats, and tells what it offered', () => {
    expect(newSession('authenticating').accept()).toMatchObject([
      { frame: { command: 'CONNECTED' } },
      { type: 'beat', agreed: { outgoing: 10_000, incoming: 10_000 } },
    ]);
    const effects = newSession('authenticating', '1.1', { heartBeat: { outgoing: 500, incoming: 0 } }).accept();
    expect(replies(effects)[0]?.header('heart-beat')).toBe('1000,0');
    expect(effects[1]).toEqual({ type: 'beat', agreed: { outgoing: 3000, incoming: 0 } });
  });

  it('no beats in 1.0, whatever the client says', () => {
    expect(newSession('authenticating', '1.0').accept()[1]).toEqual({
      type: 'beat',
      agreed: { outgoing: 0, incoming: 0 },
    });
  });

  it('nothing: the ERROR lists the versions that it speaks', () => {
    const session = newSession('connecting');
    const effects = session.receive(frame('CONNECT', { 'accept-version': '2.0,3.0' }));
    expect(kinds(effects)).toEqual(refused);
    expect(replies(effects)[0]).toMatchObject({ body: 'Supported protocol versions are 1.0,1.1,1.2\n' });
    expect(replies(effects)[0]?.headers.toRecord()).toMatchObject({
      version: '1.0,1.1,1.2',
      'content-type': 'text/plain',
      'error-code': 'ERR_STOMP_VERSION',
    });
    expect(session.state).toBe('closed');
  });

  it('nothing on a heart-beat header that is none', () => {
    const session = newSession('connecting');
    expect(kinds(session.receive(frame('CONNECT', { 'accept-version': '1.2', 'heart-beat': 'a,b' })))).toEqual(refused);
  });
});

describe('ServerSession refuses', () => {
  it.each<[string, string, ClientCommand, Record<string, string>]>([
    ['SEND without destination', '1.2', 'SEND', {}],
    ['SEND with an empty destination', '1.2', 'SEND', { destination: '' }],
    ['SEND in a transaction that has not begun', '1.2', 'SEND', { destination: '/queue/a', transaction: 't' }],
    ['ACK in a transaction that has not begun', '1.2', 'ACK', { id: '1', transaction: 't' }],
    ['ACK without id in 1.2', '1.2', 'ACK', { 'message-id': '1', subscription: '0' }],
    ['ACK without message-id in 1.1', '1.1', 'ACK', { id: '1', subscription: '0' }],
    ['ACK without subscription in 1.1', '1.1', 'ACK', { 'message-id': '1' }],
    ['ACK without message-id in 1.0', '1.0', 'ACK', { id: '1' }],
    ['NACK without id in 1.2', '1.2', 'NACK', {}],
    ['NACK without subscription in 1.1', '1.1', 'NACK', { 'message-id': '1' }],
    ['NACK in 1.0', '1.0', 'NACK', { 'message-id': '1' }],
    ['BEGIN without transaction', '1.2', 'BEGIN', {}],
    ['BEGIN of a transaction that is open', '1.2', 'BEGIN', { transaction: 'open' }],
    ['COMMIT without transaction', '1.2', 'COMMIT', {}],
    ['COMMIT of a transaction that has not begun', '1.2', 'COMMIT', { transaction: 't' }],
    ['ABORT without transaction', '1.2', 'ABORT', {}],
    ['ABORT of a transaction that has not begun', '1.2', 'ABORT', { transaction: 't' }],
    [
      'SUBSCRIBE with a prefetch-count that is no number',
      '1.2',
      'SUBSCRIBE',
      { ...least.SUBSCRIBE, 'prefetch-count': '-1' },
    ],
    ['SUBSCRIBE without destination', '1.2', 'SUBSCRIBE', { id: '0' }],
    ['SUBSCRIBE without id in 1.2', '1.2', 'SUBSCRIBE', { destination: '/queue/a' }],
    ['SUBSCRIBE without id in 1.1', '1.1', 'SUBSCRIBE', { destination: '/queue/a' }],
    ['SUBSCRIBE with an id in use', '1.2', 'SUBSCRIBE', { id: 'known', destination: '/queue/a' }],
    ['SUBSCRIBE with an ack mode that is none', '1.2', 'SUBSCRIBE', { id: '0', destination: '/queue/a', ack: 'maybe' }],
    ['UNSUBSCRIBE without id', '1.2', 'UNSUBSCRIBE', { destination: '/queue/b' }],
    ['UNSUBSCRIBE with neither in 1.0', '1.0', 'UNSUBSCRIBE', {}],
    ['UNSUBSCRIBE of an unknown id', '1.2', 'UNSUBSCRIBE', { id: 'unknown' }],
  ])('%s', (_, version, command, headers) => {
    const session = newSession('connected', version);
    prepare(session);
    const effects = session.receive(frame(command, { ...headers, receipt: 'r7' }));
    expect(kinds(effects)).toEqual(refused);
    const error = replies(effects)[0]!;
    expect(error.header('message')).toContain(command);
    expect(error.header('receipt-id')).toBe('r7');
    expect(error.header('content-type')).toBe('text/plain');
    expect(error.header('error-code')).toMatch(/^ERR_STOMP_/);
    expect(session.state).toBe('closed');
  });

  it('with one ERROR only', () => {
    const session = newSession('connected');
    expect(kinds(session.receive(frame('SEND')))).toEqual(refused);
    expect(session.receive(frame('SEND'))).toEqual([]);
    expect(session.fail(new Error('later'))).toEqual([]);
  });

  it('telling the reason to whoever does the I/O', () => {
    const effects = newSession('connected').receive(frame('SEND'));
    expect(effects.at(-1)).toMatchObject({ type: 'close', reason: { code: 'ERR_STOMP_HEADER_MISSING' } });
    const version = newSession('connecting').receive(frame('CONNECT', { 'accept-version': '9' }));
    expect(version.at(-1)).toMatchObject({ type: 'close', reason: { code: 'ERR_STOMP_VERSION' } });
    expect(newSession('connected').receive(frame('DISCONNECT'))).toEqual([{ type: 'close' }]);
  });

  it('without telling secrets', () => {
    const effects = newSession('authenticating').fail(new Error('password is hunter2'));
    expect(JSON.stringify(replies(effects))).not.toContain('hunter2');
    const known = newSession('authenticating').fail(new AuthError('ERR_AUTH_FAILED', 'unknown user'));
    expect(replies(known)[0]?.headers.toRecord()).toMatchObject({
      message: 'unknown user',
      'error-code': 'ERR_AUTH_FAILED',
    });
  });

  it('without repeating anything before login', () => {
    for (const command of clientCommands) {
      const session = newSession('connecting');
      const evil = { receipt: 'EVIL', 'accept-version': 'EVIL', 'heart-beat': 'EVIL', destination: 'EVIL', id: 'EVIL' };
      expect(JSON.stringify(session.receive(frame(command, evil)))).not.toMatch(/"[^"]*EVIL/);
    }
    const first = frame('CONNECT', { receipt: 'EVIL', 'accept-version': '1.2' });
    const session = newSession('connecting');
    session.receive(first);
    expect(JSON.stringify(session.fail(new AuthError('ERR_AUTH', 'no'), first))).not.toContain('EVIL');
  });
});

describe('ServerSession before CONNECTED', () => {
  it('says in an ERROR what is the same escaped or not', () => {
    const refusal = new AuthError('ERR_AUTH', 'no: C:\\new\r\nline');
    const [error] = replies(newSession('authenticating').fail(refusal));
    expect([error!.header('message'), error!.text]).toEqual(['no, C, new, line', 'no: C:\\new\r\nline\n']);
    const [later] = replies(newSession('connected').fail(refusal));
    expect(later!.header('message')).toBe(refusal.message);
  });
});

describe('ServerSession keeps subscriptions', () => {
  it('in 1.0 ends all of a destination by its name, one by its id', () => {
    const session = newSession('connected', '1.0');
    for (const id of ['1', '2', '3']) session.receive(frame('SUBSCRIBE', { id, destination: '/queue/a' }));
    session.receive(frame('SUBSCRIBE', { destination: '/queue/a' }));
    session.receive(frame('SUBSCRIBE', { id: 'b', destination: '/queue/b' }));
    expect(session.receive(frame('UNSUBSCRIBE', { id: '2', destination: '/queue/a' }))).toEqual([
      { type: 'unsubscribe', id: '2' },
    ]);
    expect(session.receive(frame('UNSUBSCRIBE', { destination: '/queue/a' }))).toEqual([
      { type: 'unsubscribe', id: '1' },
      { type: 'unsubscribe', id: '3' },
      { type: 'unsubscribe', id: '/queue/a' },
    ]);
    expect([...session.subscriptions.keys()]).toEqual(['b']);
    expect(kinds(session.receive(frame('UNSUBSCRIBE', { destination: '/queue/a' })))).toEqual(refused);
  });

  it('apart by id', () => {
    const session = newSession('connected');
    for (const id of ['0', '1', '', '__proto__']) {
      expect(kinds(session.receive(frame('SUBSCRIBE', { id, destination: '/queue/a' }))), id).toEqual(['subscribe']);
    }
    expect(kinds(session.receive(frame('UNSUBSCRIBE', { id: '1' })))).toEqual(['unsubscribe']);
    expect(kinds(session.receive(frame('SUBSCRIBE', { id: '1', destination: '/queue/b' })))).toEqual(['subscribe']);
  });

  it('by destination where 1.0 gives no id', () => {
    const session = newSession('connected', '1.0');
    session.receive(frame('SUBSCRIBE', { destination: '/queue/a' }));
    expect(session.receive(frame('UNSUBSCRIBE', { destination: '/queue/a' }))).toEqual([
      { type: 'unsubscribe', id: '/queue/a' },
    ]);
  });
});

describe('ServerSession keeps transactions', () => {
  it('until they are committed or aborted, when their names are free again', () => {
    const session = newSession('connected');
    for (const command of ['COMMIT', 'ABORT'] as const) {
      session.receive(frame('BEGIN', { transaction: 't' }));
      expect(session.receive(frame('SEND', { destination: '/queue/a', transaction: 't' }))).toMatchObject([
        { type: 'send', transaction: 't' },
      ]);
      expect(session.receive(frame('ACK', { id: '1', transaction: 't' }))).toMatchObject([
        { type: 'settle', how: 'ack', transaction: 't' },
      ]);
      expect(session.receive(frame(command, { transaction: 't' }))).toMatchObject([{ transaction: 't' }]);
    }
  });

  it('up to its limit', () => {
    const session = newSession('connected', '1.2', { limits: { transactions: 2 } });
    for (const transaction of ['1', '2']) session.receive(frame('BEGIN', { transaction }));
    const effects = session.receive(frame('BEGIN', { transaction: '3' }));
    expect(kinds(effects)).toEqual(refused);
    expect(replies(effects)[0]!.header('error-code')).toBe('ERR_TRANSACTIONS');
  });
});

it.each([
  [undefined, undefined],
  ['5', 5],
  ['0', undefined],
])('ServerSession reads prefetch-count %s as %s', (header, prefetch) => {
  const headers = { ...least.SUBSCRIBE, ack: 'client', ...(header !== undefined && { 'prefetch-count': header }) };
  expect(newSession('connected').receive(frame('SUBSCRIBE', headers))).toMatchObject([{ ack: 'client', prefetch }]);
});
