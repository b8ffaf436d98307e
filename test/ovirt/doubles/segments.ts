// Where TCP may cut what is written while more is under way: at a network's segment size, at that of the loopback, anywhere.

import type { Segments } from './java-connection.js';

/** The same length again and again. */
export const ofLength =
  (length: number): Segments =>
  () =>
    length;

/** Lengths from 1 to `longest`, the same ones for the same seed. */
export function atRandom(seed: number, longest = 3000): Segments {
  let state = seed;
  return () => {
    // Numerical Recipes' generator: its high bits are random enough.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 + Math.floor((state / 2 ** 32) * longest);
  };
}
