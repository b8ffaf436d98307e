// Limits by their names: those of the server, and what it wants of heart-beats.

import { defaultServerLimits, type ServerLimits, type ServerOptions } from '@sallyport/node';
import { didYouMean } from '../spelling.js';

/** Options of `createServer` that are limits to whoever sets them. */
const heartBeatLimits = ['leastHeartBeat', 'heartBeatGrace', 'leastGrace'] as const;

type HeartBeatLimits = Pick<ServerOptions, (typeof heartBeatLimits)[number]>;

const limitNames: readonly string[] = [...Object.keys(defaultServerLimits), ...heartBeatLimits];

export const knownLimits = `known are ${limitNames.join(', ')}`;

/** Ten times as late as agreed is no heart-beat any more. */
const MOST_GRACE = 10;

/** Limits as `createServer` takes them. */
export interface GivenLimits {
  limits: Partial<ServerLimits>;
  heartBeat: HeartBeatLimits;
}

/** Sorts limits by where `createServer` takes them; throws what is wrong with a name or a value. */
export function sortLimits(given: Iterable<readonly [name: string, value: number]>): GivenLimits {
  const sorted: GivenLimits = { limits: {}, heartBeat: {} };
  for (const [name, value] of given) {
    checkLimit(name, value);
    const isHeartBeat = (heartBeatLimits as readonly string[]).includes(name);
    Object.assign(isHeartBeat ? sorted.heartBeat : sorted.limits, { [name]: value });
  }
  return sorted;
}

/** Throws what is wrong with a limit's name or value. */
export function checkLimit(name: string, value: number): void {
  if (!limitNames.includes(name))
    throw new Error(`there is no limit ${name}${didYouMean(name, limitNames) || `; ${knownLimits}`}`);
  const isHeartBeat = (heartBeatLimits as readonly string[]).includes(name);
  if (name === 'heartBeatGrace' && value >= 0 && value <= MOST_GRACE) return;
  if (name !== 'heartBeatGrace' && Number.isSafeInteger(value) && value >= (isHeartBeat ? 0 : 1)) return;
  const kind = name === 'heartBeatGrace' ? `a share from 0 to ${MOST_GRACE}` : 'a whole number greater than 0';
  throw new Error(`${name} must be ${kind}, not ${value}`);
}
