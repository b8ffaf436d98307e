// What each state of the connection is called on this page.

import type { ConnectionState } from './connection.js';

export const stateWords: Record<ConnectionState, string> = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Closed',
};
