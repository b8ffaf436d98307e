// Our client against ActiveMQ: all that a broker promises, and all that users of the client do.

import { afterAll, beforeAll } from 'vitest';
import { brokerSuite } from '../../packages/core/test/suites/broker.js';
import { foreignBroker } from '../suites/foreign-broker.js';
import { startActivemq } from './activemq.js';
import { sharedEngine } from './shared-engine.js';
import type { TestBroker } from './test-broker.js';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startActivemq();
}, 300_000);
afterAll(() => broker.stop());

brokerSuite('ActiveMQ', () => sharedEngine(() => broker.urls['tcp']!), {
  lacks: ['redelivery', 'nack-in-transaction'],
  refused: { send: ['', '/topic/'], subscribe: [] },
});

foreignBroker({
  name: 'ActiveMQ',
  running: () => broker,
  transports: ['tcp'],
  hasVirtualHosts: false,
  refused: '',
  deadLetters: '/queue/ActiveMQ.DLQ',
  headers: {
    // It unescapes in 1.0 as well, which knows no escapes: what looks like one becomes a line of its own.
    '1.0': ['a:b', 'a\\b', 'grün 🚪', ''],
    '1.1': ['a:b', 'a\\b', 'a\\nb', 'a\nb', ' a ', 'grün 🚪', ''],
    '1.2': ['a:b', 'a\\b', 'a\\nb', 'a\nb', 'a\rb', ' a ', 'grün 🚪', ''],
  },
});
