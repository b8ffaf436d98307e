// What would be published: publint on every package, and "are the types wrong" on those that export modules.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, workspacePackages } from './workspace.mjs';

const publint = join(root, 'node_modules/publint/src/cli.js');
const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');

const checks = workspacePackages()
  .filter(({ manifest }) => !manifest.private)
  .flatMap(({ name, directory, entries }) => {
    const lint = { title: `${name} publint`, directory, args: [publint, '--strict'] };
    // The packages are ES modules only, on purpose: every supported Node can require() them.
    const types = { title: `${name} attw`, directory, args: [attw, '--pack', '.', '--profile', 'esm-only'] };
    return entries.some(({ specifier }) => specifier) ? [lint, types] : [lint];
  });

let failed = 0;
await Promise.all([worker(), worker()]);
console.log(failed > 0 ? `${failed} package checks failed` : 'All packages are fit to publish');
process.exitCode = failed > 0 ? 1 : 0;

async function worker() {
  for (let check = checks.shift(); check; check = checks.shift()) {
    const { code, output } = await collect(check);
    console.log(`${code === 0 ? '✓' : '✗'} ${check.title}`);
    if (code === 0) continue;
    failed += 1;
    console.log(output);
  }
}

function collect({ directory, args }) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: directory, env: { ...process.env, FORCE_COLOR: '0' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}
