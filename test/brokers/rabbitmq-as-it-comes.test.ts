// Our client against RabbitMQ as it comes, which sends text messages by WebSocket; and with TLS.

import { afterAll, beforeAll } from 'vitest';
import { foreignListeners } from '../suites/foreign-broker.js';
import { startRabbitmqAsItComes, traits } from './rabbitmq.js';
import type { TestBroker } from './test-broker.js';

let broker: TestBroker;
beforeAll(async () => {
  broker = await startRabbitmqAsItComes();
}, 300_000);
afterAll(() => broker.stop());

foreignListeners({ ...traits, running: () => broker, transports: ['ws', 'tls', 'wss'], textOnly: ['ws', 'wss'] });
