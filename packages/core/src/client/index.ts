export { checkConnect, type ConnectOptions } from './connect-options.js';
export { Client, type ClientOptions, type ServiceOptions } from './client.js';
export { type EventItem, EventStream, type EventsOptions } from './event-stream.js';
export { type Contract, remote, type Remote, type UntypedRemote } from './remote.js';
export { DeliveryStream } from './delivery-stream.js';
export { type Credentials, type RetryInfo, StompBroker, type StompBrokerOptions } from './stomp-broker.js';
export { type ClientOptionsOverStomp, type ClientState, connectClient, StompClient } from './stomp-client.js';
export { type StompSubscribeOptions, StompSubscription } from './stomp-subscription.js';
export { type PlainMessage, StompTransaction } from './stomp-transaction.js';
