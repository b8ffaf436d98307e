// The command: first the targets within one process, as many at once as there are processors, then live servers, half of the time each. Tells what it tries, and
// for whatever does not hold how to see it again.

import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { live } from './live/index.js';
import { explain, line, type Result } from './result.js';
import { readSettings, type Settings } from './settings.js';
import { targets } from './targets/index.js';
import { runTargets } from './threads.js';

export interface Place {
  /** Of the repository. */
  root: string;
  /** Where the bundles are. */
  outdir: string;
}

/** Resolves with the exit code. */
export async function main(args: string[], place: Place): Promise<number> {
  let settings: Settings;
  try {
    settings = readSettings(args);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  const { only = '', seed, time, report } = settings;
  const chosen = targets.filter(({ name }) => name.includes(only));
  const names = chosen.map(({ name }) => name);
  const isLive = 'live'.includes(only);
  if (settings.replay !== undefined) return replay(names, settings.replay);
  if (names.length === 0 && !isLive) throw new Error(`there is no target with ${only} in its name`);
  console.log(`fuzzing for ${Math.round(time / 1000)} s, seed ${seed}`);
  const tell = (result: Result): void => console.log(line(result));
  const share = isLive && names.length > 0 ? time / 2 : time;
  const corpus = join(place.root, 'fuzz/corpus');
  const threads = availableParallelism();
  const results = await runTargets({ targets: chosen, time: share, threads, seed, corpus, outdir: place.outdir, tell });
  if (isLive) results.push(await runLive(settings, share, place, tell));
  const failed = results.filter(({ failure }) => failure !== undefined);
  for (const result of failed) console.error('\n' + explain(result));
  const counts = { passed: results.length - failed.length, failed: failed.length, skipped: 0 };
  if (report !== undefined) writeFileSync(report, JSON.stringify(counts));
  return failed.length > 0 ? 1 : 0;
}

async function runLive(
  { seed, from, cases }: Settings,
  time: number,
  { outdir }: Place,
  tell: (result: Result) => void,
): Promise<Result> {
  const result = await live({ seed, from, cases, time, outdir });
  tell(result);
  return result;
}

async function replay(names: readonly string[], file: string): Promise<number> {
  const target = targets.find(({ name }) => name === names[0]);
  if (target === undefined || names.length > 1)
    throw new Error(`--replay needs --only with the name of a target: ${names.join(', ')}`);
  await target.run(new Uint8Array(readFileSync(file)));
  console.log(`${target.name} holds for ${file}`);
  return 0;
}
