// The cases of a target, one after the other: its corpus as it is, then what is made of it. A seed makes them come again.

import fc from 'fast-check';
import { mutate } from './mutator.js';
import { Random } from './random.js';
import { bytesOf, type Target } from './target.js';

/** Made by fast-check at once: to make one costs almost as much as to make many. */
const BATCH = 50;

export function* cases(target: Target, corpus: readonly Uint8Array[], seed: number): Generator<Uint8Array, never> {
  const random = new Random(seed, ...bytesOf(target.name));
  const material = { words: target.words.map(bytesOf), others: corpus };
  yield* corpus;
  for (;;) {
    const made =
      target.inputs === undefined ? [] : fc.sample(target.inputs, { seed: random.next() | 0, numRuns: BATCH });
    for (const input of made) yield random.oneIn(3) ? input : mutate(input, random, material);
    for (let left = corpus.length === 0 ? 0 : BATCH; left > 0; left--) {
      yield mutate(random.pick(corpus), random, material);
    }
  }
}
