// Limits on calls and on JSON.

import { connect } from '@sallyport/node';
import { expect } from 'vitest';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import type { HouseApi } from '../fixtures/house-api.js';
import { frame, request, stompCall } from '../fixtures/raw.js';
import type { Crossings } from './crossing.js';
import { post, stompTalk, talk, webSocketTalk } from './talk.js';

type Names = 'calls' | 'pendingCalls' | 'jsonDepth' | 'batch';

/** As many arrays within each other. */
const arrays = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

export const callCrossings: Crossings<Names> = {
  calls: {
    value: 2,
    cross: async ({ house }) => {
      const client = await talk(house);
      for (const id of [1, 2, 3]) client.say(request('house.last', { key: 'calls' }, id) + '\n');
      await client.hears(/"id":3,"error":\{"code":-32000,[^\n]*limits\.calls/);
      client.say('{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}\n');
      await client.hears(/"id":1,"error":\{"code":-32800/);
      client.say(request('house.add', { a: 1, b: 1 }, 4) + '\n');
      await client.hears(/"id":4,"result":2/);
    },
  },
  pendingCalls: {
    value: 2,
    cross: async ({ house }) => {
      const client = await connect<HouseApi>(house.urls.tcp, { limits: { pendingCalls: 2 } });
      const calls = [1, 2].map(() => client.api.house.last({ key: 'pending' }));
      await expect(client.api.house.add({ a: 1, b: 1 })).rejects.toMatchObject({ code: 'ERR_PENDING_CALLS' });
      const settled = Promise.allSettled(calls);
      await client.close();
      expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
    },
  },
  jsonDepth: {
    value: 5,
    cross: async ({ house }) => {
      const deep = `{"jsonrpc":"2.0","id":1,"method":"house.echo","params":{"value":${arrays(4)}}}`;
      const refusal = /"id":null,"error":\{"code":-32700,[^]*limits\.jsonDepth/;
      const lines = await talk(house);
      lines.say(`${deep}\n${arrays(200_000)}\n${deep.replace('[]', '0')}\n`);
      await lines.hears(/"result":\{"value":\[\[\[0\]\]\]\}/);
      expect(lines.text.split('\n').map((line) => refusal.test(line))).toEqual([true, true, false, false]);
      expect(await post(house, deep)).toMatch(refusal);
      const messages = await webSocketTalk(house);
      messages.socket.send(deep);
      await until(() => refusal.test(messages.text));
      const stomp = await stompTalk(house);
      const headers = { destination: '/queue/rpc', 'reply-to': '/temp-queue/answers' };
      stomp.say(frame('SEND', headers, deep) + stompCall('house.add', { a: 1, b: 1 }, 2));
      await stomp.hears(/"result":2/);
      expect(stomp.text).toMatch(refusal);
    },
  },
  batch: {
    value: 2,
    cross: async ({ house }) => {
      const client = await talk(house);
      const batch = (count: number): string =>
        `[${Array.from({ length: count }, (_, at) => request('house.add', { a: at, b: 0 }, at)).join()}]\n`;
      client.say(batch(3) + batch(2));
      await client.hears(/^[^\n]*"code":-32600,[^\n]*limits\.batch[^\n]*\n\[[^\n]*"result":1/);
    },
  },
};
