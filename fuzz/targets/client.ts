// A client and a server that means it no good: whatever that says, everything the client was asked for comes to an end.

import { ConnectionError, SallyportError } from '@sallyport/core';
import { StompClient } from '@sallyport/core/client';
import { ManualClock, type MemoryStream, memoryStreams, settled } from '@sallyport/core/testing';
import fc from 'fast-check';
import { bytesOf, check, pieces, type Target } from '../target.js';
import { serverFrames, stompWords } from './stomp-words.js';

const connected = 'CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0';
const message = (headers: string, body: string): string =>
  `MESSAGE\nsubscription:${headers}\nmessage-id:1\ndestination:/queue/a\n\n${body}\0`;

const words = [
  ...stompWords,
  ...[
    'RECEIPT\nreceipt-id:r1\n\n\0',
    'receipt-id:r2',
    'subscription:s1',
    'subscription:s2',
    'subscription:s3',
    'ack:1',
    'cursor:e:1',
  ],
  ...[
    '"result":1',
    '"error":{"code":-32000,"message":"no"}',
    '"method":"guest.greet"',
    '"method":"$/gap"',
    '"id":1',
    '"id":2',
  ],
];

/** How often it may connect again. */
const MOST_DIALS = 3;

export const client: Target = {
  name: 'client',
  weight: 2,
  words,
  seeds: [
    connected + ['r1', 'r2', 'r3', 'r4'].map((id) => `RECEIPT\nreceipt-id:${id}\n\n\0`).join(''),
    connected + ['s1', 's2', 's3', 's4'].map((id) => message(id, '{"jsonrpc":"2.0","id":1,"result":1}')).join(''),
    connected + message('s1\nack:1\ncursor:e:1', '{"jsonrpc":"2.0","method":"tick","params":{}}'),
    connected + 'ERROR\nmessage:no\nerror-code:ERR_AUTH\n\nno\0' + connected,
    'CONNECTED\nversion:1.0\n\n\0' + message('s1', 'x'),
    'ERROR\nmessage:busy\n\n\0',
  ],
  inputs: fc.tuple(fc.constantFrom(connected, ''), serverFrames).map(([greeting, rest]) => bytesOf(greeting + rest)),
  async run(input) {
    const clock = new ManualClock();
    const servers: MemoryStream[] = [];
    const client = new StompClient({
      host: 'h',
      clock,
      random: () => 0.5,
      limits: { body: 3000, frameHead: 1000 },
      onError: () => {},
      dial: () => {
        if (servers.length === MOST_DIALS)
          return Promise.reject(new ConnectionError('ERR_CONNECT', 'there is no more'));
        const [stream, server] = memoryStreams();
        servers.push(server);
        for (const chunk of fewPieces(input)) server.send(chunk);
        return Promise.resolve(stream);
      },
    });
    const asked: Promise<unknown>[] = [client.implement({ guest: { greet: () => 'hello' } }), ...ask(client)];
    await settled();
    // Some of it is for a connection that is up.
    asked.push(...ask(client), iterate(client));
    for (let round = 0; round < MOST_DIALS; round++) {
      await settled();
      clock.advance(500);
      await settled();
      await servers.at(-1)?.close();
      clock.advance(60_000);
      await settled();
    }
    await Promise.all([client.close(), passing(clock)]);
    await Promise.all(asked.map((one) => checkEnd(one)));
    check(clock.pending === 0, `${clock.pending} alarms are left`);
  },
};

/** So few that all are read in the turns that are waited for. */
function fewPieces(input: Uint8Array): Uint8Array[] {
  const all = pieces(input);
  return all.length > 10 ? [input] : all;
}

/** One of everything. */
function ask(client: StompClient): Promise<unknown>[] {
  const events = client.events('tick');
  const deliveries = client.stomp.subscribe('/queue/a', (delivery) => delivery.ack?.(), { ack: 'client-individual' });
  return [
    client.stomp.connected,
    events.ready,
    events.next(),
    deliveries.ready,
    client.call('house.add', { a: 1 }, { timeout: 5000 }),
    client.stomp.sendConfirmed({ destination: '/queue/a', body: 'x' }),
    client.stomp.transaction((transaction) => transaction.send({ destination: '/queue/a', body: 'y' })),
  ];
}

/** Takes deliveries until they end. */
async function iterate(client: StompClient): Promise<void> {
  for await (const delivery of client.stomp.subscribe('/queue/b', { ack: 'client-individual' })) delivery.nack?.();
}

/** Time goes on while the client closes. */
async function passing(clock: ManualClock): Promise<void> {
  await settled();
  clock.advance(5000);
  await settled();
  clock.advance(60_000);
}

/** Rejected by us, or resolved by what the server said. */
async function checkEnd(asked: Promise<unknown>): Promise<void> {
  try {
    await asked;
  } catch (error) {
    check(error instanceof SallyportError, `it was rejected with ${String((error as Error).stack)}`);
  }
}
