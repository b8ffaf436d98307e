// Every example does what it says: it ends by itself, well, with a last line that says so. They import the packages by
// their names, so what runs is the build.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { buildIfStale } from '../scripts/setup.mjs';

const examples = join(import.meta.dirname, '../examples');
const programs = readdirSync(examples).filter((name) => name.endsWith('.mjs'));

beforeAll(() => buildIfStale(), 120_000);

for (const program of programs) {
  test(program, { timeout: 20_000 }, async () => {
    const { code, output } = await run(program);
    expect(output.trimEnd().split('\n').at(-1), output).toMatch(/^ok: /);
    expect(code).toBe(0);
  });

  test(`${program} is short`, () => {
    expect(readFileSync(join(examples, program), 'utf8').split('\n').length).toBeLessThan(60);
  });
}

test('README.md names each', () => {
  const named = [...readFileSync(join(examples, 'README.md'), 'utf8').matchAll(/^\| \[([^\]]+)\]/gm)].map(
    ([, name]) => name,
  );
  expect(named.sort()).toEqual([...programs, 'page/'].sort());
});

function run(program: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(examples, program)], { timeout: 15_000 });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
