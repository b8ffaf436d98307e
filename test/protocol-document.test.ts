// PROTOCOL.md tells the truth: its transcripts are replayed, its lists are compared with the sources.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ErrorCode } from '@sallyport/core/jsonrpc';
import { heartBeatDefaults } from '@sallyport/core/stomp';
import { createServer, defaultServerLimits, type Server } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { readTranscripts, replay } from './fixtures/transcript.js';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'PROTOCOL.md'), 'utf8');

describe('transcripts', () => {
  const transcripts = readTranscripts(page);

  test('are found', () => {
    expect(transcripts.length).toBeGreaterThan(15);
    expect(page.match(/^C\d*: /gm)!.length).toBeGreaterThan(100);
  });

  for (const [index, transcript] of transcripts.entries()) {
    test(`${index + 1}: ${transcript.title}`, async () => {
      const port = await startServer(transcript.words.includes('guarded'));
      await replay(transcript, port);
    });
  }
});

/** Starts the server that the page describes, by the page's own words. */
async function startServer(guarded: boolean): Promise<number> {
  const authenticate = ({ token }: { token?: string | undefined }) => token === 'sesame';
  const server = createServer({ onError: () => {}, ...(guarded ? { authenticate } : {}) });
  onTestFinished(() => server.close());
  const [, code] = /^```js (server\.implement.*?)^```$/ms.exec(page.replace('```js server\n', '```js '))!;
  (new Function('server', code!) as (server: Server) => void)(server);
  const { port } = await server.listen({ port: 0 });
  return port;
}

describe('lists', () => {
  test('all error codes are there, and no others', () => {
    expect(sorted(page.match(/ERR_[A-Z0-9_]+/g)!)).toEqual(sorted(codesInSources()));
  });

  test('each has a row of its own', () => {
    const rows = [...page.matchAll(/^\| `(ERR_[A-Z0-9_]+)` \|/gm)].map(([, code]) => code!);
    expect(rows.sort()).toEqual(sorted(codesInSources()));
  });

  test("JSON-RPC's numbers", () => {
    const rows = [...page.matchAll(/^\| (-32\d{3}) \|/gm)].map(([, code]) => Number(code));
    const codes = Object.values(ErrorCode).filter((code) => typeof code === 'number');
    expect(rows.sort()).toEqual(codes.sort());
  });

  test('the limits of PROTOCOL.md are the defaults', () => {
    const limits = limitsIn(page);
    expect(Object.keys(limits).length).toBeGreaterThan(15);
    expect(known).toMatchObject(limits);
  });

  test('the limits of README.md are the defaults, and all of them', () => {
    expect(limitsIn(readFileSync(join(root, 'README.md'), 'utf8'))).toEqual(known);
  });

  test('every link within the page leads somewhere', () => {
    const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, anchor] of page.matchAll(/\]\(#([^)]*)\)/g)) expect(anchors).toContain(anchor);
  });
});

/** Codes as they are written in the sources, and those that are made from the name of a limit. */
function codesInSources(): string[] {
  const sources = readdirSync(join(root, 'packages'))
    .flatMap((name) => filesBelow(join(root, 'packages', name, 'src')))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const written = [...sources.matchAll(/'(ERR_[A-Z0-9_]+)'/g)].map(([, code]) => code!);
  const made = [...sources.matchAll(/(?:limitError|tooMany)\(\s*'(\w+)'/g)].map(
    ([, limit]) => 'ERR_' + limit!.replace(/[A-Z]/g, '_$&').toUpperCase(),
  );
  return [...written.filter((code) => !ofNode.includes(code)), ...made];
}

/** Codes of Node's errors that our sources look at. */
const ofNode = ['ERR_TLS_CERT_ALTNAME_INVALID'];

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.name.endsWith('.ts'))
    .map((one) => join(one.parentPath, one.name));
}

const known = { ...defaultServerLimits, ...heartBeatDefaults };

/** The rows of a table that name a limit and its default, such as `16 MiB`, `10 000 ms` or `0.1`. */
function limitsIn(text: string): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const [, name, digits, unit] of text.matchAll(
    /^\| `(?:limits\.)?(\w+)` \| (\d(?:[\d. ]*\d)?)( MiB)?[^|]*\|/gm,
  )) {
    if (Object.hasOwn(known, name!)) limits[name!] = Number(digits!.replaceAll(' ', '')) * (unit ? 2 ** 20 : 1);
  }
  return limits;
}

function sorted(codes: readonly string[]): string[] {
  return [...new Set(codes)].sort();
}
