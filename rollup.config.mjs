// One bundle per package, its entries taken from the package's own `exports` and `bin`; the dashboard has its page besides.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import nodeResolve from '@rollup/plugin-node-resolve';
import { transform } from 'esbuild';
import esbuild from 'rollup-plugin-esbuild';
import { root, workspacePackages } from './scripts/workspace.mjs';

const packages = workspacePackages();

export default [...packages.map(library), page(join(root, 'packages/dashboard'))];

function library({ directory, manifest, entries }) {
  const external = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
  return {
    input: Object.fromEntries(entries.map(({ name, source }) => [name, source])),
    // Workspace packages are external to each other, so the order of the builds does not matter.
    external: (id) => id.startsWith('node:') || external.some((name) => id === name || id.startsWith(`${name}/`)),
    output: {
      dir: join(directory, 'dist'),
      format: 'es',
      sourcemap: true,
      chunkFileNames: 'chunks/[name]-[hash].js',
    },
    plugins: [
      // es2022 so that `using` is rewritten: Node 20 cannot parse it.
      esbuild({ target: 'es2022', tsconfig: join(directory, 'tsconfig.json') }),
      sweep((file) => !file.startsWith('page/')),
      dropOrphanDeclarations(directory),
    ],
    onwarn: strict,
  };
}

function page(directory) {
  const source = join(directory, 'page');
  return {
    input: { main: join(source, 'main.tsx') },
    output: {
      dir: join(directory, 'dist/page'),
      format: 'es',
      // Hashed names can be served with an unlimited cache lifetime; only index.html must be asked for again.
      entryFileNames: '[name]-[hash].js',
      chunkFileNames: '[name]-[hash].js',
      assetFileNames: '[name]-[hash][extname]',
    },
    plugins: [
      workspaceSources(),
      html(source),
      nodeResolve({ browser: true, extensions: ['.mjs', '.js', '.json', '.ts', '.tsx'] }),
      esbuild({
        target: 'es2022',
        tsconfig: join(source, 'tsconfig.json'),
        jsx: 'automatic',
        jsxImportSource: 'preact',
        minify: true,
      }),
      sweep(() => true),
    ],
    onwarn: strict,
  };
}

/** An import that nothing resolves would fail only at the user's; let it fail the build. */
function strict(warning, warn) {
  if (warning.code === 'UNRESOLVED_IMPORT' || warning.code === 'MISSING_EXPORT') throw new Error(warning.message);
  if (warning.code === 'EMPTY_BUNDLE') return;
  warn(warning);
}

/** The page is bundled from sources, so that it needs no other build before it. */
function workspaceSources() {
  const sources = new Map(packages.flatMap((one) => one.entries).map((one) => [one.specifier, one.source]));
  return {
    name: 'workspace-sources',
    resolveId: (id) => sources.get(id) ?? null,
  };
}

/**
 * Fills page/index.html in: its script and its style sheet get their hashed names. Style sheets that modules import
 * come first in the one sheet, so that the page's own rules win.
 */
function html(source) {
  const imported = new Map();
  return {
    name: 'html',
    buildStart() {
      imported.clear();
      this.addWatchFile(join(source, 'index.html'));
    },
    transform(code, id) {
      if (!id.endsWith('.css')) return null;
      imported.set(id, code);
      return { code: '', map: null, moduleSideEffects: true };
    },
    async generateBundle(_options, bundle) {
      let text = readFileSync(join(source, 'index.html'), 'utf8');
      const linked = [...text.matchAll(/<link rel="stylesheet" href="\.\/([^"]+)"\s*\/?>/g)];
      for (const [, file] of linked) {
        const path = join(source, file);
        if (!imported.has(path)) imported.set(path, readFileSync(path, 'utf8'));
      }
      const { code } = await transform([...imported.values()].join('\n'), { loader: 'css', minify: true });
      const sheet = this.getFileName(this.emitFile({ type: 'asset', name: 'style.css', source: code }));
      for (const [, fileName] of text.matchAll(/<link rel="icon" [^>]*href="\.\/([^"]+)"/g)) {
        this.emitFile({ type: 'asset', fileName, source: readFileSync(join(source, fileName)) });
      }
      const script = Object.values(bundle).find((one) => one.type === 'chunk' && one.isEntry);
      for (const [tag] of linked) text = text.replace(tag, '');
      const style = `<link rel="stylesheet" href="./${sheet}" />`;
      text = text.replace('./main.tsx', `./${script.fileName}`).replace('</head>', `  ${style}\n  </head>`);
      this.emitFile({ type: 'asset', fileName: 'index.html', source: text.replace(/\n\s*\n/g, '\n') });
    },
  };
}

/** Takes away what an earlier build left, after the new files are there: a running server never misses one. */
function sweep(mine) {
  return {
    name: 'sweep',
    writeBundle({ dir }, bundle) {
      for (const file of filesIn(dir)) {
        const old = /\.(js|js\.map|css|html)$/.test(file) && !(file in bundle);
        if (old && mine(file)) rmSync(join(dir, file));
      }
    },
  };
}

/** The compiler never removes the declarations of a source file that is gone. */
function dropOrphanDeclarations(directory) {
  return {
    name: 'drop-orphan-declarations',
    writeBundle({ dir }) {
      for (const file of filesIn(dir)) {
        if (!file.endsWith('.d.ts')) continue;
        if (!existsSync(join(directory, 'src', file.replace(/\.d\.ts$/, '.ts')))) rmSync(join(dir, file));
      }
    },
  };
}

function filesIn(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => relative(directory, join(one.parentPath, one.name)).split(sep).join('/'));
}
