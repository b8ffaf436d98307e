// In a page, over the page's own WebSocket.

import { Client as StompjsClient } from '@stomp/stompjs';
import { inject } from 'vitest';
import { bothWays } from '../../../test/suites/both-ways.js';
import { testClient } from './fixtures/test-client.js';

for (const scheme of ['ws', 'wss'] as const) {
  bothWays(`@stomp/stompjs on ${scheme}`, (options) => {
    const brokerURL = inject('houses').stompjs[scheme];
    return testClient(
      new StompjsClient({ brokerURL, reconnectDelay: 20, discardWebsocketOnCommFailure: true }),
      options,
    );
  });
}
