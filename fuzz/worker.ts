// Runs targets in a thread of its own, one after the other, and says before each case what it is about to try: a case that
// never ends is known by that.

import { parentPort, workerData } from 'node:worker_threads';
import { cases } from './cases.js';
import { corpusOf, keep } from './corpus.js';
import { minimize } from './minimize.js';
import { Progress } from './progress.js';
import type { Result } from './result.js';
import type { Share } from './shares.js';
import type { Target } from './target.js';
import { targets } from './targets/index.js';

export interface WorkerData {
  shares: readonly Share[];
  seed: number;
  corpus: string;
  progress: SharedArrayBuffer;
}

/** How long may be spent on making an input shorter, milliseconds. */
const MINIMIZING = 5000;

const data = workerData as WorkerData;
const progress = new Progress(data.progress);
let rejected: unknown;
process.on('unhandledRejection', (reason) => (rejected = reason));

for (const { name, time } of data.shares) {
  const target = targets.find((one) => one.name === name)!;
  parentPort!.postMessage(await runTarget(target, time));
}

async function runTarget(target: Target, time: number): Promise<Result> {
  const { seed, corpus } = data;
  const begin = performance.now();
  let count = 0;
  for (const input of cases(target, corpusOf(corpus, target), seed)) {
    const error = await outcome(target, input);
    count++;
    const spent = performance.now() - begin;
    if (error !== undefined) {
      const isOver = (): boolean => performance.now() - begin > spent + MINIMIZING;
      const shortest = await minimize(input, async (shorter) => (await outcome(target, shorter)) !== undefined, isOver);
      const file = keep(corpus, target.name, shortest);
      const again = `npm run fuzz -- --only ${target.name} --replay ${file}`;
      const what = String((await outcome(target, shortest)) ?? error);
      return {
        target: target.name,
        cases: count,
        time: spent,
        failure: { what, file, again: `${again}  (seed ${seed})` },
      };
    }
    if (spent > time) return { target: target.name, cases: count, time: spent };
  }
  throw new Error('there are always more cases');
}

/** What does not hold. */
async function outcome(target: Target, input: Uint8Array): Promise<unknown> {
  progress.tell(input);
  rejected = undefined;
  try {
    const running = target.run(input);
    if (running !== undefined) {
      await running;
      // Rejections that nobody looked at are told of between turns.
      await new Promise((resolve) => setImmediate(resolve));
    }
  } catch (error) {
    return (error as Error).stack ?? error;
  }
  return rejected === undefined ? undefined : `a rejection that nobody looked at: ${String((rejected as Error).stack)}`;
}
