// What is fuzzed: something that takes bytes, and what must hold whatever they are.

import { type ManualClock, settled } from '@sallyport/core/testing';
import type { Arbitrary } from 'fast-check';
import { hashOf, Random } from './random.js';

export interface Target {
  readonly name: string;
  /** Words of its language. */
  readonly words: readonly string[];
  /** Good inputs to begin with; those of fuzz/corpus/<name>/ come beside. One character is one byte. */
  readonly seeds: readonly string[];
  /** Makes inputs that are well formed in great part. */
  readonly inputs?: Arbitrary<Uint8Array>;
  /** How much of the time it is worth. Default 1: more where a case takes long, less where there is little to try. */
  readonly weight?: number;
  /** Throws, or rejects, if something does not hold. What it does by chance must follow from the input. */
  run(input: Uint8Array): void | Promise<void>;
}

/** Something does not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** Checks that two things have the same JSON. */
export function checkSame(one: unknown, other: unknown, what: string): void {
  const [a, b] = [JSON.stringify(one), JSON.stringify(other)];
  check(a === b, `${what}: ${a.slice(0, 500)} and ${b.slice(0, 500)}`);
}

/** More than anything here may need, milliseconds. */
const LONG = 100_000;

/** Lets time pass until something has come about: who is given much to do at once waits for the others' turn. */
export async function withTime<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const note = (): void => void (isOver = true);
  promise.then(note, note);
  for (let time = 0; !isOver; time++) {
    check(time < LONG, 'it never ends');
    clock.advance(1);
    await settled();
  }
  return promise;
}

/** One character a byte. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** One byte a character. */
export function octetsOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** The input in pieces, differently for each input; some are empty. */
export function pieces(input: Uint8Array): Uint8Array[] {
  const random = new Random(hashOf(input));
  const cut: Uint8Array[] = [];
  const most = random.pick([1, 3, 20, 300, 5000]);
  for (let at = 0; at < input.length;) {
    const length = random.below(most + 1);
    cut.push(input.slice(at, at + length));
    at += length;
  }
  return cut;
}

/** Each byte alone. */
export function singleBytes(input: Uint8Array): Uint8Array[] {
  return Array.from(input, (byte) => Uint8Array.of(byte));
}
