export * from './port.js';
export * from './port-channel.js';
export * from './stream.js';
export * from './connect.js';
