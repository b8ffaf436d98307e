// Runs the targets in a thread, and sees to it that no case takes for ever.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { keep } from './corpus.js';
import { Progress } from './progress.js';
import type { Result } from './result.js';
import type { WorkerData } from './worker.js';

/** The longest that a case may take, milliseconds. */
const LONGEST_CASE = 3000;
const LOOK = 250;

export interface Work extends Omit<WorkerData, 'progress'> {
  /** Where the bundles are. */
  outdir: string;
  tell(result: Result): void;
}

/** Runs all; a thread that hangs is ended, and another goes on with the next target. */
export async function runTargets(work: Work): Promise<Result[]> {
  const results: Result[] = [];
  let left = [...work.names];
  while (left.length > 0) {
    await runThread({ ...work, names: left }, (result) => {
      results.push(result);
      work.tell(result);
      left = left.filter((name) => name !== result.target);
    });
  }
  return results;
}

function runThread(work: Work, done: (result: Result) => void): Promise<void> {
  const { outdir, names, time, seed, corpus } = work;
  const progress = new Progress();
  const data: WorkerData = { names, time, seed, corpus, progress: progress.memory };
  const worker = new Worker(join(outdir, 'worker.mjs'), {
    workerData: data,
    execArgv: ['--enable-source-maps'],
  });
  const begin = performance.now();
  let current = names[0];
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
      current = names[names.indexOf(result.target) + 1];
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
