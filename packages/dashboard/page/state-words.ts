// What each state of the connection is called on this page.

import type { ConnectionState } from './standing.js';

export const stateWords: Record<ConnectionState, string> = {
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  refused: 'Not logged in',
  closed: 'Closed',
};
