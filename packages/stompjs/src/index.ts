// JSON-RPC and events through a @stomp/stompjs client that somebody has already.

export { overStompjs, type OverStompjsOptions } from './over-stompjs.js';
export { StompjsBroker, type StompjsBrokerOptions } from './stompjs-broker.js';
