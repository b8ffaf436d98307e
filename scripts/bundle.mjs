// Programs of this repository that run from the sources, without a build.
import { join } from 'node:path';
import { build } from 'esbuild';
import { root, workspacePackages } from './workspace.mjs';

const sources = new Map(
  workspacePackages().flatMap((one) => one.entries.map((entry) => [entry.specifier, entry.source])),
);

/** For esbuild: the packages of this repository are their sources; all others are what is installed. */
export const workspaceSources = {
  name: 'workspace',
  setup: ({ onResolve }) => onResolve({ filter: /^@sallyport\// }, ({ path }) => ({ path: sources.get(path) })),
};

/** Bundles files of a folder for Node, each by itself, with the packages' sources; as `<name>.mjs` in `outdir`. */
export async function bundlePrograms(folder, files, outdir) {
  await build({
    entryPoints: files.map((file) => join(root, folder, file)),
    outdir,
    outbase: join(root, folder),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: 'inline',
    packages: 'external',
    plugins: [workspaceSources],
    logLevel: 'error',
  });
  process.setSourceMapsEnabled(true);
}
