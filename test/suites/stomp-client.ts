// What every STOMP client may expect of the server, as seen by programs that use a client of their language. Each case
// is a name, which the program prints its observations under, and what those must be.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sameSecret, type ServerOptions, type Session } from '@sallyport/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type House, startHouse } from '../fixtures/house.js';
import { type MuteRelay, startMuteRelay } from '../fixtures/mute-relay.js';
import { type Program, runProgram } from '../fixtures/program.js';

export type Version = '1.0' | '1.1' | '1.2';

/** A delivery as programs print it: body, `redelivered`, `delivery-count`. */
type Seen = [string, string, string];
const first = (body: string): Seen => [body, '', ''];
const again = (body: string, count = 2): Seen => [body, 'true', String(count)];
const end = first('end');

const headers = { colon: 'a:b', backslash: 'c:\\dir', unicode: 'Grüße 🚪', größe: '7' };
const sum = { jsonrpc: '2.0', id: 7, result: 5 };

/** Cases that say the same of each version. */
const common = {
  connect: (version: Version) => ({ version, session: true }),
  login: () => ({ right: true, raised: true, wrong: 'access refused, wrong or missing credentials' }),
  topic: () => ({ bodies: ['one', 'two', 'Grüße 🚪'], destination: '/topic/a.b' }),
  burst: () => ({ count: 500, first: 'm0', last: 'm499' }),
  waiting: () => ['one', 'two', 'three'],
  error: () => ({
    message: 'a destination begins with /topic/, /queue/ or /temp-queue/, not as in "/nowhere/a"',
    'receipt-id': 'r-1',
  }),
  'ack-auto': () => ({ first: ['1', '2', '3'].map(first), left: [end] }),
  // The second of three was acknowledged; 1.0 has no cumulative acknowledgement (STOMP 1.1, ACK).
  'ack-client': (version: Version) => (version === '1.0' ? [again('1'), again('3'), end] : [again('3'), end]),
  unsubscribed: () => [again('2'), again('3'), end],
  lost: () => ['1', '2', '3'].map((body) => again(body)),
  'transaction-send': () => ({ first: ['outside'], committed: ['one', 'two'], aborted: ['after'] }),
  'transaction-ack': () => [again('1'), end],
  receipts: () => ['subscribe', 'send', 'begin', 'ack', 'commit', 'abort', 'unsubscribe', 'disconnect'],
  large: () => ({ length: 8 * 1024 * 1024, same: true }),
  binary: () => ({ same: true, 'content-type': 'application/octet-stream' }),
  headers: (version: Version) => ({
    ...headers,
    ...(version !== '1.0' && { newline: 'a\nb' }),
    ...(version === '1.2' && { return: 'a\rb' }),
  }),
  rpc: () => ['/temp-queue/answers', '/queue/answers'].map((destination) => [destination, sum]),
  tls: () => ({ small: 'safe', large: 1_000_000 }),
  reconnect: () => ['back'],
};

/** Cases that STOMP 1.0 does not know. */
const since11 = {
  'ack-individual': () => [again('2'), end],
  nack: () => ({ again: again('1'), left: [end] }),
  'dead-letter': () => ({ refused: 2, body: '1', original: '/queue/deadly' }),
};

/** The case `headers` of a client that leaves escapes to its user: what stands on the wire. */
export function wireHeaders(version: Version): unknown {
  if (version === '1.0') return headers;
  return { ...headers, colon: 'a\\cb', backslash: 'c\\c\\\\dir', newline: 'a\\nb' };
}

/** The case of clients that need no receipt of DISCONNECT. */
export const hasty: Cases = { hasty: () => [again('2'), end] };

/** Cases of clients that know heart-beats. */
export const heartBeats: Cases = {
  'heart-beats': () => ({ heard: true, timeouts: 0 }),
  'dead-server': () => true,
};

/** What a program must have seen, by the name of the case. */
export type Cases = Record<string, (version: Version) => unknown>;

export interface StompClient {
  /** The name of the package. */
  name: string;
  command: string;
  /** In test/interop/programs. */
  program: string;
  /** What the server is told beside what the cases need. */
  server?: ServerOptions;
  /** Cases of this client alone, and common ones that it sees otherwise. */
  cases?: Cases;
  /** The same, for the versions that have them: from 1.1 on. */
  casesSince11?: Cases;
}

const versions: Version[] = ['1.0', '1.1', '1.2'];

export function stompClient({ name, command, program, server = {}, cases, casesSince11 }: StompClient): void {
  const running = new Map<Version, Running>();
  beforeAll(async () => {
    // At the same time: they mostly wait.
    await Promise.all(
      versions.map(async (version) => running.set(version, await start(command, program, version, server))),
    );
  });
  afterAll(async () => {
    await Promise.all([...running.values()].map(({ stop }) => stop()));
  });

  for (const version of versions) {
    const later = version === '1.0' ? {} : { ...since11, ...casesSince11 };
    describe(`${name}, STOMP ${version}`, () => {
      for (const [title, expected] of Object.entries({ ...common, ...cases, ...later })) {
        test(title, { timeout: 45_000 }, async () => {
          expect(await running.get(version)!.program.outcome(title)).toEqual(expected(version));
        });
      }
    });
  }
}

interface Running {
  program: Program;
  stop: () => Promise<void>;
}

/** Starts the servers and the program that talks to them. */
async function start(command: string, file: string, version: Version, options: ServerOptions): Promise<Running> {
  const [house, guarded] = await Promise.all([openHouse(options), guardedHouse(options)]);
  const mute: MuteRelay = await startMuteRelay(house.port);
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  const ca = join(folder, 'ca.pem');
  writeFileSync(ca, house.certificate);
  const given = { version, port: house.port, guarded: guarded.port, mute: mute.port, ca };
  const path = join(import.meta.dirname, '../interop/programs', file);
  const program = runProgram(command, [path, JSON.stringify(given)]);
  return {
    program,
    stop: async () => {
      await program.end();
      await Promise.all([house.close(), guarded.close(), mute.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

async function openHouse(options: ServerOptions): Promise<House> {
  const house = await startHouse({
    ...options,
    leastHeartBeat: 50,
    // Long enough for a machine that is busy, and much shorter than what the programs wait.
    leastGrace: 500,
    heartBeat: { outgoing: 100, incoming: 100 },
    limits: { deliveries: 2, redeliveryDelay: 10 },
  });
  house.server.implement({
    peer: { drop: (_params, { session }) => (session as Session).close(new Error('dropped')) },
  });
  return house;
}

/** Knows one user, whose passcode shows that CONNECT has no escapes (STOMP 1.2, Value Encoding). */
function guardedHouse(options: ServerOptions): Promise<House> {
  return startHouse({
    ...options,
    authenticate: ({ login, passcode }) => login === 'ann' && sameSecret(passcode, 'se:cr\\et'),
    limits: { loginPause: 20 },
  });
}
