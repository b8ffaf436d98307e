export { type StompAckMode } from './acknowledgements.js';
export * from './client.js';
export { type ClientEffect, ClientSession, type ClientState } from './client-session.js';
export { Decoder, type DecoderOptions } from './decoder.js';
export { type DecoderLimits } from './head.js';
export * from './frame.js';
export * from './heart-beat.js';
export { MessageEncoder } from './message-encoder.js';
export { type BegunSession, serveStomp, type StompServerConnection, type StompServerOptions } from './server.js';
export type { ServerEffect } from './server-effect.js';
export { ServerSession, type ServerSessionOptions, type ServerState } from './server-session.js';
export {
  extrasOf,
  isImplied,
  refusalOf,
  replyAddress,
  type ServerKind,
  serverKind,
  spellExpiration,
  spellSubscribe,
} from './server-kind.js';
export { holdUnfinished } from './unfinished-frame.js';
export * from './version.js';
