// What the fuzz harness keeps is replayed: good inputs, and all that once broke something.

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cases } from '../fuzz/cases.js';
import { corpusOf, keptOf } from '../fuzz/corpus.js';
import { type Plan, planOf } from '../fuzz/live/plan.js';
import { minimize } from '../fuzz/minimize.js';
import { LONGEST_INPUT } from '../fuzz/mutator.js';
import { shareOut } from '../fuzz/shares.js';
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

test('the cases of the live servers come to both, with TLS and without, by proxies and with every certificate', () => {
  const plans = Array.from({ length: 2000 }, (_, number) => planOf(1, number));
  const kinds = (of: (plan: Plan) => unknown[]): number => new Set(plans.map((plan) => of(plan).join())).size;
  expect(kinds(({ victim, isSecure, certificate }) => [victim, isSecure ? certificate : 'plain'])).toBe(2 * 4);
  expect(kinds(({ victim, isProxied, opening }) => [victim, isProxied, opening.length > 0])).toBe(2 * 2 * 2);
});

test('targets are shared out among threads: all of them once, each thread for the whole time, by weight', () => {
  for (const threads of [1, 2, 3, 100]) {
    const lanes = shareOut(targets, 30_000, threads);
    expect(lanes).toHaveLength(Math.min(threads, targets.length));
    expect(lanes.flatMap((lane) => lane.map(({ name }) => name)).sort()).toEqual(
      targets.map(({ name }) => name).sort(),
    );
    for (const lane of lanes) expect(lane.reduce((sum, { time }) => sum + time, 0)).toBeCloseTo(30_000);
  }
  const [lane] = shareOut([{ name: 'light', weight: 0.5 }, { name: 'usual' }, { name: 'heavy', weight: 2 }], 7000, 1);
  expect(lane).toEqual([
    { name: 'heavy', time: 4000 },
    { name: 'usual', time: 2000 },
    { name: 'light', time: 1000 },
  ]);
});
