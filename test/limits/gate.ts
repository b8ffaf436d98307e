// Limits on connections that have not shown yet what they are, and on those that there may be.

import { once } from 'node:events';
import { connect as connectSocket, Socket } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { closed, dialled, dialledTls, until } from '../../packages/node/test/fixtures/sockets.js';
import { login } from '../fixtures/raw.js';
import type { Crossings, Stage } from './crossing.js';
import { stompTalk, talk, webSocketTalk } from './talk.js';

type Names =
  | 'connections'
  | 'connectionsPerAddress'
  | 'unauthenticated'
  | 'sniffBytes'
  | 'sniffTime'
  | 'handshakeTime'
  | 'fragments'
  | 'tcpKeepAlive';

/** With the one beside there is room for one more; the one behind that is closed, until a place is free. */
async function oneMore({ house }: Stage, limit: 'connections' | 'connectionsPerAddress'): Promise<void> {
  const client = await stompTalk(house);
  await closed(await dialled(house.port));
  expect(house.server.outcomes).toMatchObject({ [limit]: 1 });
  client.socket.destroy();
  await until(() => house.server.sessions.size === 1);
  await stompTalk(house);
}

export const gateCrossings: Crossings<Names> = {
  connections: { value: 2, cross: (stage) => oneMore(stage, 'connections') },
  connectionsPerAddress: {
    value: 2,
    cross: async (stage) => {
      await oneMore(stage, 'connectionsPerAddress');
      // Loopback is more than one address.
      const elsewhere = connectSocket({ port: stage.house.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
      onTestFinished(() => void elsewhere.destroy());
      elsewhere.write(login);
      await once(elsewhere, 'data');
    },
  },
  unauthenticated: {
    value: 2,
    cross: async ({ house }) => {
      const strangers = [await dialled(house.port), await dialled(house.port)];
      // Both have been accepted by the time the third one is.
      await closed(await dialled(house.port));
      expect(house.server.outcomes).toMatchObject({ unauthenticated: 1 });
      strangers[0]!.write(login);
      await once(strangers[0]!, 'data');
      await stompTalk(house);
    },
  },
  sniffBytes: {
    value: 20,
    cross: async ({ house }) => {
      const client = await talk(house);
      for (let at = 0; at < 20; at++) client.say(' ');
      expect(await client.end()).toBe('');
      // In one piece it is no other thing.
      const other = await talk(house);
      other.say(' '.repeat(20) + '{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}\n');
      expect(await other.end()).toBe('');
      const patient = await talk(house);
      patient.say(' '.repeat(19) + '{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}\n');
      await patient.hears(/"result"/);
      expect(house.server.outcomes).toMatchObject({ unknown: 2, jsonrpc: 1 });
    },
  },
  sniffTime: {
    value: 2000,
    cross: async ({ house, clock }) => {
      const before = clock.pending;
      const [silent, dribbling] = [await talk(house), await talk(house)];
      await until(() => clock.pending === before + 2);
      clock.advance(1000);
      dribbling.say('CONN');
      clock.advance(999);
      expect(silent.isOver).toBe(false);
      clock.advance(1);
      expect([await silent.end(), await dribbling.end()]).toEqual(['', '']);
      const secured = await dialledTls(house.port, { maxVersion: 'TLSv1.2' });
      await until(() => clock.pending === before + 1);
      clock.advance(2000);
      await closed(secured);
      expect(house.server.outcomes).toMatchObject({ timeout: 3 });
    },
  },
  handshakeTime: {
    value: 3000,
    cross: async ({ house, clock }) => {
      const client = await talk(house);
      client.say('\x16\x03\x01\x02\0\x01');
      await until(() => house.server.outcomes!.tls === 1);
      clock.advance(2999);
      client.say('\0');
      expect(client.isOver).toBe(false);
      clock.advance(1);
      expect(await client.end()).toBe('');
      expect(house.server.outcomes).toMatchObject({ handshakeTimeout: 1 });
    },
  },
  fragments: {
    value: 3,
    cross: async ({ house }) => {
      const client = await webSocketTalk(house);
      const [first = '', ...others] = '{"jsonrpc":"2.0","id":1,"method":"rpc.methods"}'.match(/.{1,16}/g)!;
      const say = (): void => {
        client.socket.send(first, { fin: false });
        others.forEach((part, at) => client.socket.send(part, { fin: at === others.length - 1 }));
      };
      say();
      await until(() => client.text.includes('"result"'));
      for (let at = 0; at < 4; at++) client.socket.send('x', { fin: false });
      await until(() => client.code === 1008);
    },
  },
  tcpKeepAlive: {
    value: 7000,
    cross: async ({ house }) => {
      // Whether the probes go unanswered is between the two systems; what we see to is that they are sent.
      const set = vi.spyOn(Socket.prototype, 'setKeepAlive');
      onTestFinished(() => set.mockRestore());
      await stompTalk(house);
      await webSocketTalk(house);
      const [plain, webSocket] = set.mock.calls.filter(([, delay]) => delay === 7000);
      expect([plain, webSocket]).toEqual([
        [true, 7000],
        [true, 7000],
      ]);
    },
  },
};
