// `node test/ovirt/run.mjs --seconds N`: bundles the load on a shared port with the sources, without a build, and runs it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { root, workspacePackages } from '../../scripts/workspace.mjs';

const sources = new Map(
  workspacePackages().flatMap((one) => one.entries.map((entry) => [entry.specifier, entry.source])),
);
const outfile = join(root, '.cache/ovirt/main.mjs');

/** The packages of this repository are their sources; all others are what is installed. */
const workspace = {
  name: 'workspace',
  setup: ({ onResolve }) => onResolve({ filter: /^@sallyport\// }, ({ path }) => ({ path: sources.get(path) })),
};

await build({
  entryPoints: [join(root, 'test/ovirt/main.ts')],
  outfile,
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
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(process.argv.slice(2));
