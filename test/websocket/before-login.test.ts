// Before login nobody can make the server hold much: a message may be as long as a frame's headers, no longer.

import { describe, expect, test } from 'vitest';
import { Opcode, type RawWebSocket, wsFrame } from '../fixtures/raw-websocket.js';
import { hasResult, type Kind, kinds, sharedHouse } from '../fixtures/websocket-house.js';

const { text, ping, pong, continuation, close } = Opcode;

/** A server that lets in whoever knows a word. */
const shared = sharedHouse({ authenticate: ({ login, token }) => login === 'beside' || token === 'open' });

/** Somebody whom the server does not know yet. */
async function stranger(kind: Kind): Promise<RawWebSocket & { untouched: () => Promise<void> }> {
  const { open, untouched } = shared;
  return Object.assign(await open(kind), { untouched });
}

/** In pieces, as a network brings them. */
async function saySlowly(client: RawWebSocket, bytes: Buffer): Promise<void> {
  client.socket.on('error', () => {});
  for (let at = 0; at < bytes.length && !client.socket.destroyed; at += 16_384) {
    client.say(bytes.subarray(at, at + 16_384));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe.each(kinds)('$name', (kind) => {
  test.each([
    ['a large text', (fill: string) => [wsFrame(text, fill)]],
    ['a large text that is announced', (fill: string) => [wsFrame(text, fill, { claims: 10_000_000 })]],
    [
      'fragments',
      (fill: string) =>
        Array.from({ length: 300 }, (_, at) =>
          wsFrame(at === 0 ? text : continuation, fill.slice(0, 500), { fin: false }),
        ),
    ],
    ['pings', () => Array.from({ length: 2000 }, () => wsFrame(ping, 'x'.repeat(100)))],
    ['pongs', () => Array.from({ length: 2000 }, () => wsFrame(pong, 'x'.repeat(100)))],
  ])('%s: 1009', async (_, frames) => {
    const client = await stranger(kind);
    const told = client.until(({ opcode }) => opcode === close);
    await saySlowly(client, Buffer.concat(frames('x'.repeat(200_000))));
    expect((await told).payload.readUInt16BE(0)).toBe(1009);
    client.socket.end();
    expect(await client.next()).toBeUndefined();
    await client.untouched();
  });

  test('once it is known who it is, a message may be large', async () => {
    const client = await stranger(kind);
    if (kind.protocol === undefined) client.say(wsFrame(text, kind.call('rpc.authenticate', { token: 'open' })));
    else client.say(wsFrame(text, kind.login.replace('\n', '\ntoken:open\n')));
    await client.next();
    const call = kind.add(2, 3);
    const at = call.indexOf('{"jsonrpc"');
    client.say(wsFrame(text, call.slice(0, at) + ' '.repeat(500_000) + call.slice(at)));
    await client.until(hasResult(5));
    await client.untouched();
  });
});
