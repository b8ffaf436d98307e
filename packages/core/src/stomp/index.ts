export * from './client.js';
export { type ClientEffect, ClientSession, type ClientState } from './client-session.js';
export { Decoder, type DecoderLimits, type DecoderOptions } from './decoder.js';
export * from './frame.js';
export * from './heart-beat.js';
export { MessageEncoder } from './message-encoder.js';
export { serveStomp, type StompServerOptions } from './server.js';
export { type ServerEffect, ServerSession, type ServerSessionOptions, type ServerState } from './server-session.js';
export * from './version.js';
