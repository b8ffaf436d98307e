// What ends at a time of day: logins and messages, by the wall clock that a server is given.

import { ManualClock } from '@sallyport/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { createServer, type ServerOptions } from '../src/index.js';
import { dialled, until } from './fixtures/sockets.js';

/** Long past by the machine's own. */
const EPOCH = 1_000_000_000_000;

async function started(options: ServerOptions = {}) {
  const clock = new ManualClock();
  clock.advance(5000);
  const server = createServer({ clock, wallClock: () => EPOCH + clock.now(), ...options });
  onTestFinished(async () => {
    const hand = setInterval(() => clock.advance(1000), 5);
    await server.close().finally(() => clearInterval(hand));
  });
  const { port } = await server.listen({ port: 0 });
  return { server, clock, port };
}

/** A connection that says CONNECT, without heart-beats, and then that. */
async function connected(port: number, said = '') {
  const peer = { text: '' };
  const socket = await dialled(port);
  socket.on('data', (chunk: Buffer) => (peer.text += chunk.toString('latin1')));
  socket.write(`CONNECT\naccept-version:1.2\nhost:localhost\n\n\0${said}`);
  return peer;
}

test('a login ends by it', async () => {
  const authenticate: ServerOptions['authenticate'] = (_, { expires }) => {
    expires(EPOCH + 65_000);
    return 'ann';
  };
  const { server, clock, port } = await started({ authenticate });
  const peer = await connected(port);
  await until(() => server.sessions.size === 1 && peer.text.startsWith('CONNECTED'));
  expect([...server.sessions][0]).toMatchObject({ since: EPOCH + 5000, expires: EPOCH + 65_000 });
  clock.advance(59_999);
  expect(server.sessions.size).toBe(1);
  clock.advance(1);
  await until(() => peer.text.includes('error-code:ERR_AUTH_EXPIRED\n'));
});

test('a login that is over by it is refused', async () => {
  const authenticate: ServerOptions['authenticate'] = (_, { expires }) => {
    expires(EPOCH + 5000);
    return 'ann';
  };
  const { clock, port } = await started({ authenticate, limits: { loginPause: 10 } });
  const peer = await connected(port);
  // The refusal is kept back by the other clock.
  const hand = setInterval(() => clock.advance(1), 5);
  await until(() => peer.text !== '').finally(() => clearInterval(hand));
  expect(peer.text).toMatch(/^ERROR\n[^]*error-code:ERR_AUTH\n/);
});

test('a message is dropped by it', async () => {
  const { port } = await started();
  const send = (body: string, expires: number) => `SEND\ndestination:/queue/a\nexpires:${expires}\n\n${body}\0`;
  const subscribe = 'SUBSCRIBE\nid:1\ndestination:/queue/a\nreceipt:all\n\n\0';
  const peer = await connected(port, send('gone', EPOCH + 5000) + send('there', EPOCH + 6000) + subscribe);
  await until(() => peer.text.includes('receipt-id:all'));
  expect(peer.text).toContain('there\0');
  expect(peer.text).not.toContain('gone\0');
});
