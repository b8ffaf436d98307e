export * from './broker.js';
export * from './destination.js';
export {
  EmbeddedBroker,
  type EmbeddedBrokerOptions,
  type BrokerLimits,
  EmbeddedLink,
  type LinkOptions,
} from './embedded.js';
export { History } from './history.js';
export { TopicTree } from './topics.js';
export { WorkQueue } from './work-queue.js';
