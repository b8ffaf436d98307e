// A page bundled the way a user would: by Vite, from a folder where the packed packages are installed.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Rolldown } from 'vite';

export interface BuiltPage {
  /** All scripts together. */
  code: string;
  /** What they were made of. */
  modules: string[];
  /** Contents by name, `index.html` among them. */
  files: Record<string, string>;
}

/** Bundles the page of a folder; or of another one, copied below it so that it finds the packages. */
export async function buildPage(folder: string, source?: string): Promise<BuiltPage> {
  const root = source === undefined ? folder : join(folder, 'page');
  if (source !== undefined) cpSync(source, root, { recursive: true });
  const result = (await build({
    root,
    base: './',
    configFile: false,
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  const chunks = result.output.filter((one) => one.type === 'chunk');
  return {
    code: chunks.map(({ code }) => code).join('\n'),
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
    files: Object.fromEntries(
      result.output.map((one) => [one.fileName, one.type === 'chunk' ? one.code : String(one.source)]),
    ),
  };
}
