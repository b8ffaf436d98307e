// Which thread runs which targets, and for how long each: as much as they are worth, and all threads for the same time.

import type { Target } from './target.js';

/** What one target gets. */
export interface Share {
  name: string;
  /** Milliseconds. */
  time: number;
}

type Worth = Pick<Target, 'name' | 'weight'>;

/** A list for each thread, of which each takes `time` in all. */
export function shareOut(targets: readonly Worth[], time: number, threads: number): Share[][] {
  const count = Math.min(threads, targets.length);
  const lanes = Array.from({ length: count }, () => ({ weight: 0, targets: [] as Worth[] }));
  const weightOf = ({ weight = 1 }: Worth): number => weight;
  // The heavy ones first: the light ones then fill up what is left.
  for (const target of targets.toSorted((a, b) => weightOf(b) - weightOf(a))) {
    const lane = lanes.reduce((least, other) => (other.weight < least.weight ? other : least));
    lane.targets.push(target);
    lane.weight += weightOf(target);
  }
  return lanes.map((lane) =>
    lane.targets.map((target) => ({ name: target.name, time: (time * weightOf(target)) / lane.weight })),
  );
}
