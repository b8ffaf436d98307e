// `npm run fuzz -- --minutes N --seed S [--only name]`: bundles the harness with the sources, without a build, and runs it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundlePrograms } from '../scripts/bundle.mjs';
import { root } from '../scripts/workspace.mjs';

const outdir = join(root, '.cache/fuzz');
await bundlePrograms('fuzz', ['main.ts', 'worker.ts', 'live/server.ts'], outdir);
const { main } = await import(pathToFileURL(join(outdir, 'main.mjs')).href);
process.exitCode = await main(process.argv.slice(2), { root, outdir });
