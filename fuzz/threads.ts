// Runs the targets in threads, and sees to it that no case takes for ever.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { keep } from './corpus.js';
import { Progress } from './progress.js';
import type { Result } from './result.js';
import type { Target } from './target.js';
import { type Share, shareOut } from './shares.js';
import type { WorkerData } from './worker.js';

/** The longest that a case may take, milliseconds. */
const LONGEST_CASE = 3000;
const LOOK = 250;

export interface Work {
  targets: readonly Target[];
  /** For all of them, milliseconds. */
  time: number;
  /** How many threads there may be at once. */
  threads: number;
  seed: number;
  /** Where inputs are kept. */
  corpus: string;
  /** Where the bundles are. */
  outdir: string;
  tell(result: Result): void;
}

/** Runs all. */
export async function runTargets(work: Work): Promise<Result[]> {
  const results: Result[] = [];
  const done = (result: Result): void => {
    results.push(result);
    work.tell(result);
  };
  await Promise.all(shareOut(work.targets, work.time, work.threads).map((shares) => runLane(work, shares, done)));
  return results;
}

/** One after the other; a thread that hangs is ended, and another goes on with the next target. */
async function runLane(work: Work, shares: readonly Share[], done: (result: Result) => void): Promise<void> {
  let left = [...shares];
  while (left.length > 0) {
    await runThread(work, left, (result) => {
      done(result);
      left = left.filter(({ name }) => name !== result.target);
    });
  }
}

function runThread(
  { outdir, seed, corpus }: Work,
  shares: readonly Share[],
  done: (result: Result) => void,
): Promise<void> {
  const progress = new Progress();
  const data: WorkerData = { shares, seed, corpus, progress: progress.memory };
  const worker = new Worker(join(outdir, 'worker.mjs'), {
    workerData: data,
    execArgv: ['--enable-source-maps'],
  });
  const begin = performance.now();
  let current = shares[0]?.name;
  let seen = { count: 0, at: begin };
  const fail = (what: string): void => {
    if (current === undefined) return;
    const file = keep(corpus, current, progress.input);
    const again = `npm run fuzz -- --only ${current} --replay ${file}`;
    done({ target: current, cases: progress.count, time: performance.now() - begin, failure: { what, file, again } });
    current = undefined;
    void worker.terminate();
  };
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      const { count } = progress;
      const now = performance.now();
      if (count !== seen.count) seen = { count, at: now };
      else if (count > 0 && now - seen.at > LONGEST_CASE) fail(`it takes longer than ${LONGEST_CASE} ms`);
    }, LOOK);
    worker.on('message', (result: Result) => {
      done(result);
      current = shares[shares.findIndex(({ name }) => name === result.target) + 1]?.name;
    });
    worker.on('error', (error) => fail(`the thread ended: ${String(error.stack)}`));
    worker.on('exit', () => {
      clearInterval(watch);
      // Nothing was left that could have gone on.
      fail('it waits for what never comes');
      resolve();
    });
  });
}
