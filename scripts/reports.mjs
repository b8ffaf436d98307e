// Sums up the JSON reports of vitest and Playwright. As a command: prints the closing line and fails when a test failed
// or, where CI is set, when one was skipped.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from './workspace.mjs';

const directory = join(root, '.reports');

/** Empties the reports of an earlier run away. */
export function clearReports() {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
}

export function reportPath(name) {
  return join(directory, `${name}.json`);
}

/** For a step that has no test report of its own: what it counts for in the sum. */
export function writeCounts(name, counts) {
  writeFileSync(reportPath(name), JSON.stringify({ passed: 0, failed: 0, skipped: 0, ...counts }));
}

/** @returns {{ passed: number, failed: number, skipped: number }} of one report; zeros when it was never written */
export function countsOf(name) {
  const file = reportPath(name);
  if (!existsSync(file)) return { passed: 0, failed: 0, skipped: 0 };
  return countsIn(JSON.parse(readFileSync(file, 'utf8')));
}

function countsIn(report) {
  // Playwright
  if (report.stats) {
    const { expected, unexpected, flaky, skipped } = report.stats;
    return { passed: expected + flaky, failed: unexpected + report.errors.length, skipped };
  }
  // vitest
  if (report.testResults) {
    // A file that fails to load has no tests to count, and must not count for nothing.
    const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + broken.length,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  }
  return report;
}

/** Prints `N passed, N failed`, with the skipped where there are any. @returns {boolean} whether all is well */
export function summarize() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const file of readdirSync(directory).filter((one) => one.endsWith('.json'))) {
    const counts = countsOf(file.replace(/\.json$/, ''));
    for (const key of Object.keys(total)) total[key] += counts[key];
  }
  const mustNotSkip = Boolean(process.env.CI) && total.skipped > 0;
  if (total.skipped > 0) console.log(`${total.skipped} skipped${mustNotSkip ? ', which CI does not allow' : ''}`);
  console.log(`${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0 && !mustNotSkip;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = summarize() ? 0 : 1;
