// Our client against RabbitMQ: all that a broker promises, and all that users of the client do.

import { afterAll, beforeAll } from 'vitest';
import { brokerSuite } from '../../packages/core/test/suites/broker.js';
import { foreignBroker } from '../suites/foreign-broker.js';
import { startRabbitmq } from './rabbitmq.js';
import { sharedEngine } from './shared-engine.js';
import type { TestBroker } from './test-broker.js';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startRabbitmq();
}, 300_000);
afterAll(() => broker.stop());

brokerSuite('RabbitMQ', () => sharedEngine(() => broker.urls['tcp']!), {
  lacks: ['own-temporary', 'return'],
  refused: { send: ['', '/nowhere/x', '/topic/'], subscribe: ['/nowhere/x', '/topic/'] },
});

foreignBroker({
  name: 'RabbitMQ',
  running: () => broker,
  transports: ['tcp', 'ws'],
  hasVirtualHosts: true,
  refused: '/nowhere/x',
  headers: {
    // It escapes and unescapes in 1.0 as well, which knows no escapes: a colon arrives as \\c, a backslash is an error.
    '1.0': ['plain', 'grün 🚪', ''],
    '1.1': ['a:b', 'a\\b', 'a\\nb', 'a\nb', ' a ', 'grün 🚪', ''],
    '1.2': ['a:b', 'a\\b', 'a\\nb', 'a\nb', 'a\rb', ' a ', 'grün 🚪', ''],
  },
});
