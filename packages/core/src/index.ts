// The shared vocabulary: what every other part is said in.

export { Arrivals, type Source } from './arrivals.js';
export { backoff, type BackoffOptions } from './backoff.js';
export type { ByteStream, Channel, MessageChannel } from './channel.js';
export { type Alarm, type Clock, systemClock } from './clock.js';
export { Deferred } from './deferred.js';
export { Departures, type DeparturesOptions, type Gate, type Piece } from './departures.js';
export * from './errors.js';
export { FairTurn } from './fair-turn.js';
export { HeaderList, type HeaderRecord } from './header-list.js';
export { jsonHeaders } from './json-headers.js';
export { defaultLimits, limitError, type Limits, receivedLimits } from './limits.js';
export { checkLimits, checkOptions, type OptionRules } from './options.js';
export { type Random, randomName } from './random.js';
export type { ConnectionRoom, Room } from './room.js';
export { type Body, bodyBytes, bodyLength, bodyText, decodeText, encodeText, textLength } from './text.js';
export { Unfinished, type UnfinishedOptions } from './unfinished.js';
