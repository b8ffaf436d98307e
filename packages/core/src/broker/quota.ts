// How much may wait, in a chain of bounds: of one connection, of all from one address, of all together. One alone
// would let a single client use up what everybody needs.

import { LimitError } from '../errors.js';
import type { Limits } from '../limits.js';

export class Quota {
  /** The queues that exist because of its messages. */
  readonly queues = new Set<string>();
  private bytes = 0;

  constructor(
    private readonly limit: keyof Limits,
    private readonly most: number,
    private readonly parent?: Quota,
  ) {}

  /** What waits. */
  get used(): number {
    return this.bytes;
  }

  /** Takes room for something; throws LimitError ERR_QUEUE_FULL, and takes none, if there is not enough. */
  take(bytes: number): void {
    const full = this.firstFull(bytes);
    if (full !== undefined) {
      const text = `there is no room for this message: limits.${full.limit} is ${full.most} bytes`;
      throw new LimitError('ERR_QUEUE_FULL', text, full.limit);
    }
    this.add(bytes);
  }

  /** Gives room back. */
  release(bytes: number): void {
    this.add(-bytes);
  }

  private add(bytes: number): void {
    this.bytes += bytes;
    this.parent?.add(bytes);
  }

  private firstFull(bytes: number): Quota | undefined {
    return this.bytes + bytes > this.most ? this : this.parent?.firstFull(bytes);
  }
}
