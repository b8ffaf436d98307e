// What the fuzz harness keeps is replayed: good inputs, and all that once broke something.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cases } from '../fuzz/cases.js';
import { corpusOf, keptOf } from '../fuzz/corpus.js';
import { planOf } from '../fuzz/live/plan.js';
import { minimize } from '../fuzz/minimize.js';
import { LONGEST_INPUT } from '../fuzz/mutator.js';
import { bytesOf, octetsOf } from '../fuzz/target.js';
import { targets } from '../fuzz/targets/index.js';

const directory = join(import.meta.dirname, '../fuzz/corpus');

describe.each(targets)('$name', (target) => {
  const kept = keptOf(directory, target.name).map(({ file, bytes }) => [file, bytes] as const);
  const seeds = target.seeds.map((seed, at) => [`seed ${at}`, bytesOf(seed)] as const);

  test.each([...kept, ...seeds])('%s', async (_, input) => {
    await target.run(input);
  });

  test('a seed makes the same cases again, of which none is too long', async () => {
    const corpus = corpusOf(directory, target);
    const some = (seed: number): Uint8Array[] => {
      const made = cases(target, corpus, seed);
      return Array.from({ length: corpus.length + 200 }, () => made.next().value);
    };
    const first = some(7);
    expect(some(7)).toEqual(first);
    expect(some(8)).not.toEqual(first);
    expect(Math.max(...first.map(({ length }) => length))).toBeLessThanOrEqual(LONGEST_INPUT);
    for (const input of first.slice(corpus.length, corpus.length + 20)) await target.run(input);
  });
});

test('what breaks something is made shorter', async () => {
  const breaks = async (input: Uint8Array): Promise<boolean> => /a.*b/.test(octetsOf(input));
  const shortest = await minimize(bytesOf('xxxxaxxxxxxxxxbxx'), breaks, () => false);
  expect(octetsOf(shortest)).toBe('ab');
});

test('a case of the live server follows from its number', () => {
  expect(planOf(1, 2)).toEqual(planOf(1, 2));
  expect(planOf(1, 2)).not.toEqual(planOf(1, 3));
  expect(planOf(1, 2)).not.toEqual(planOf(2, 2));
});
