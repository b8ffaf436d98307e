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
export {
  type Access,
  type Authenticate,
  type Authorize,
  type Credentials,
  knownLogins,
  type LoginTerms,
  sameSecret,
} from './access.js';
export type { Outcomes } from './rejections.js';
export { readAddress } from './address.js';
export { connect, type NodeConnectOptions, type OvirtUrl } from './connect.js';
export { connectOvirt } from './ovirt/client/connect.js';
export { type OvirtEvent, type OvirtEventsOptions, OvirtEventStream } from './ovirt/client/event-stream.js';
export type { OvirtCallOptions } from './ovirt/client/host-calls.js';
export type { OvirtConnectOptions } from './ovirt/client/options.js';
export { OvirtClient } from './ovirt/client/ovirt-client.js';
export type { RetryPolicy } from './ovirt/client/repeats.js';
export { selfSigned, type SelfSignedOptions, type KeyPair } from './certificate.js';
export { defaultPort, type NodeDialOptions } from './dial-url.js';
export { loopbackHosts } from './http/host.js';
export { defaultServerLimits, type ServerLimits } from './limits.js';
export type { OvirtDialect, OvirtNames } from './ovirt/names.js';
export { createServer, Server, type ServerAddress } from './server.js';
export {
  type DrainOptions,
  isHost,
  isLoopback,
  isOrigin,
  type ListenOptions,
  type ServerOptions,
  type ServerTlsOptions,
} from './server-options.js';
export { type ClientCertificate, type Origin, Session, type TlsOrigin } from './session.js';
