// What a page loads for `connect`: how much it is, and that nothing is in it that only a server needs.

import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { root, workspacePackages } from '../../../scripts/workspace.mjs';

/** Bytes, minified and gzipped. Grows only on purpose. */
const BUDGET = 17_450;

async function bundle() {
  const entries = workspacePackages().flatMap((one) => one.entries);
  const alias = entries.flatMap(({ specifier, source }) => (specifier === undefined ? [] : [[specifier, source]]));
  const { outputFiles, metafile } = await build({
    stdin: { contents: `export { connect } from '@sallyport/websocket'`, resolveDir: root },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    alias: Object.fromEntries(alias) as Record<string, string>,
    metafile: true,
    write: false,
  });
  const [output] = Object.values(metafile.outputs);
  return { code: outputFiles[0]!.contents, text: outputFiles[0]!.text, inputs: Object.keys(output!.inputs), output };
}

test('is within its budget', async () => {
  const { code } = await bundle();
  expect(gzipSync(code, { level: 9 }).length).toBeLessThanOrEqual(BUDGET);
});

test('has nothing that only a server or Node needs', async () => {
  const { text, inputs, output } = await bundle();
  expect(output!.imports).toEqual([]);
  expect(text).not.toMatch(/node:|EmbeddedBroker/);
  const strangers =
    /node_modules|packages\/node|broker\/(embedded|history|topics|work-queue)|stomp\/(server|server-session|acknowledgements)\.ts|port-channel|departures|arrivals/;
  expect(inputs.filter((input) => strangers.test(input))).toEqual([]);
});
