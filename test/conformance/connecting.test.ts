// STOMP, Connecting: CONNECT and STOMP, versions, credentials, the session.

import { expect } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, type Headers, hello, subscribe, versions } from './clause.js';
import type { Version } from './stomp-peer.js';

const { clause } = clauses();

clause(
  'CONNECT is answered by CONNECTED with the version',
  { section: 'CONNECTED Frame', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async ({ dial, version }) => {
    const peer = await dial();
    peer.send(hello(version));
    const connected = await peer.next('CONNECTED');
    expect(connected.get('version')).toBe(version);
    // name ["/" version] *(comment)
    expect(connected.get('server')).toMatch(/^[^\s/]+(\/\S+)?( \S+)*$/);
    expect(connected.get('session')).toMatch(/^\S+$/);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a session id is unique',
  { section: 'CONNECTED Frame', versions: '1.0, 1.1, 1.2' },
  async ({ dial, version }) => {
    const sessions = new Set<string>();
    for (let at = 0; at < 5; at++) {
      const peer = await dial();
      peer.send(hello(version));
      sessions.add((await peer.next('CONNECTED')).get('session')!);
    }
    expect(sessions.size).toBe(5);
  },
);

clause(
  'STOMP does what CONNECT does',
  { section: 'CONNECT or STOMP Frame', versions: '1.0, 1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  async ({ dial, version, newName }) => {
    const [peer, queue] = [await dial(), newName('queue')];
    peer.send(hello(version).replace('CONNECT', 'STOMP'));
    expect((await peer.next('CONNECTED')).get('version')).toBe(version);
    await subscribe(peer, '1', queue);
    peer.send(frame('SEND', { destination: queue }, 'there'));
    expect((await peer.next('MESSAGE')).text).toBe('there');
  },
);

const upTo = (version: Version): Version[] => versions.filter((one) => one <= version);
const lists: Record<string, (version: Version) => string> = {
  alone: (version) => version,
  'in ascending order': (version) => upTo(version).join(','),
  'in descending order': (version) => upTo(version).reverse().join(','),
  'with spaces': (version) => upTo(version).join(' , '),
  twice: (version) => `${version},${version}`,
  'with versions to come': (version) => `${upTo(version).join(',')},1.3,2.0`,
  'with versions to come in front': (version) => `9.9,${version}`,
  'with words in it': (version) => `next,${version},`,
  'the best in the middle': (version) => `1.0,${version},1.0`,
};

clause(
  'the highest version in common is taken, from any list',
  { section: 'Protocol Negotiation', versions: '1.0, 1.1, 1.2' },
  lists,
  async ({ dial, version }, list) => {
    const peer = await dial();
    peer.send(frame('CONNECT', { 'accept-version': list(version), host: 'gate.example' }));
    expect((await peer.next('CONNECTED')).get('version')).toBe(version);
  },
);

clause(
  'without accept-version it is 1.0',
  { section: 'Protocol Negotiation', versions: '1.0' },
  { CONNECT: 'CONNECT', STOMP: 'STOMP' },
  async ({ dial }, command) => {
    const peer = await dial();
    peer.send(frame(command, { host: 'gate.example' }));
    expect((await peer.next('CONNECTED')).get('version')).toBe('1.0');
  },
);

const strangeVersions = ['2.0', '1.3,0.9', '', ',', '1', '1.20', '01.2', 'v1.2', '1.2.0', '1.2;1.1', '1.1 1.2', '1,2'];

clause(
  'no version in common is an ERROR that lists those there are',
  { section: 'Protocol Negotiation', versions: '1.1, 1.2' },
  Object.fromEntries(strangeVersions.map((list) => [`"${list}"`, list])),
  async ({ dial }, list) => {
    const peer = await dial();
    peer.send(frame('CONNECT', { 'accept-version': list, host: 'gate.example' }));
    const [error, ...more] = await peer.rest();
    expect(error!.command).toBe('ERROR');
    expect(error!.get('version')).toBe('1.0,1.1,1.2');
    expect(error!.get('content-type')).toBe('text/plain');
    expect(error!.text).toMatch(/1\.0\D+1\.1\D+1\.2/);
    expect(more).toEqual([]);
  },
);

clause(
  'a subprotocol of WebSocket does not bind the version',
  { section: 'Protocol Negotiation', versions: '1.0, 1.1, 1.2', over: ['ws'] },
  async ({ connect, version }) => {
    expect((await connect(version)).version).toBe(version);
  },
);

clause(
  'a host that is missing, empty or unknown is taken',
  { section: 'CONNECT or STOMP Frame', versions: '1.1, 1.2' },
  { missing: {}, empty: { host: '' }, unknown: { host: 'elsewhere.example' }, '/': { host: '/' } } as Record<
    string,
    Headers
  >,
  async ({ dial, version }, headers) => {
    const peer = await dial();
    peer.send(frame('CONNECT', { 'accept-version': version, ...headers }));
    await peer.next('CONNECTED');
  },
);

clause(
  'headers that CONNECT does not know do no harm',
  { section: 'CONNECT or STOMP Frame', versions: '1.0, 1.1, 1.2' },
  async ({ connect, version }) => {
    const peer = await connect(version, { 'client-id': 'x', ack: 'never', destination: '/queue/x', version: '9' });
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a receipt that CONNECT asks for is not given',
  { section: 'Header receipt', versions: '1.0, 1.1, 1.2' },
  async ({ connect, version }) => {
    const peer = await connect(version, { receipt: 'no' });
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a second CONNECT is an ERROR',
  { section: 'Connecting', versions: '1.0, 1.1, 1.2' },
  { CONNECT: 'CONNECT', STOMP: 'STOMP' },
  async ({ connect, version }, command) => {
    const peer = await connect();
    peer.send(hello(version).replace('CONNECT', command));
    expect((await peer.rest()).map((one) => one.command)).toEqual(['ERROR']);
  },
);

clause(
  'what stands behind CONNECT in one piece is done after it',
  { section: 'Connecting', versions: '1.0, 1.1, 1.2' },
  async ({ dial, version, newName }) => {
    const [peer, destination] = [await dial(), newName('queue')];
    peer.send(
      hello(version) +
        frame('SUBSCRIBE', { id: '1', destination, receipt: 'r' }) +
        frame('SEND', { destination }, 'at once'),
    );
    await peer.next('CONNECTED');
    await peer.next('RECEIPT');
    expect((await peer.next('MESSAGE')).text).toBe('at once');
  },
);

clause(
  'CONNECT has no body',
  { section: 'Body', versions: '1.0, 1.1, 1.2' },
  { 'a body': '', 'a length': 'content-length:4\n' },
  async ({ dial, version }, length) => {
    const peer = await dial();
    peer.send(hello(version).replace('\n\n\0', `\n${length}\nbody\0`).replace('CONNECT\n\n', 'CONNECT\n'));
    expect((await peer.rest()).map((one) => one.command)).toEqual(['ERROR']);
  },
);

clause(
  'CONNECT may have a length of 0',
  { section: 'Header content-length', versions: '1.0, 1.1, 1.2' },
  async ({ connect, version }) => {
    await connect(version, { 'content-length': '0' });
  },
);

const firstFrames: Record<string, Record<string, string>> = {
  SEND: { destination: '/queue/before-connect' },
  SUBSCRIBE: { id: '1', destination: '/queue/before-connect' },
  UNSUBSCRIBE: { id: '1' },
  BEGIN: { transaction: '1' },
  COMMIT: { transaction: '1' },
  ABORT: { transaction: '1' },
  ACK: { id: '1' },
  NACK: { id: '1' },
  DISCONNECT: { receipt: '1' },
};

clause(
  'no frame before CONNECT is executed, nor what stands behind it',
  { section: 'Connecting', versions: '1.0, 1.1, 1.2' },
  Object.fromEntries(Object.entries(firstFrames).map(([command, headers]) => [command, frame(command, headers)])),
  async ({ dial, connect, version, transport, newName }, first) => {
    const [peer, destination] = [await dial(), newName('queue')];
    peer.send(first + hello(version) + frame('SEND', { destination }, 'late'));
    const commands = (await peer.rest()).map((one) => one.command);
    // On the port itself it is no STOMP at all; in a WebSocket that has named STOMP it is a mistake.
    expect(commands).toEqual(transport === 'ws' ? ['ERROR'] : []);
    const witness = await connect();
    await subscribe(witness, '1', destination);
    await subscribe(witness, '2', '/queue/before-connect');
    expect(await witness.settled()).toEqual([]);
  },
);

clause(
  'CONNECT may end its lines by CR LF, as its version is not known yet',
  { section: 'STOMP Frames', versions: '1.0, 1.1, 1.2' },
  async ({ dial, version }) => {
    const peer = await dial();
    peer.send(hello(version).replaceAll('\n', '\r\n'));
    expect((await peer.next('CONNECTED')).get('version')).toBe(version);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'a few EOLs may stand before CONNECT',
  { section: 'Augmented BNF', versions: '1.0, 1.1, 1.2' },
  { LF: '\n', '8 LF': '\n'.repeat(8), 'CR LF': '\r\n', both: '\n\r\n\n' },
  async ({ dial, version }, eols) => {
    const peer = await dial();
    peer.send(eols + hello(version));
    await peer.next('CONNECTED');
  },
);

clause(
  'clients may connect and disconnect rapidly',
  { section: 'Connection Lingering', versions: '1.0, 1.1, 1.2' },
  async ({ dial, version }) => {
    for (let at = 0; at < 20; at++) {
      const peer = await dial();
      peer.send(hello(version) + frame('DISCONNECT', { receipt: `${at}` }));
      expect((await peer.rest()).map((one) => one.command)).toEqual(['CONNECTED', 'RECEIPT']);
    }
  },
);
