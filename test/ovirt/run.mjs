// `node test/ovirt/run.mjs --seconds N`: bundles the load on a shared port with the sources, without a build, and runs it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundlePrograms } from '../../scripts/bundle.mjs';
import { root } from '../../scripts/workspace.mjs';

const outdir = join(root, '.cache/ovirt');
await bundlePrograms('test/ovirt', ['main.ts'], outdir);
const { main } = await import(pathToFileURL(join(outdir, 'main.mjs')).href);
process.exitCode = await main(process.argv.slice(2));
