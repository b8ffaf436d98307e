export { BrokerRpc, type BrokerRpcOptions } from './broker-rpc.js';
export { type CallOptions, Calls, type CallsOptions, type PendingCall } from './calls.js';
export { type AnswerTexts, Call, type Caller, type Envelope } from './call.js';
export { Deadlines, type Expiring } from './deadlines.js';
export { type Answer, Dispatcher, type DispatcherOptions, tooManyCalls } from './dispatcher.js';
export { lineChannel, type LineOptions } from './lines.js';
export * from './message.js';
export { type Handler, type Implementation, type Methods, MethodTable, type UntypedMethods } from './methods.js';
export { JsonRpcPeer, type JsonRpcPeerOptions } from './peer.js';
