// The packages of this repository and their entry files, read from their `exports` and `bin`: the one list that the
// bundler, the test runner, the lint rules and the checks share.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @typedef {{ specifier: string | undefined, name: string, output: string, source: string }} Entry
 *   specifier: what others import (undefined for a command); name: path below dist without extension;
 *   output: absolute dist file; source: absolute source file.
 * @typedef {{ name: string, directory: string, manifest: any, entries: Entry[] }} Package
 */

/** @returns {Package[]} */
export function workspacePackages() {
  const packages = join(root, 'packages');
  return readdirSync(packages)
    .map((folder) => join(packages, folder))
    .filter((directory) => existsSync(join(directory, 'package.json')))
    .map((directory) => {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      return { name: manifest.name, directory, manifest, entries: entriesOf(directory, manifest) };
    });
}

function entriesOf(directory, manifest) {
  const exported = Object.entries(manifest.exports ?? {})
    .filter(([, target]) => typeof target === 'object')
    .map(([subpath, target]) => entry(directory, target.default, manifest.name + subpath.slice(1)));
  // What npm links to is a file of the repository, there before any build; it starts main.
  const commands = manifest.bin === undefined ? [] : [entry(directory, './dist/main.js', undefined)];
  return [...exported, ...commands];
}

function entry(directory, target, specifier) {
  const name = target.replace(/^\.\/dist\//, '').replace(/\.js$/, '');
  return {
    specifier,
    name,
    output: join(directory, 'dist', `${name}.js`),
    source: join(directory, 'src', `${name}.ts`),
  };
}

/** Exact-match aliases from every public specifier to its source file, in the form Vite takes. */
export function sourceAliases() {
  return workspacePackages()
    .flatMap((one) => one.entries)
    .filter((one) => one.specifier !== undefined)
    .map((one) => ({ find: new RegExp(`^${one.specifier.replaceAll('/', '\\/')}$`), replacement: one.source }));
}
