// @stomp/stompjs in a page, with the page's own WebSocket.

import { Client } from '@stomp/stompjs';
import { inject } from 'vitest';
import { stockStompjs } from '../../../test/suites/stock-stompjs.js';

for (const scheme of ['ws', 'wss'] as const) {
  stockStompjs(scheme, (config) => new Client({ ...config, brokerURL: inject('houses').stock[scheme] }));
}
