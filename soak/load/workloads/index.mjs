// All parts of the load, by name.

import { calls } from './calls.mjs';
import { churn } from './churn.mjs';
import { events } from './events.mjs';
import { floods } from './floods.mjs';
import { halfClosed } from './half-closed.mjs';
import { httpCalls } from './http.mjs';
import { jsonRpc } from './json-rpc.mjs';
import { large } from './large.mjs';
import { queues } from './queues.mjs';
import { rawStomp } from './raw-stomp.mjs';
import { services } from './services.mjs';
import { silentPeers } from './silent-peers.mjs';
import { slowReaders } from './slow-readers.mjs';
import { transactions } from './transactions.mjs';

/** @type {Record<string, (setting: import('../setting.mjs').Setting) => Promise<void>>} each ends after `setting.over` */
export const workloads = {
  calls,
  events,
  queues,
  transactions,
  services,
  'raw-stomp': rawStomp,
  large,
  http: httpCalls,
  'json-rpc': jsonRpc,
  'slow-readers': slowReaders,
  floods,
  'half-closed': halfClosed,
  'silent-peers': silentPeers,
  churn,
};
