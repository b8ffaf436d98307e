// Names that nobody can guess, and the randomness of delays.

/** A number in [0, 1), as `Math.random`. */
export type Random = () => number;

/** 128 random bits in 22 letters; safe in destinations and headers. */
export function randomName(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  let name = '';
  for (const octet of crypto.getRandomValues(new Uint8Array(22))) name += alphabet[octet & 63]!;
  return name;
}
