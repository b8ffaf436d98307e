// RFC 6455, sections 5.5.2 and 5.5.3: pings are answered, and nobody can make the server hold many answers.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { ManualClock } from '@sallyport/core/testing';
import { describe, expect, onTestFinished, test } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { Opcode, wsFrame } from '../fixtures/raw-websocket.js';
import { hasResult, kinds, sharedHouse, webSocketHouse } from '../fixtures/websocket-house.js';

const { text, ping, pong } = Opcode;
const byte = Uint8Array.from({ length: 125 }, (_, at) => at * 2);

const shared = sharedHouse();

describe.each(kinds)('$name', (kind) => {
  test.each([
    ['without a payload', new Uint8Array()],
    ['with a text', Buffer.from('Hello')],
    ['with octets that are no text', Uint8Array.of(0, 0xff, 0xfe, 0x80)],
    ['with 125 octets', byte],
  ])('a ping %s is answered with the same', async (_, payload) => {
    const { open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(ping, payload));
    expect(await client.next()).toEqual({ opcode: pong, payload: Buffer.from(payload) });
    await untouched();
  });

  test('ten pings in one piece are answered in order', async () => {
    const { open } = shared;
    const client = await open(kind);
    const payloads = Array.from({ length: 10 }, (_, at) => `ping ${at}`);
    client.say(...payloads.map((payload) => wsFrame(ping, payload)));
    for (const payload of payloads) expect((await client.next())?.payload.toString()).toBe(payload);
  });

  test('ten pings, one octet at a time', async () => {
    const { open } = shared;
    const client = await open(kind);
    for (let at = 0; at < 10; at++) {
      for (const octet of wsFrame(ping, `ping ${at}`)) {
        client.say(Uint8Array.of(octet));
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (let at = 0; at < 10; at++) expect((await client.next())?.payload.toString()).toBe(`ping ${at}`);
  });

  test.each(['', 'nobody asked'])('an unsolicited pong is nothing: %s', async (payload) => {
    const { open, untouched } = shared;
    const client = await open(kind);
    client.say(wsFrame(pong, payload), wsFrame(ping, 'a'), wsFrame(pong, payload), wsFrame(ping, 'b'));
    expect((await client.next())?.payload.toString()).toBe('a');
    expect((await client.next())?.payload.toString()).toBe('b');
    await untouched();
  });

  // Section 5.5.3 allows to answer the last alone.
  test('20 000 pings of somebody who reads: the last is answered, and the connection goes on', async () => {
    const { open, untouched } = shared;
    const client = await open(kind);
    if (kind.login !== '') client.say(wsFrame(text, kind.login));
    const count = 20_000;
    for (let from = 0; from < count; from += 1000) {
      client.say(...Array.from({ length: 1000 }, (_, at) => wsFrame(ping, String(from + at))));
    }
    await client.until(({ payload }) => payload.toString() === String(count - 1));
    const answers = client.frames.filter(({ opcode }) => opcode === pong).map(({ payload }) => Number(payload));
    expect(answers).toEqual([...answers].sort((a, b) => a - b));
    client.say(wsFrame(text, kind.add(2, 3)));
    await client.until(hasResult(5));
    await untouched();
  });

  test('a flood of somebody who does not read: next to nothing is held, and in the end it is cut', async () => {
    const clock = new ManualClock();
    const { house, open, untouched } = await webSocketHouse({ clock });
    const serverSide = acceptedBy(house.port);
    const client = await open(kind);
    const socket = serverSide().at(-1)!;
    if (kind.login !== '') client.say(wsFrame(text, kind.login));
    // More than the system takes in for somebody who does not read: from then on whatever is said waits here.
    client.say(wsFrame(text, kind.call('house.echo', { value: 'x'.repeat(15_000_000) })));
    await until(() => socket.writableLength > 0);
    const before = socket.writableLength;
    const flood = Buffer.concat(Array.from({ length: 20_000 }, () => wsFrame(ping, byte)));
    const read = socket.bytesRead;
    client.socket.write(flood);
    await until(() => socket.bytesRead >= read + flood.length);
    expect(socket.writableLength).toBeGreaterThan(before);
    expect(socket.writableLength).toBeLessThan(before + 64 * 1024);
    await untouched();
    await clock.run(300_000, 10_000);
    await until(() => socket.destroyed);
  });
});

/** The sockets of a server, as they come in. */
function acceptedBy(port: number): () => Socket[] {
  const sockets: Socket[] = [];
  const watch = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    if (socket.localPort === port) sockets.push(socket);
  };
  subscribe('net.server.socket', watch);
  onTestFinished(() => void unsubscribe('net.server.socket', watch));
  return () => sockets;
}
