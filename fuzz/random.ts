// Random numbers that a seed makes come again.

/** sfc32, by Chris Doty-Humphrey: small, quick, and good enough to choose what to try. */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private count = 1;

  constructor(...seed: readonly number[]) {
    this.a = 0x9e3779b9;
    this.b = 0x243f6a88;
    this.c = 0xb7e15162;
    for (const part of seed) {
      this.a ^= part | 0;
      this.b ^= Math.floor(part / 2 ** 32) | 0;
      for (let round = 0; round < 12; round++) this.next();
    }
    for (let round = 0; round < 12; round++) this.next();
  }

  /** 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.a + this.b + this.count++) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 to `most - 1`. */
  below(most: number): number {
    return most <= 1 ? 0 : Math.floor((this.next() / 2 ** 32) * most);
  }

  /** Whether one of `times` came true. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** Small numbers more often than large ones. */
  skewed(most: number): number {
    return this.below(this.below(most) + 1);
  }
}

/** A number for bytes (FNV-1a): what a case does by chance follows from its input alone. */
export function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
