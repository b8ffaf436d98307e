// Brings a bare clone to where the tests or the demo can run: dependencies, build, browser. Each step is skipped when
// there is nothing to do. Only node: imports at the top: nothing is installed yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium } from './chromium.mjs';
import { installPackages, mayInstall, missingPackages, suitesWithout } from './debian.mjs';
import { root, workspacePackages } from './workspace.mjs';

/** Runs a command with this terminal; returns whether it succeeded. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) console.error(`${command}: ${error.message}`);
  return status === 0;
}

/** Runs npm, the very one that started us where there is one. */
export function npm(args, options) {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('.js')) return run(process.execPath, [cli, ...args], options);
  return run('npm', args, { shell: process.platform === 'win32', ...options });
}

/** Installs what package-lock.json names, unless exactly that is installed. */
export function installDependencies() {
  const stamp = join(root, 'node_modules/.sallyport-lock');
  const lock = join(root, 'package-lock.json');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  // npm writes this file last; when it is newer than the lock file, somebody ran `npm ci` by hand.
  const installed = join(root, 'node_modules/.package-lock.json');
  if (existsSync(stamp) || !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
    console.log('Installing dependencies …');
    if (!npm(['ci', '--no-audit', '--no-fund', '--loglevel=error'])) fail('npm ci failed');
  }
  writeFileSync(stamp, wanted);
}

/** Builds the JavaScript when a file of it is missing or older than a source. */
export function buildIfStale() {
  const outputs = workspacePackages().flatMap((one) => one.entries.map((entry) => entry.output));
  outputs.push(join(root, 'packages/dashboard/dist/page/index.html'));
  if (outputs.every((file) => existsSync(file))) {
    const built = Math.min(...outputs.map((file) => statSync(file).mtimeMs));
    if (newestSource() < built) return;
  }
  console.log('Building …');
  if (!npm(['run', '--silent', 'build:js', '--', '--silent'])) fail('the build failed');
}

function newestSource() {
  const files = ['package-lock.json', 'rollup.config.mjs', 'tsconfig.base.json'].map((file) => join(root, file));
  for (const { directory } of workspacePackages()) {
    files.push(join(directory, 'package.json'), join(directory, 'tsconfig.json'));
    for (const folder of ['src', 'page']) files.push(...filesBelow(join(directory, folder)));
  }
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

function filesBelow(directory) {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  return found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

/**
 * Sees to the programs that tests drive and npm does not bring: a browser, and packages of Debian. Installs those that
 * are missing where that is ours to do, and says of the others what is left out.
 * @returns {{ browser: boolean, withoutPackages: string[] }} whether there is a browser; the suites that lack a package
 */
export function provideTools() {
  const wanted = [...(findChromium() ? [] : ['chromium']), ...missingPackages()];
  if (wanted.length > 0 && mayInstall()) {
    console.log(`Installing for the tests: ${wanted.join(' ')} …`);
    installPackages(wanted);
  }
  const browser = findChromium() !== undefined;
  if (!browser) console.log('No Chromium found (install it or set CHROMIUM_PATH): the browser suites are SKIPPED');
  const missing = missingPackages();
  const withoutPackages = suitesWithout(missing);
  if (missing.length > 0) {
    console.log(`Debian's packages ${missing.join(' ')} are not installed: SKIPPED are ${withoutPackages.join(' ')}`);
  }
  return { browser, withoutPackages };
}

export function fail(message) {
  console.error(message);
  process.exit(1);
}
