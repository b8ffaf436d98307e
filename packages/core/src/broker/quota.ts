// How much may wait, in a chain of bounds: of one connection, of all from one address, of all together. One alone
// would let a single client use up what everybody needs.

import { LimitError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ConnectionRoom, Room } from '../room.js';
import { Allowance } from './allowance.js';

export class Quota implements ConnectionRoom {
  /** How many queues there are because of its messages. */
  queues = 0;
  private bytes = 0;
  // Out of sight, as it leads back here: a session may be printed as JSON.
  readonly #own = new Allowance(this);

  constructor(
    private readonly limit: keyof Limits,
    private readonly most: number,
    private readonly parent?: Quota,
  ) {}

  /** Where what ends with its connection is counted. */
  get own(): Room {
    return this.#own;
  }

  /** What waits. */
  get used(): number {
    return this.bytes;
  }

  /** Takes room for something; throws LimitError ERR_QUEUE_FULL, and takes none, if there is not enough. */
  take(bytes: number, what?: string): void {
    this.check(bytes, what);
    this.charge(bytes);
  }

  /** Takes room even if there is not enough: for what is there already. */
  charge(bytes: number): void {
    this.bytes += bytes;
    this.parent?.charge(bytes);
  }

  /** Throws LimitError ERR_QUEUE_FULL if there is not so much room. */
  check(bytes: number, what = 'this message'): void {
    const full = this.firstFull(bytes);
    if (full === undefined) return;
    const text = `there is no room for ${what}: limits.${full.limit} is ${full.most} bytes`;
    throw new LimitError('ERR_QUEUE_FULL', text, full.limit);
  }

  /** Gives room back. */
  release(bytes: number): void {
    this.charge(-bytes);
  }

  private firstFull(bytes: number): Quota | undefined {
    return this.bytes + bytes > this.most ? this : this.parent?.firstFull(bytes);
  }
}
