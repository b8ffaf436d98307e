// What a thread is trying at the moment, for another one to see.

import { LONGEST_INPUT } from './mutator.js';

/** Inputs from fast-check are not cut, but are far shorter than this. */
const MOST = 4 * LONGEST_INPUT;
const HEAD = 8;

export class Progress {
  readonly memory: SharedArrayBuffer;
  private readonly numbers: Int32Array;
  private readonly bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(HEAD + MOST)) {
    this.memory = memory;
    this.numbers = new Int32Array(memory, 0, 2);
    this.bytes = new Uint8Array(memory, HEAD);
  }

  /** How many cases there have been. */
  get count(): number {
    return Atomics.load(this.numbers, 0);
  }

  get input(): Uint8Array {
    return this.bytes.slice(0, Atomics.load(this.numbers, 1));
  }

  tell(input: Uint8Array): void {
    const length = Math.min(input.length, MOST);
    this.bytes.set(input.subarray(0, length));
    Atomics.store(this.numbers, 1, length);
    Atomics.add(this.numbers, 0, 1);
  }
}
