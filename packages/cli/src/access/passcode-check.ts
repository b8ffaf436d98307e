// Whether a passcode is right. Few are checked at once, those that came from one address do not keep out the others, and
// an answer takes as long for a stranger as for a user.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@sallyport/core';
import { sameSecret } from '@sallyport/node';
import { PasscodeHash } from './passcode-hash.js';
import { Turns } from './turns.js';

/** Whoever has a passcode, hashed or plain. */
export interface PasscodeOwner {
  name: string;
  passcode?: PasscodeHash | string | undefined;
}

/** Each takes a thread of Node's four, and the memory that the hash asks for. */
const AT_ONCE = 2;
/** Each of them holds a connection, too, so this is seldom reached. */
const MOST_WAITING = 1000;

export class PasscodeCheck {
  private readonly turns: Turns;
  private stranger: PasscodeHash | string = PasscodeHash.ofNothing();
  /** Of each owner the passcode that was right last, sealed by a key that nobody else has: those who come back are many. */
  private readonly seals = new Map<string, { of: string; seal: Buffer }>();
  private readonly key = randomBytes(32);

  constructor({ connectTime = 10_000, clock }: { connectTime?: number | undefined; clock?: Clock | undefined } = {}) {
    this.turns = new Turns({ atOnce: AT_ONCE, waiting: MOST_WAITING, longest: connectTime, clock });
  }

  /** To be told of all owners whenever they change: what strangers are measured by, and what no longer holds. */
  forget(owners: readonly PasscodeOwner[]): void {
    const passcodes = owners.map(({ passcode }) => passcode).filter((passcode) => passcode !== undefined);
    const hash = passcodes.find((passcode) => typeof passcode === 'object');
    const isPlain = hash === undefined && passcodes.length > 0;
    this.stranger = isPlain ? randomBytes(16).toString('hex') : PasscodeHash.ofNothing(hash);
    const texts = new Map(owners.map(({ name, passcode }) => [name, typeof passcode === 'object' && passcode.text]));
    for (const [name, { of }] of this.seals) if (texts.get(name) !== of) this.seals.delete(name);
  }

  /** Whether the owner has this passcode. Rejects if too many ask. */
  async check(owner: PasscodeOwner | undefined, given: string, address: string): Promise<boolean> {
    const passcode = owner?.passcode ?? this.stranger;
    if (typeof passcode === 'string') return sameSecret(given, passcode) && owner?.passcode !== undefined;
    const sealed = owner && this.seals.get(owner.name);
    const seal = this.seal(given);
    if (sealed?.of === passcode.text && timingSafeEqual(sealed.seal, seal)) return true;
    const isRight = await this.turns.run(address, () => passcode.matches(given));
    if (!isRight || owner?.passcode !== passcode) return false;
    this.seals.set(owner.name, { of: passcode.text, seal });
    return true;
  }

  private seal(passcode: string): Buffer {
    return createHmac('sha256', this.key).update(passcode).digest();
  }
}
