// A connection to a port where oVirt's dialect is spoken beside the ordinary one: whatever is said, it ends well and leaves
// nothing, in the table of subscriptions least of all.

import { SallyportError } from '@sallyport/core';
import { EmbeddedBroker } from '@sallyport/core/broker';
import { Dispatcher, MethodTable } from '@sallyport/core/jsonrpc';
import { ManualClock, memoryStreams, settled } from '@sallyport/core/testing';
import fc from 'fast-check';
import { defaultServerLimits } from '../../packages/node/src/limits.js';
import { serveBothDialects } from '../../packages/node/src/ovirt/connection.js';
import { ovirtNames } from '../../packages/node/src/ovirt/names.js';
import { OvirtSubscriptions } from '../../packages/node/src/ovirt/subscriptions.js';
import { bytesOf, check, octetsOf, pieces, type Target, withTime } from '../target.js';
import { clientFrames, stompWords } from './stomp-words.js';

const limits = {
  ...defaultServerLimits,
  headerLine: 300,
  headerCount: 20,
  frameHead: 1000,
  body: 3000,
  subscriptions: 5,
};

export const ovirtWords = [
  ...stompWords,
  'jms.topic.vdsm_requests',
  'jms.queue.events',
  'jms.topic.vdsm_responses',
  'reply-to:r1\n',
  'destination:r1.a\n',
  '[{"jsonrpc":"2.0","method":"echo","id":1}]',
  '{"jsonrpc":"2.0","method":"echo","id":null}',
];

const greetings = [
  'CONNECT\naccept-version:1.2\nheart-beat:0,1000\n\n\0',
  'CONNECT\naccept-version:1.2\nheart-beat:9,0\nhost:h\n\n\0',
  '',
];
const subscribe = 'SUBSCRIBE\ndestination:r1\nid:1\n\n\0';
const request =
  'SEND\ndestination:jms.topic.vdsm_requests\nreply-to:r1\n\n{"jsonrpc":"2.0","method":"echo","id":"a"}\0';

export const ovirt: Target = {
  name: 'ovirt',
  weight: 2,
  words: ovirtWords,
  seeds: greetings.flatMap((greeting) => [
    greeting + subscribe + request + 'UNSUBSCRIBE\nid:1\n\n\0DISCONNECT\nreceipt:1\n\n\0',
    greeting + subscribe + 'SEND\ndestination:r1.a\n\nx\0SEND\ndestination:none\n\nx\0',
    greeting + 'SUBSCRIBE\ndestination:/queue/a\nid:1\n\n\0SEND\ndestination:/queue/a\n\nx\0',
  ]),
  inputs: fc
    .tuple(fc.constantFrom(...greetings, ...greetings.map((one) => one + subscribe)), clientFrames)
    .map(([greeting, rest]) => bytesOf(greeting + rest)),

  async run(input) {
    const clock = new ManualClock();
    const broker = new EmbeddedBroker({ clock, limits });
    const subscriptions = new OvirtSubscriptions();
    const methods = new MethodTable();
    methods.add({ echo: (params: unknown) => params });
    const [client, server] = memoryStreams();
    const ended = serveBothDialects(server, {
      stomp: { sessionId: 's', clock, limits, authenticate: () => broker.link() },
      names: ovirtNames,
      subscriptions,
      dispatcher: new Dispatcher(methods, { clock, limits }),
      caller: { running: new Map() },
      permit: () => undefined,
      needsNoConnect: true,
      secure: input.length % 2 === 0,
      clock,
      limits,
    });
    for (const chunk of pieces(input)) client.send(chunk);
    await settled();
    clock.advance(1000);
    await settled();
    await client.close();
    const outcome = await withTime(clock, ended);
    check(outcome === undefined || outcome instanceof SallyportError, `it ended with ${String(outcome)}`);
    check(outcome === undefined || outcome.code !== 'ERR_INTERNAL', `an internal error: ${String(outcome?.cause)}`);
    const said = octetsOf(Buffer.concat(server.sent));
    check(/^\n*$|\0\n*$/.test(said), 'the last frame has no end');
    check(subscriptions.isEmpty, 'subscriptions are left');
  },
};
