// What a page pays for each entry point: bundled with everything it needs, minified, gzip.
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { workspaceSources } from './bundle.mjs';
import { workspacePackages } from './workspace.mjs';

const forPages = ['@sallyport/core', '@sallyport/websocket', '@sallyport/stompjs'];
await print('@sallyport/websocket { connect }', `export { connect } from '@sallyport/websocket'`);
for (const { entries } of workspacePackages().filter(({ name }) => forPages.includes(name))) {
  for (const { specifier } of entries) await print(`${specifier} *`, `export * from '${specifier}'`);
}

async function print(title, contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    external: ['@stomp/stompjs'],
    plugins: [workspaceSources],
    logLevel: 'error',
  });
  const bytes = gzipSync(outputFiles[0].contents).length;
  console.log(`${title.padEnd(36)} ${(bytes / 1000).toFixed(1).padStart(6)} kB`);
}
