// How long to wait before trying again: exponential, with full jitter, so that a thousand clients that lost the same
// server do not come back in the same moment. Pure: attempt and chance in, delay out.

import type { Random } from './random.js';

/** How long to wait before trying again. */
export interface BackoffOptions {
  /** The first wait is at most this, milliseconds. Default 500. */
  firstDelay?: number;
  /** No wait is longer than this, milliseconds. Default 30 000. */
  longestDelay?: number;
}

/** Milliseconds to wait before attempt `attempt`, counted from 1: anything from 0 to the doubled delay of before. */
export function backoff(attempt: number, random: Random, options: BackoffOptions = {}): number {
  const { firstDelay = 500, longestDelay = 30_000 } = options;
  const ceiling = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt - 1, 30));
  return random() * ceiling;
}
