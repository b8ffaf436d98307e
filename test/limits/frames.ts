// Limits on the frames of STOMP, and on what a connection may have open.

import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import { frame, login, request } from '../fixtures/raw.js';
import type { Crossings } from './crossing.js';
import { expectError, post, stompTalk, talk, webSocketTalk } from './talk.js';

type Names =
  | 'headerLine'
  | 'headerCount'
  | 'frameHead'
  | 'body'
  | 'leadingEols'
  | 'subscriptions'
  | 'transactions'
  | 'transactionBytes'
  | 'connectTime'
  | 'frameTime';

const begin = (transaction: string): string => frame('BEGIN', { transaction });
const subscribe = (id: string): string => frame('SUBSCRIBE', { id, destination: '/topic/a' });

export const frameCrossings: Crossings<Names> = {
  headerLine: {
    value: 100,
    cross: async ({ house }) => {
      const line = 'x'.repeat(101 - 'pad:'.length);
      await expectError(house, frame('SEND', { pad: line }), 'ERR_HEADER_LINE', 'headerLine');
      // As soon as it is too long, whether it ends or not.
      await expectError(house, `SEND\npad:${line}`, 'ERR_HEADER_LINE', 'headerLine');
      const client = await stompTalk(house);
      client.say(frame('SEND', { destination: '/topic/a', pad: line.slice(1), receipt: 'fits' }));
      await client.hears(/receipt-id:fits/);
    },
  },
  headerCount: {
    value: 5,
    cross: async ({ house }) => {
      const headers = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`x-${at}`, '1']));
      await expectError(house, frame('SEND', headers), 'ERR_HEADER_COUNT', 'headerCount');
    },
  },
  frameHead: {
    value: 400,
    cross: async ({ house }) => {
      await expectError(house, `SEND\n${'pad:xxxxxxxxxxxx\n'.repeat(25)}`, 'ERR_FRAME_HEAD', 'frameHead');
      const stranger = await webSocketTalk(house, ['v12.stomp']);
      stranger.socket.send('x'.repeat(200_000));
      await until(() => stranger.code === 1009);
    },
  },
  body: {
    value: 1000,
    cross: async ({ house }) => {
      const headers = { destination: '/topic/a', 'content-length': '1001' };
      await expectError(house, frame('SEND', headers), 'ERR_BODY', 'body');
      await expectError(house, frame('SEND', { destination: '/topic/a' }, 'x'.repeat(1001)), 'ERR_BODY', 'body');
      const large = request('house.echo', { value: 'x'.repeat(1000) });
      expect(await post(house, large)).toMatch(/^HTTP\/1\.1 413 [^]*limits\.body/);
      const messages = await webSocketTalk(house);
      messages.socket.send(large);
      await until(() => messages.code === 1009);
      const lines = await talk(house);
      lines.say(large + '\n');
      expect(await lines.end()).toMatch(/"code":-32000,[^\n]*limits\.body/);
    },
  },
  leadingEols: {
    value: 2,
    cross: async ({ house }) => {
      const client = await talk(house);
      client.say('\n\r\n\n' + login);
      expect(await client.end()).toBe('');
      const patient = await talk(house);
      patient.say('\n\r\n' + login);
      await patient.hears(/^CONNECTED\n/);
      const inside = await webSocketTalk(house, ['v12.stomp']);
      inside.socket.send('\n\n\n' + login);
      await until(() => inside.code !== 0);
      expect(inside.text).toMatch(/^ERROR\n[^]*error-code:ERR_LEADING_EOLS\n/);
    },
  },
  subscriptions: {
    value: 2,
    cross: ({ house }) =>
      expectError(house, ['1', '2', '3'].map(subscribe).join(''), 'ERR_SUBSCRIPTIONS', 'subscriptions'),
  },
  transactions: {
    value: 2,
    cross: async ({ house }) => {
      await expectError(house, ['1', '2', '3'].map(begin).join(''), 'ERR_TRANSACTIONS', 'transactions');
      const client = await stompTalk(house);
      client.say(begin('1') + begin('2') + frame('ABORT', { transaction: '1' }) + begin('3'));
      await client.settled();
    },
  },
  transactionBytes: {
    value: 2000,
    cross: async ({ house }) => {
      const send = frame('SEND', { destination: '/queue/a', transaction: 't' }, 'x'.repeat(800));
      await expectError(house, begin('t') + send.repeat(3), 'ERR_TRANSACTION_BYTES', 'transactionBytes');
    },
  },
  connectTime: {
    value: 3000,
    cross: async ({ house, clock }) => {
      const client = await talk(house);
      client.say('CONNECT\naccept-version:1.2\n');
      await until(() => house.server.outcomes!.stomp > 1);
      for (let second = 0; second < 3; second++) {
        client.say('x:1\n');
        clock.advance(1000);
      }
      expect(await client.end()).toMatch(/^ERROR\n[^]*error-code:ERR_CONNECT_TIME\n/);
    },
  },
  frameTime: {
    value: 3000,
    cross: async ({ house, clock }) => {
      const part = 'x'.repeat(8000);
      const before = clock.pending;
      const stomp = await stompTalk(house);
      const lines = await talk(house);
      lines.say(`${request('house.add', { a: 1, b: 1 })}\n`);
      await lines.hears(/"result":2/);
      const messages = await webSocketTalk(house);
      messages.socket.send(request('house.add', { a: 1, b: 1 }));
      await until(() => messages.text.includes('"result":2'));
      const idle = clock.pending;
      expect(idle).toBeGreaterThanOrEqual(before);
      stomp.say(`SEND\ndestination:/topic/a\ncontent-length:20000\n\n${part}`);
      lines.say(`{"${part}`);
      messages.socket.send(part, { fin: false });
      await until(() => clock.pending === idle + 3);
      clock.advance(2999);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect([stomp.isOver, lines.isOver, messages.code]).toEqual([false, false, 0]);
      clock.advance(1);
      expect(await stomp.end()).toMatch(/\nerror-code:ERR_FRAME_TIME\n[^]*limits\.frameTime/);
      expect(await lines.end()).toMatch(/"code":-32000[^]*limits\.frameTime/);
      await until(() => messages.code === 1009);
    },
  },
};
