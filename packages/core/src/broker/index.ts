export * from './broker.js';
export * from './destination.js';
export { EmbeddedBroker, type EmbeddedBrokerOptions, type BrokerLimits } from './embedded.js';
export { EmbeddedLink, type LinkOptions } from './embedded-link.js';
export { Consumer } from './consumer.js';
export { History } from './history.js';
export { Quota } from './quota.js';
export { TopicTree } from './topics.js';
export { type QueueHost, WorkQueue } from './work-queue.js';
