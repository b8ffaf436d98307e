// CONFORMANCE.md tells the truth: each clause that is tested has its row, and each row its test.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const page = read('CONFORMANCE.md');

/** A clause as its row has it: title, file, section, versions. */
const ROW = /^\| \[([^\]]+)\]\(([^)]+)\) \| ([^|]+) \| ([✓–]) \| ([✓–]) \| ([✓–]) \|$/gm;
const CLAUSE = /\bclause\(\s*'([^']+)',\s*\{\s*section: '([^']+)',\s*versions: '([^']+)'/g;

function rows(): string[] {
  return [...page.matchAll(ROW)].map(([, title, file, section, ...marks]) => {
    const versions = ['1.0', '1.1', '1.2'].filter((_, at) => marks[at] === '✓');
    return [file, title, section, versions.join(', ')].join(' | ');
  });
}

function clauses(): string[] {
  return conformanceTests().flatMap((file) =>
    [...read(file).matchAll(CLAUSE)].map(([, title, section, versions]) =>
      [file, title, section, versions].join(' | '),
    ),
  );
}

function conformanceTests(): string[] {
  return readdirSync(join(root, 'test/conformance'))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `test/conformance/${name}`);
}

describe('the clauses of STOMP', () => {
  test('are all found in their files', () => {
    const calls = conformanceTests().flatMap((file) => read(file).match(/\bclause\(/g) ?? []);
    expect(clauses()).toHaveLength(calls.length);
    expect(calls.length).toBeGreaterThan(150);
  });

  test('have a row each, with section and versions, and there are no others', () => {
    expect(rows().sort()).toEqual(clauses().sort());
  });

  test('have titles of their own', () => {
    const titles = clauses().map((clause) => clause.split(' | ', 2).join(' | '));
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe('links', () => {
  const links = [...page.matchAll(/\[([^\]]+)\]\(((?:test|packages)\/[^)]+)\)/g)];

  test('lead to files that have such a test', () => {
    expect(links.length).toBeGreaterThan(200);
    for (const [, title, file] of links) expect(withoutEscapes(read(file!)), `${title} in ${file}`).toContain(title);
  });

  test('of the page itself, and to others, lead somewhere', () => {
    for (const [, file, anchor] of page.matchAll(/\]\(([\w.]*)#([^)]+)\)/g)) {
      expect(anchors(file === '' ? page : read(file!)), `${file}#${anchor}`).toContain(anchor);
    }
  });

  test('of README.md lead to this page', () => {
    const targets = [...read('README.md').matchAll(/\]\((CONFORMANCE\.md)(?:#([^)]+))?\)/g)];
    expect(targets.length).toBeGreaterThan(3);
    for (const [, file, anchor] of targets) {
      expect(existsSync(join(root, file!))).toBe(true);
      if (anchor !== undefined) expect(anchors(page)).toContain(anchor);
    }
  });
});

function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

function withoutEscapes(source: string): string {
  return source.replace(/\\(['"`])/g, '$1');
}
