export { type Access, type Authenticate, type Authorize, type Credentials, sameSecret } from './access.js';
export type { Outcomes } from './acceptor.js';
export { connect, type NodeConnectOptions } from './connect.js';
export { selfSigned, type SelfSignedOptions, type KeyPair } from './certificate.js';
export { defaultPort, type NodeDialOptions } from './dial-url.js';
export { createServer, Server, type ServerAddress } from './server.js';
export type { ListenOptions, ServerOptions, ServerTlsOptions } from './server-options.js';
export { type Origin, Session } from './session.js';
