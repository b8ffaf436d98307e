// What a user gets: the packed packages, installed in a folder of their own, and README's quick start word for word.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { chromiumArguments, findChromium } from '../../scripts/chromium.mjs';
import { buildIfStale } from '../../scripts/setup.mjs';
import { root, workspacePackages } from '../../scripts/workspace.mjs';
import { buildPage, type BuiltPage } from './build-page.js';

const packages = workspacePackages().filter(({ manifest }) => manifest.private !== true);
const folder = mkdtempSync(join(tmpdir(), 'sallyport-packed-'));
const command = join(folder, 'node_modules/.bin/sallyport');

beforeAll(async () => {
  buildIfStale();
  const named = packages.flatMap(({ name }) => ['--workspace', name]);
  const packed = await npm(root, ['pack', '--json', '--pack-destination', folder, ...named]);
  const tarballs = readPacked(packed);
  expect(tarballs).toHaveLength(packages.length);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  await npm(folder, ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs]);
  writeFileSync(join(folder, 'server.mjs'), block('js', '// server.mjs'));
  writeFileSync(join(folder, 'client.mjs'), block('js', '// client.mjs'));
  writeFileSync(join(folder, 'page.js'), block('js', '// page.js'));
  writeFileSync(join(folder, 'index.html'), block('html', '<!-- index.html -->'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the quick start', () => {
  test('server and client', async () => {
    const { port } = await start(process.execPath, ['server.mjs'], { PORT: '0' });
    const lines = await output(process.execPath, ['client.mjs', `tcp://localhost:${port}`]);
    expect(lines).toEqual([
      expect.stringMatching(/^load \[ .*\d.* \]$/) as string,
      expect.stringMatching(/^host\.load \[ .*\d.* \]$/) as string,
    ]);
  });

  test('the page, bundled, has nothing of Node in it', async () => {
    const { code, modules } = await buildPage(folder);
    expect(code).not.toContain('node:');
    for (const module of modules) expect(module).toMatch(/page\.js|index\.html|@sallyport\/(core|websocket)\/|^\0/);
  });

  test.skipIf(findChromium() === undefined)('the page in a browser', async () => {
    const { port } = await start(process.execPath, ['server.mjs'], { PORT: '0' });
    // Where Vite would serve it, which is the one origin that the server lets in.
    const page = await open(await buildPage(folder), `http://localhost:5173/?server=ws://localhost:${port}`);
    await expect.poll(() => page.text('#state')).toBe('connected');
    await expect.poll(() => page.text('#load')).toMatch(/^\d[\d.,e-]*$/);
  });
});

describe('the command', () => {
  test('demo and call', async () => {
    const { port } = await start(command, ['demo', '--port', '0']);
    expect(await output(command, ['call', `tcp://localhost:${port}`, 'add', '[2, 3]'])).toEqual(['5']);
    const served = await fetch(`http://localhost:${port}/`);
    expect(await served.text()).toContain('<script type="module"');
  });

  test.skipIf(findChromium() === undefined)('the page of the examples', async () => {
    const { port } = await start(command, ['demo', '--port', '0']);
    const built = await buildPage(folder, join(root, 'examples/page'));
    const at = `http://localhost:${port}/example/`;
    const page = await open(built, `${at}?server=ws://localhost:${port}`);
    await expect.poll(() => page.text('#state')).toBe('connected');
    await expect.poll(() => page.text('#sum')).toBe('5');
    await expect.poll(() => page.text('#load'), { timeout: 5000 }).toMatch(/^\{/);
  });
});

/** What `npm pack --json` tells: a list, or an object by name, of what it made. */
function readPacked(text: string): string[] {
  const told = JSON.parse(text.slice(text.search(/^[[{]/m))) as Record<string, { filename: string }>;
  return Object.values(told).map(({ filename }) => join(folder, filename.replace('@', '').replace('/', '-')));
}

/** A code block of README.md by its language and first line. */
function block(language: string, firstLine: string): string {
  const blocks = readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms);
  const found = [...blocks].find(([, name, text]) => name === language && text!.startsWith(firstLine + '\n'));
  if (found === undefined) throw new Error(`README.md has no block ${language} that begins with ${firstLine}`);
  return found[2]!;
}

function npm(cwd: string, args: string[]): Promise<string> {
  const cli = process.env['npm_execpath'];
  return cli?.endsWith('.js') ? text(process.execPath, [cli, ...args], cwd) : text('npm', args, cwd);
}

async function output(file: string, args: string[]): Promise<string[]> {
  return (await text(file, args, folder)).trimEnd().split('\n');
}

/** Runs a program to its end; resolves with what it printed, rejects with all of it if it did not end well. */
function text(file: string, args: string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, shell: process.platform === 'win32' });
    let printed = '';
    let complaints = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (printed += piece));
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (complaints += piece));
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0
        ? resolve(printed)
        : reject(new Error(`${file} ${args.join(' ')} ended with ${code}\n${printed}${complaints}`)),
    );
  });
}

/** Starts a server that prints its port; it is ended with the test. */
async function start(file: string, args: string[], env: Record<string, string> = {}): Promise<{ port: number }> {
  const child: ChildProcess = spawn(file, args, { cwd: folder, env: { ...process.env, NO_COLOR: '1', ...env } });
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  const port = await new Promise<number>((resolve, reject) => {
    let printed = '';
    const read = (piece: string): void => {
      printed += piece;
      const found = /(?:listening on |localhost:)(\d+)/.exec(printed)?.[1];
      if (found !== undefined) resolve(Number(found));
    };
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', read);
    void ended.then(() => reject(new Error(`it has ended: ${printed}`)));
  });
  return { port };
}

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Opens a page whose files come from here, as if a server at that place had them. */
async function open({ files }: BuiltPage, url: string): Promise<{ text(selector: string): Promise<string> }> {
  // A page that comes from no real server counts as one from afar, which Chromium keeps off this machine.
  const args = [...chromiumArguments, '--disable-features=LocalNetworkAccessChecks'];
  const browser = await chromium.launch({ executablePath: findChromium(), args });
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const base = url.slice(0, url.indexOf('?'));
  await page.route(`${base}**`, (route) => {
    const name = route.request().url().slice(base.length).replace(/\?.*/, '') || 'index.html';
    const body = files[name];
    if (body === undefined) return route.fulfill({ status: 404 });
    return route.fulfill({ body, contentType: types[extname(name)] ?? 'text/plain' });
  });
  await page.goto(url);
  return { text: (selector) => page.locator(selector).innerText() };
}
