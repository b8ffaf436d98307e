// Our client against RabbitMQ: all that a broker promises, and all that users of the client do.

import { afterAll, beforeAll } from 'vitest';
import { brokerSuite } from '../../packages/core/test/suites/broker.js';
import { foreignBroker } from '../suites/foreign-broker.js';
import { startRabbitmq, traits } from './rabbitmq.js';
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

foreignBroker({ ...traits, running: () => broker, transports: ['tcp', 'ws'] });
