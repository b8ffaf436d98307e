// `npm run fuzz -- --minutes N --seed S [--only name]`: bundles the harness with the sources, without a build, and runs it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, workspacePackages } from '../scripts/workspace.mjs';

const sources = new Map(
  workspacePackages().flatMap((one) => one.entries.map((entry) => [entry.specifier, entry.source])),
);
const outdir = join(root, '.cache/fuzz');

/** The packages of this repository are their sources; all others are what is installed. */
const workspace = {
  name: 'workspace',
  setup: ({ onResolve }) => onResolve({ filter: /^@sallyport\// }, ({ path }) => ({ path: sources.get(path) })),
};

await build({
  entryPoints: ['main.ts', 'worker.ts', 'live/server.ts'].map((file) => join(root, 'fuzz', file)),
  outdir,
  outbase: join(root, 'fuzz'),
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: 'inline',
  packages: 'external',
  plugins: [workspace],
  logLevel: 'error',
});
process.setSourceMapsEnabled(true);
const { main } = await import(pathToFileURL(join(outdir, 'main.mjs')).href);
process.exitCode = await main(process.argv.slice(2), { root, outdir });
