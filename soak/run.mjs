// `npm run soak -- --minutes N [--seed S]`: everybody at once against one server, for as long as asked, with connections
// that break. Exit code 0 only if nothing was lost and nothing is left.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { buildIfStale } from '../scripts/setup.mjs';
import { isFulfilled } from './findings.mjs';
import { readOptions } from './options.mjs';
import { chartPage } from './report/chart.mjs';
import { makeProgress } from './report/progress.mjs';
import { summarize } from './report/summary.mjs';

let options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(error.message);
  process.exit(2);
}
buildIfStale();
// It uses the built packages, which may not have been there before.
const { soak } = await import('./driver.mjs');

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
console.log(`Soaking for ${options.minutes} min with seed ${options.seed}; Ctrl-C ends it early\n`);
const progress = makeProgress(process.stdout);
const outcome = await soak(options, { stop: stop.signal, on: (samples) => progress.show(samples) });
progress.end();

const file = resolve(options.chart);
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, chartPage(outcome, options));
console.log(`\n${summarize(outcome, options)}\nChart: ${file}`);

const failed = outcome.findings.filter((finding) => !isFulfilled(finding)).length;
const held = outcome.findings.length - failed;
if (options.report !== undefined) writeFileSync(options.report, JSON.stringify({ passed: held, failed, skipped: 0 }));
process.exitCode = failed === 0 ? 0 : 1;
