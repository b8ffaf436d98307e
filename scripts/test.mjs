// `npm test`: everything there is to check, from a bare clone if need be.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { clearReports, countsOf, reportPath, summarize, writeCounts } from './reports.mjs';
import { fail, installDependencies, npm, provideTools, run } from './setup.mjs';
import { root } from './workspace.mjs';

const failedSteps = [];

installDependencies();
clearReports();
const { browser, withoutPackages } = provideTools();
if (!browser || withoutPackages.length > 0) {
  if (process.env.CI) fail('CI runs every suite: what was named above is required');
  if (!browser) writeCounts('no-browser', { skipped: 1 });
  writeCounts('no-packages', { skipped: withoutPackages.length });
}

// Nothing below means anything without the built packages.
step('build', () => npm(['run', '--silent', 'build:js']));
if (failedSteps.length === 0) {
  // Writes the declarations as well, which the package checks look at.
  step('typecheck', () => npm(['run', '--silent', 'typecheck']));
  step('lint', () => npm(['run', '--silent', 'lint']));
  step('unit-node', () => vitest('node'));
  step('unit-brokers', () => vitest('brokers'));
  if (browser) step('unit-browser', () => vitest('browser'));
  if (browser && hasTests('e2e')) step('e2e', playwright);
  step('fuzz', fuzz);
  step('soak', soak);
  step('packages', () => npm(['run', '--silent', 'check:packages']));
  if (hasTests('test/packed')) step('packed', () => vitest('packed'));
}

console.log();
if (failedSteps.length > 0) console.log(`Failed: ${failedSteps.join(', ')}`);
process.exitCode = summarize() && failedSteps.length === 0 ? 0 : 1;

/** Runs one step; its name is that of its report too. A step that fails without a failed test counts as one. */
function step(name, work) {
  console.log(`\n── ${name}`);
  if (work()) return;
  failedSteps.push(name);
  if (countsOf(name).failed === 0) writeCounts(`${name}-step`, { failed: 1 });
}

function vitest(project) {
  const report = reportPath(project === 'packed' ? 'packed' : `unit-${project}`);
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  return run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--project', project, ...reporters]);
}

/** The same cases each time: that new ones are found is for `npm run fuzz` by hand. */
function fuzz() {
  return run(process.execPath, ['fuzz/run.mjs', '--seconds', '60', '--seed', '1', '--report', reportPath('fuzz')]);
}

function soak() {
  const files = ['--report', reportPath('soak'), '--chart', join(root, '.reports/soak.html')];
  return run(process.execPath, ['soak/run.mjs', '--minutes', '1', ...files]);
}

function playwright() {
  const env = { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: reportPath('e2e') };
  return run(process.execPath, ['node_modules/@playwright/test/cli.js', 'test', '--reporter=list,json'], { env });
}

function hasTests(folder) {
  const path = join(root, folder);
  return existsSync(path) && readdirSync(path, { recursive: true }).some((file) => /\.(test|spec)\.tsx?$/.test(file));
}
