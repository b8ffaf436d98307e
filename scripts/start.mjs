// `npm start -- --port N`: the demo, from a bare clone if need be.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildIfStale, installDependencies } from './setup.mjs';
import { root } from './workspace.mjs';

installDependencies();
buildIfStale();

// In this very process: signals, terminal and exit code are then the command's own, with nothing to forward.
const main = join(root, 'packages/cli/dist/main.js');
process.argv = [process.execPath, main, 'demo', ...process.argv.slice(2)];
await import(pathToFileURL(main).href);
