// RFC 6455, sections 5.5.1 and 7: the closing handshake, and what may stand in a close frame.

import { describe, expect, test } from 'vitest';
import { closing, Opcode, wsFrame } from '../fixtures/raw-websocket.js';
import { hasResult, kinds, sharedHouse, webSocketHouse } from '../fixtures/websocket-house.js';

const { text, close, ping, pong } = Opcode;

const utf8 = Buffer.from([0xc3, 0x28]);

const shared = sharedHouse();

describe.each(kinds)('$name', (kind) => {
  // Section 5.5.1: the answer typically echoes the code.
  test.each([
    [1005, ''],
    ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].map((code) => [code, closing(code)]),
    ...[3000, 3999, 4000, 4999].map((code) => [code, closing(code)]),
    [1000, closing(1000, 'going home')],
    [1000, closing(1000, 'κόσμε 😀')],
    [1000, closing(1000, 'x'.repeat(123))],
  ] as [number, Uint8Array][])('a close frame with %i is answered with the same', async (code, payload) => {
    const { house, open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(close, payload));
    expect(await client.ended()).toBe(code);
    expect(client.frames).toHaveLength(1);
    await expect.poll(() => house.server.sessions.size).toBe(1);
    await untouched();
  });

  const invalid: [name: string, code: number, payload: Uint8Array][] = [
    ['one octet', 1002, Uint8Array.of(3)],
    ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
      (code): [string, number, Buffer] => [`code ${code}`, 1002, closing(code)],
    ),
    ['a reason that is not UTF-8', 1007, closing(1000, utf8)],
    ['a reason with half a character', 1007, closing(1000, Uint8Array.of(0xe2, 0x82))],
    ['a reason with a surrogate', 1007, closing(1000, Uint8Array.of(0xed, 0xa0, 0x80))],
  ];

  test.each(invalid)('a close frame with %s: %i', async (_, code, payload) => {
    const { open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(close, payload), wsFrame(text, kind.login), wsFrame(text, kind.trace));
    expect(await client.ended()).toBe(code);
    await untouched();
  });

  test('nothing behind a close frame is done or answered', async () => {
    const { open, untouched } = shared;
    const client = await open(kind);
    const behind = [
      wsFrame(ping, 'a'),
      wsFrame(text, kind.login),
      wsFrame(text, kind.trace),
      wsFrame(close, closing(1001)),
    ];
    client.say(wsFrame(close, closing(1000)), ...behind);
    expect(await client.ended()).toBe(1000);
    expect(client.frames).toHaveLength(1);
    await untouched();
  });

  test('a close frame in the middle of a message ends it', async () => {
    const { open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(text, '{"a', { fin: false }), wsFrame(close, closing(1001)));
    expect(await client.ended()).toBe(1001);
    await untouched();
  });

  test('one octet at a time', async () => {
    const { open } = shared;
    const client = await open(kind);
    for (const octet of wsFrame(close, closing(4000, 'bye'))) {
      client.say(Uint8Array.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.ended()).toBe(4000);
  });

  test('what was asked before the close frame is done, and its answer comes before ours', async () => {
    const { open } = shared;
    const client = await open(kind);
    if (kind.login !== '') client.say(wsFrame(text, kind.login));
    client.say(wsFrame(text, kind.add(2, 3)));
    await client.until(hasResult(5));
    client.say(wsFrame(ping, 'before'), wsFrame(close, closing(1000)));
    expect(await client.ended()).toBe(1000);
    expect(client.frames.filter(({ opcode }) => opcode === pong).map(String)).toHaveLength(1);
  });

  test('who is told to close and does not is closed all the same', async () => {
    const { house, open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(text, 'a', { mask: undefined }));
    // The server has said that it ends, and this side stays open.
    await client.until(({ opcode }) => opcode === close);
    const begin = Date.now();
    // Only what is sent tells this side that the other is gone.
    const nudge = setInterval(() => client.say(wsFrame(text, 'b')), 50);
    await new Promise((resolve) => client.socket.on('error', () => {}).once('close', resolve));
    clearInterval(nudge);
    expect(Date.now() - begin).toBeLessThan(4000);
    await expect.poll(() => house.server.sessions.size).toBe(1);
    await untouched();
  });

  // Section 7.1.1: the server is the first to end the connection. A client may be no more than a reader of octets.
  test('the end of the stream follows our close frame at once, answered or not', async () => {
    const { house, open } = await webSocketHouse();
    const client = await open(kind);
    if (kind.login !== '') client.say(wsFrame(text, kind.login));
    client.say(wsFrame(text, kind.add(2, 3)));
    await client.until(hasResult(5));
    const closed = house.server.close();
    await client.until(({ opcode }) => opcode === close);
    const begin = Date.now();
    expect(await client.next()).toBeUndefined();
    expect(Date.now() - begin).toBeLessThan(1000);
    client.socket.end();
    await closed;
  });

  test.each(['end', 'resetAndDestroy'] as const)('a connection that ends without a close frame: %s', async (end) => {
    const { house, open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(text, kind.login), wsFrame(text, 'half', { fin: false }));
    client.socket[end]();
    await expect.poll(() => house.server.sessions.size).toBe(1);
    await untouched();
  });
});

test('the server says 1001 or 1000 when it closes, and its frames are the last', async () => {
  const { house, open } = await webSocketHouse();
  const clients = await Promise.all(kinds.map((kind) => open(kind)));
  const closed = house.server.close();
  for (const client of clients) {
    const { payload } = await client.until(({ opcode }) => opcode === close);
    expect([1000, 1001, 1012]).toContain(payload.readUInt16BE(0));
    client.say(wsFrame(close, payload));
    expect(await client.ended()).toBe(payload.readUInt16BE(0));
  }
  await closed;
});
