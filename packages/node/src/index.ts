export * from './access.js';
export { connect, type NodeConnectOptions } from './connect.js';
export { defaultPort, type NodeDialOptions } from './dial-url.js';
export { Hub } from './hub.js';
export { socketStream } from './tcp.js';
