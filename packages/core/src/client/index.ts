export { checkConnect, type ConnectOptions } from './connect-options.js';
export { Client, type ClientOptions, type ServiceOptions } from './client.js';
export { type EventItem, EventStream, type EventsOptions } from './event-stream.js';
export { type Contract, remote, type Remote, type UntypedRemote } from './remote.js';
export { DeliveryStream } from './delivery-stream.js';
export { BoundedIteration, type Gap } from './bounded-iteration.js';
export {
  type Connection,
  type Credentials,
  type KeepOptions,
  KeptConnection,
  type Making,
  type RetryInfo,
} from './kept-connection.js';
export { StompBroker, type StompBrokerOptions } from './stomp-broker.js';
export {
  type ClientOptionsOverStomp,
  type ClientState,
  clientState,
  connectClient,
  StompClient,
} from './stomp-client.js';
export {
  type AcknowledgeOptions,
  type StompDelivery,
  type StompSubscribeOptions,
  StompSubscription,
} from './stomp-subscription.js';
export { type PlainMessage, StompTransaction } from './stomp-transaction.js';
