import { describe, expect, it } from 'vitest';
import { AuthError, ConnectionError, ProtocolError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { ClientSession, type ClientState, Frame, type ServerCommand, serverCommands } from '../../src/stomp/index.js';

function frame(command: ServerCommand, headers: Record<string, string> = {}, body = ''): Frame {
  return new Frame(command, HeaderList.of(headers), body);
}

function newSession(state: ClientState, options = {}): ClientSession {
  const session = new ClientSession(options);
  if (state !== 'connecting') session.receive(frame('CONNECTED', { version: '1.2' }));
  if (state === 'closed') session.receive(frame('ERROR'));
  return session;
}

/** What each command is in each state; anything not named breaks the protocol. */
const table: Record<ClientState, Partial<Record<ServerCommand, string>>> = {
  connecting: { CONNECTED: 'connected' },
  connected: { MESSAGE: 'message', RECEIPT: 'receipt' },
  closed: {},
};

describe.each(Object.keys(table) as ClientState[])('ClientSession, %s', (state) => {
  it.each(serverCommands)('%s', (command) => {
    expect(newSession(state).receive(frame(command, { version: '1.2' })).type).toBe(table[state][command] ?? 'fail');
  });
});

describe('ClientSession', () => {
  it.each([
    ['1.2', '1.2'],
    ['1.1', '1.1'],
    ['1.0', '1.0'],
    [undefined, '1.0'],
  ])('takes version %s for %s', (version, spoken) => {
    const session = new ClientSession({});
    session.receive(frame('CONNECTED', version === undefined ? {} : { version }));
    expect(session.version).toBe(spoken);
  });

  it.each([
    ['2.0', undefined],
    ['1.2,1.1', undefined],
    ['1.0', ['1.2', '1.1']],
    [undefined, ['1.2']],
  ])('refuses version %s where %s were offered', (version, versions) => {
    const effect = newSession('connecting', { versions }).receive(
      frame('CONNECTED', version === undefined ? {} : { version }),
    );
    expect(effect).toMatchObject({ type: 'fail', error: { code: 'ERR_STOMP_VERSION' } });
  });

  it('agrees on beats with what the server offers', () => {
    const connect = (heartBeat?: string) =>
      newSession('connecting', { heartBeat: { outgoing: 5000, incoming: 6000 } }).receive(
        frame('CONNECTED', { version: '1.2', ...(heartBeat !== undefined && { 'heart-beat': heartBeat }) }),
      );
    expect(connect('20000,1000')).toMatchObject({ agreed: { outgoing: 5000, incoming: 20_000 } });
    expect(connect('0,0')).toMatchObject({ agreed: { outgoing: 0, incoming: 0 } });
    expect(connect()).toMatchObject({ agreed: { outgoing: 0, incoming: 0 } });
  });

  it('gives a message to its subscription, in 1.0 to its destination', () => {
    const session = newSession('connected');
    expect(session.receive(frame('MESSAGE', { subscription: '7' }))).toMatchObject({ subscription: '7' });
    expect(session.receive(frame('MESSAGE', { destination: '/queue/a' }))).toMatchObject({ subscription: '/queue/a' });
  });

  it.each<[Record<string, string>, string, unknown, string]>([
    [{ message: 'login failed' }, '', AuthError, 'login failed'],
    [
      { message: 'Bad CONNECT' },
      "Access refused for user 'a'\n",
      AuthError,
      "Bad CONNECT: Access refused for user 'a'",
    ],
    [
      { message: 'User name [a] or password is invalid.' },
      'User name [a] or password is invalid.\n\tat x',
      AuthError,
      'User name [a] or password is invalid.',
    ],
    [{ message: 'no room' }, 'Exception: no room\n\tat x', ProtocolError, 'Exception: no room'],
    [{ message: 'no room', 'error-code': 'ERR_X' }, 'more of it', ProtocolError, 'no room'],
    [{}, 'Access refused for user\n', AuthError, 'Access refused for user'],
    [{ message: 'no', 'error-code': 'ERR_AUTH_FAILED' }, '', AuthError, 'no'],
    [{ message: 'auth service is down', 'error-code': 'ERR_INTERNAL' }, '', ProtocolError, 'auth service is down'],
    [{ message: 'too late' }, '', ProtocolError, 'too late'],
    [{}, '', ProtocolError, 'the server sent an ERROR without saying why'],
  ])('takes an ERROR %j %j instead of CONNECTED for what it is', (headers, body, type, message) => {
    const effect = newSession('connecting').receive(frame('ERROR', headers, body));
    expect(effect).toMatchObject({ type: 'fail', error: { message } });
    expect(effect.type === 'fail' && effect.error).toBeInstanceOf(type);
  });

  it.each(['ERR_CLOSING', 'ERR_AUTH_EXPIRED'])('takes %s for an end that a new connection mends', (code) => {
    const effect = newSession('connected').receive(frame('ERROR', { message: 'later', 'error-code': code }));
    expect(effect).toMatchObject({ type: 'fail', error: { code, message: 'later' } });
    expect(effect.type === 'fail' && effect.error).toBeInstanceOf(ConnectionError);
  });

  it('says what an ERROR was about', () => {
    const headers = { message: 'no such queue', 'receipt-id': 'r7', 'error-code': 'ERR_DESTINATION' };
    expect(newSession('connected').receive(frame('ERROR', headers))).toMatchObject({
      type: 'fail',
      receipt: 'r7',
      error: { code: 'ERR_DESTINATION', message: 'no such queue', by: 'us' },
    });
  });

  it('survives an ERROR that is not UTF-8', () => {
    const effect = newSession('connected').receive(new Frame('ERROR', HeaderList.empty, Uint8Array.of(0xff)));
    expect(effect).toMatchObject({ type: 'fail', error: { message: 'the server sent an ERROR that is not UTF-8' } });
  });
});
