// Everything that is fuzzed within one process.

import type { Target } from '../target.js';
import { client } from './client.js';
import { authorization, clientHellos, detectors, originAndHost, proxyHeader } from './first-bytes.js';
import { jsonRpcDispatcher, jsonRpcPeer } from './json-rpc.js';
import { lines } from './lines.js';
import { ovirt } from './ovirt.js';
import { queuesModel } from './queues/index.js';
import { clientDecoder, serverDecoder } from './stomp-decoder.js';
import { stompSession } from './stomp-session.js';
import { webSocketPayload } from './websocket-payload.js';
import { xmlRpc } from './xml-rpc.js';

export const targets: readonly Target[] = [
  clientDecoder,
  serverDecoder,
  stompSession,
  ovirt,
  queuesModel,
  client,
  jsonRpcDispatcher,
  jsonRpcPeer,
  lines,
  detectors,
  proxyHeader,
  clientHellos,
  authorization,
  originAndHost,
  webSocketPayload,
  xmlRpc,
];
