export {
  AuthError,
  ConnectionError,
  LimitError,
  ProtocolError,
  RpcError,
  SallyportError,
  type Sent,
  TimeoutError,
} from '@sallyport/core';
export * from './port.js';
export * from './port-channel.js';
export * from './stream.js';
export * from './connect.js';
