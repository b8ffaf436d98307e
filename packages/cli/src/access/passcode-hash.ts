// Passcodes as they are stored: salted and hashed by scrypt (RFC 7914), in the form that others write too,
// `$scrypt$ln=14,r=8,p=1$<salt>$<hash>`.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** What one hash costs: 2^ln × r × 128 bytes, and p times that work. */
interface Cost {
  ln: number;
  r: number;
  p: number;
}

/** 16 MiB, and a few hundredths of a second: what a server can bear when all its clients come back at once. */
const usualCost: Cost = { ln: 14, r: 8, p: 1 };

/** Whoever writes the file may ask for more, but not for all there is. */
const MOST_MEMORY = 256 * 1024 * 1024;
const MOST_ROUNDS = 16;

const HASH_LENGTH = 32;
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{6,88})\$([A-Za-z0-9+/]{22,88})$/;

export class PasscodeHash {
  private constructor(
    /** As it is stored. */
    readonly text: string,
    private readonly cost: Cost,
    private readonly salt: Buffer,
    private readonly hash: Buffer,
  ) {}

  /** Hashes a passcode with a new salt. */
  static async of(passcode: string, cost: Cost = usualCost): Promise<PasscodeHash> {
    const salt = randomBytes(16);
    return PasscodeHash.from(cost, salt, await derive(passcode, cost, salt, HASH_LENGTH));
  }

  /** The hash of no passcode at all: to check one against it takes as long as against any other, and fails. */
  static ofNothing(like?: PasscodeHash): PasscodeHash {
    return PasscodeHash.from(like?.cost ?? usualCost, randomBytes(16), randomBytes(HASH_LENGTH));
  }

  /** Reads a stored hash; undefined if it is none, or asks for more memory or time than a login may take. */
  static read(text: string): PasscodeHash | undefined {
    const match = FORM.exec(text);
    if (match === null) return undefined;
    const [ln, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
    const isBearable = ln > 0 && r > 0 && p > 0 && memoryOf({ ln, r, p }) <= MOST_MEMORY && p <= MOST_ROUNDS;
    if (!isBearable) return undefined;
    return new PasscodeHash(text, { ln, r, p }, Buffer.from(match[4]!, 'base64'), Buffer.from(match[5]!, 'base64'));
  }

  /** Whether this is the passcode. Takes a thread and {@link Cost} memory for a while, whatever the answer. */
  async matches(passcode: string): Promise<boolean> {
    return timingSafeEqual(await derive(passcode, this.cost, this.salt, this.hash.length), this.hash);
  }

  private static from(cost: Cost, salt: Buffer, hash: Buffer): PasscodeHash {
    const { ln, r, p } = cost;
    return new PasscodeHash(`$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`, cost, salt, hash);
  }
}

function derive(passcode: string, cost: Cost, salt: Buffer, length: number): Promise<Buffer> {
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * memoryOf(cost) };
  return new Promise((resolve, reject) => {
    scrypt(passcode, salt, length, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}

function memoryOf({ ln, r, p }: Cost): number {
  return 128 * r * (2 ** ln + p + 2);
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
