// A large frame on a slow line takes longer than beats are apart: whoever is at the other end is alive all the same.

import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { connect } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';
import { startHouse } from '../fixtures/house.js';
import { frame } from '../fixtures/raw.js';
import { Opcode, RawWebSocket, wsFrame } from '../fixtures/raw-websocket.js';

/** A peer is dead after 800 ms. */
const beats = { leastHeartBeat: 100, leastGrace: 600, heartBeat: { outgoing: 200, incoming: 200 } };
/** What is sent takes longer than that, milliseconds. */
const TIME = 2000;
const PARTS = 20;

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

test.each(['a message', 'a message with pings between its fragments'])('octets of %s count as beats', async (how) => {
  const house = await startHouse(beats);
  onTestFinished(() => house.close());
  const client = await RawWebSocket.open(house.port, 'v12.stomp');
  onTestFinished(() => void client.socket.destroy());
  client.say(wsFrame(Opcode.text, frame('CONNECT', { 'accept-version': '1.2', host: 'h', 'heart-beat': '200,0' })));
  await client.until(({ payload }) => payload.includes('CONNECTED'));
  const text = frame('SEND', { destination: '/topic/a', receipt: 'arrived' }, 'x'.repeat(10_000));
  if (how === 'a message') {
    const octets = wsFrame(Opcode.text, text);
    const step = Math.ceil(octets.length / PARTS);
    for (let at = 0; at < octets.length; at += step) {
      client.socket.write(octets.subarray(at, at + step));
      await sleep(TIME / PARTS);
    }
  } else {
    client.say(wsFrame(Opcode.text, text.slice(0, 100), { fin: false }));
    for (let part = 0; part < PARTS; part++) {
      client.say(wsFrame(Opcode.ping));
      await sleep(TIME / PARTS);
    }
    client.say(wsFrame(Opcode.continuation, text.slice(100)));
  }
  const receipt = await client.until(({ opcode }) => opcode !== Opcode.pong);
  expect(receipt.payload.toString()).toContain('receipt-id:arrived');
});

test('a client gets what takes longer than its patience, in parts', async () => {
  const house = await startHouse(beats);
  onTestFinished(() => house.close());
  const port = await slowLine(house.port, 1_000_000);
  const client = await connect(`ws://127.0.0.1:${port}`, beats);
  onTestFinished(() => client.close());
  const states: string[] = [];
  client.onState((state) => states.push(state));
  const body = 'y'.repeat(TIME * 1000);
  house.server.implement({ large: () => body });
  expect((await client.call('large')) === body).toBe(true);
  expect(states).toEqual([]);
});

/** A port that passes on what a server says, so many bytes a second, and at once what its clients say. */
async function slowLine(serverPort: number, rate: number): Promise<number> {
  const sockets: Socket[] = [];
  const line = createServer((client) => {
    const server = connectSocket(serverPort, '127.0.0.1');
    sockets.push(
      client.on('error', () => {}),
      server.on('error', () => {}),
    );
    client.pipe(server);
    void (async () => {
      for await (const chunk of server as AsyncIterable<Buffer>) {
        client.write(chunk);
        await sleep((chunk.length / rate) * 1000);
      }
    })().catch(() => {});
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    line.close();
    sockets.forEach((socket) => socket.destroy());
  });
  return (line.address() as AddressInfo).port;
}
