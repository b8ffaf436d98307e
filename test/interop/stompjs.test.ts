// @stomp/stompjs in Node, with the WebSocket of `ws`.

import { Client, type IStompSocket } from '@stomp/stompjs';
import { afterAll, beforeAll } from 'vitest';
import { WebSocket } from 'ws';
import { type House, startHouse } from '../fixtures/house.js';
import { stockStompjs } from '../suites/stock-stompjs.js';

let house: House;
beforeAll(async () => {
  house = await startHouse({ leastHeartBeat: 20, leastGrace: 500, heartBeat: { outgoing: 50, incoming: 50 } });
});
afterAll(async () => {
  await house.close();
});

for (const scheme of ['ws', 'wss'] as const) {
  stockStompjs(scheme, (config) => {
    const open = () =>
      new WebSocket(house.urls[scheme], config.stompVersions.protocolVersions(), { ca: house.certificate });
    return new Client({ ...config, webSocketFactory: () => open() as unknown as IStompSocket });
  });
}
