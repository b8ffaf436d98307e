import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exchange, httpPort, statusOf } from '../fixtures/http.js';

let directory: string;

beforeAll(async () => {
  const parent = await mkdtemp(join(tmpdir(), 'sallyport-page-'));
  directory = join(parent, 'page');
  await mkdir(join(directory, 'fonts'), { recursive: true });
  await writeFile(join(parent, 'secret.txt'), 'secret');
  await writeFile(join(directory, '.hidden'), 'secret');
  await writeFile(join(directory, 'index.html'), '<!doctype html>');
  await writeFile(join(directory, 'main-l0sNRNKZ.js'), 'export {};');
  await writeFile(join(directory, 'main-l0sNRNKZ.js.map'), '{}');
  await writeFile(join(directory, 'icon.svg'), '<svg/>');
  await writeFile(join(directory, 'fonts', 'a.woff2'), 'font');
  await writeFile(join(directory, 'unknown.xyz'), '?');
});

afterAll(() => rm(join(directory, '..'), { recursive: true }));

const page = async () => (await httpPort({ page: directory })).url;

test.each([
  ['/', 'text/html; charset=utf-8', 'no-cache'],
  ['/index.html', 'text/html; charset=utf-8', 'no-cache'],
  ['/?code=1', 'text/html; charset=utf-8', 'no-cache'],
  ['/main-l0sNRNKZ.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/main-l0sNRNKZ.js.map', 'application/json', 'public, max-age=31536000, immutable'],
  ['/icon.svg', 'image/svg+xml', 'no-cache'],
  ['/fonts/a.woff2', 'font/woff2', 'no-cache'],
  ['/unknown.xyz', 'application/octet-stream', 'no-cache'],
])('%s is %s', async (path, type, caching) => {
  const answer = await fetch((await page()) + path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(type);
  expect(answer.headers.get('cache-control')).toBe(caching);
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'self'; connect-src 'self' ws: wss:;/);
  await answer.text();
});

test('what the client does not mean is not sent', async () => {
  const url = await page();
  const first = await fetch(url);
  const etag = first.headers.get('etag')!;
  await first.text();
  const ask = async (asked: string, path = '/') => {
    const answer = await fetch(url + path, { headers: { 'if-match': asked, 'if-none-match': '"other"' } });
    return [answer.status, await answer.text()];
  };
  for (const asked of [etag, `"other", ${etag}`, '*']) expect(await ask(asked)).toEqual([200, '<!doctype html>']);
  for (const asked of ['"zzz"', `W/${etag}`]) expect(await ask(asked)).toEqual([412, 'the file is another one\n']);
  expect((await ask('*', '/none'))[0]).toBe(404);
});

test('what the client has is not sent again', async () => {
  const url = await page();
  const first = await fetch(url);
  const etag = first.headers.get('etag')!;
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  await first.text();
  for (const asked of [etag, `W/${etag}`, `"other", ${etag}`, `"other",W/${etag}`, '*']) {
    const again = await fetch(url, { headers: { 'if-none-match': asked } });
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect(again.headers.get('etag')).toBe(etag);
  }
  const other = await fetch(url, { headers: { 'if-none-match': '"other"' } });
  expect(other.status).toBe(200);
  await other.text();
});

test('HEAD says how long it would be', async () => {
  const answer = await fetch(await page(), { method: 'HEAD' });
  expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '15', '']);
});

test.each([
  '/../secret.txt',
  '/fonts/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/..\\secret.txt',
  '/fonts/%2e%2e/%2e%2e/secret.txt',
  '/.hidden',
  '/./index.html',
  '//index.html',
  '/index.html/',
  '/index.html%00.txt',
  '/fonts',
  '/fonts/',
  '/nothing.html',
  '/__proto__',
])('%s leads nowhere', async (path) => {
  const { port } = await httpPort({ page: directory });
  const answer = await exchange(port, `GET ${path} HTTP/1.1`, 'Host: a');
  expect(statusOf(answer)).toBe(404);
  expect(answer).not.toContain('secret');
});

test('a directory may be a URL', async () => {
  const { url } = await httpPort({ page: pathToFileURL(directory) });
  expect(await (await fetch(url)).text()).toBe('<!doctype html>');
});
