// Names that nobody can guess, and the randomness of delays.

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number;

/** 128 random bits in 28 letters and digits; safe in destinations and headers. */
export function randomName(): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (bits) => bits.toString(36).padStart(7, '0')).join('');
}
