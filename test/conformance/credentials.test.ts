// STOMP, CONNECT or STOMP Frame: login and passcode, and that nothing in them is escaped.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, hello, subscribe } from './clause.js';

/** The passcode of everybody is their login in hexadecimal digits, so that it tells what the server has read. */
const passcodeOf = (login: string): string => Buffer.from(login).toString('hex');

const { clause } = clauses({
  limits: { loginPause: 1 },
  authenticate: ({ login, passcode }) => login !== undefined && passcode === passcodeOf(login) && { name: login },
});

const logins: Record<string, string> = {
  plain: 'guest',
  empty: '',
  'a colon': 'a:b:c',
  'what looks like a line feed': 'a\\nb',
  'what looks like a colon': 'a\\cb',
  'what looks like a carriage return': 'a\\rb',
  'two backslashes': 'a\\\\b',
  'what is no escape anywhere': 'a\\tb\\',
  'spaces within': 'a  b',
  'letters beyond ASCII': 'Grüße 東京 🚪',
  'a name of prototypes': '__proto__',
};

clause(
  'nothing is escaped in CONNECT',
  { section: 'Value Encoding', versions: '1.0, 1.1, 1.2' },
  logins,
  async ({ connect, version }, login) => {
    const peer = await connect(version, { login, passcode: passcodeOf(login) });
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'spaces around values are part of them',
  { section: 'Value Encoding', versions: '1.1, 1.2' },
  { before: ' guest', behind: 'guest ', both: ' guest ' },
  async ({ connect, dial, version }, login) => {
    await connect(version, { login, passcode: passcodeOf(login) });
    const peer = await dial();
    peer.send(hello(version, { login, passcode: passcodeOf('guest') }));
    expect((await peer.rest()).map((one) => one.command)).toEqual(['ERROR']);
  },
);

clause(
  'spaces around values are none of them, as the examples of 1.0 have it',
  { section: 'Initially', versions: '1.0' },
  { before: ' guest', behind: 'guest ', both: ' guest ' },
  async ({ connect, version }, login) => {
    await connect(version, { login, passcode: ` ${passcodeOf('guest')} ` });
  },
);

const wrong: Record<string, Record<string, string>> = {
  none: {},
  'no passcode': { login: 'guest' },
  'a wrong passcode': { login: 'guest', passcode: 'Open-Sesame' },
  'no login': { passcode: 'Open-Sesame' },
  'names of another case': { Login: 'guest', Passcode: passcodeOf('guest') },
  'a repeated passcode, the right one behind': { login: 'guest', passcode: `x\npasscode:${passcodeOf('guest')}` },
};

clause(
  'who is refused gets an ERROR that tells nothing, and the end',
  { section: 'Connecting', versions: '1.0, 1.1, 1.2' },
  wrong,
  async ({ dial, connect, version, newName }, headers) => {
    const [peer, destination] = [await dial(), newName('queue')];
    peer.send(
      hello(version, { ...headers, receipt: 'Echo-1' }) + frame('SEND', { destination, receipt: 'Echo-2' }, 'Echo-3'),
    );
    const [error, ...more] = await peer.rest();
    expect(error!.command).toBe('ERROR');
    expect(more).toEqual([]);
    const told = [...error!.headers.flat(), error!.text].join(' ');
    expect(told).not.toMatch(/guest|Sesame|Echo|undefined|null|conformance-/);
    const witness = await connect(version, { login: 'w', passcode: passcodeOf('w') });
    await subscribe(witness, '1', destination);
    expect(await witness.settled()).toEqual([]);
  },
);
