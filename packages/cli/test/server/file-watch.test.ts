// Files change in many ways; each is seen once, when it is over.

import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@sallyport/core/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FileWatch } from '../../src/server/file-watch.js';

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => writeFileSync(path(name), text);
  write('config', '1');
  const names = ['config'];
  let changes = 0;
  const clock = new ManualClock();
  const changed = (): Promise<void> => Promise.resolve(void changes++);
  const watch = new FileWatch({ files: () => names.map(path), changed, clock });
  await watch.start();
  onTestFinished(() => watch.stop());
  /** Looks until nothing is new. */
  const look = async (times = 3): Promise<number> => {
    for (let at = 0; at < times; at++) await watch.look();
    return changes;
  };
  return { path, write, names, look, clock, watch, changes: () => changes };
}

test('nothing happens while nothing changes', async () => {
  const { look } = await setUp();
  expect(await look()).toBe(0);
});

test('a change is told once it has lasted from one look to the next', async () => {
  const { write, look } = await setUp();
  write('config', '22');
  expect(await look(1)).toBe(0);
  write('config', '333');
  expect(await look(1)).toBe(0);
  expect(await look(1)).toBe(1);
  expect(await look()).toBe(1);
});

test('a file that takes the place of another, as editors do it', async () => {
  const { path, write, look } = await setUp();
  write('new', '2');
  renameSync(path('new'), path('config'));
  expect(await look()).toBe(1);
});

test('a file that is gone for a moment, and one that stays away', async () => {
  const { path, write, look } = await setUp();
  unlinkSync(path('config'));
  expect(await look(1)).toBe(0);
  write('config', '2');
  expect(await look()).toBe(1);
  unlinkSync(path('config'));
  expect(await look()).toBe(2);
  write('config', '3');
  expect(await look()).toBe(3);
});

test('a link that is turned to another folder', async () => {
  const { path, names, look } = await setUp();
  for (const folder of ['a', 'b']) {
    mkdirSync(path(folder));
    writeFileSync(path(`${folder}/cert`), folder);
  }
  symlinkSync(path('a'), path('now'));
  names.push('now/cert');
  expect(await look()).toBe(0);
  symlinkSync(path('b'), path('next'));
  renameSync(path('next'), path('now'));
  expect(await look()).toBe(1);
});

test('a file that is named later is no change, but its own changes are', async () => {
  const { write, names, look } = await setUp();
  write('cert', '1');
  names.push('cert');
  expect(await look()).toBe(0);
  write('cert', '22');
  expect(await look()).toBe(1);
});

test('asked to run, it does so at once, and not again for the same', async () => {
  const { write, look, watch, changes } = await setUp();
  write('config', '22');
  await watch.run();
  expect(changes()).toBe(1);
  expect(await look()).toBe(1);
});

test('it looks by itself until it is stopped', async () => {
  const { write, clock, watch, changes } = await setUp();
  write('config', '22');
  await vi.waitFor(() => {
    clock.advance(500);
    expect(changes()).toBe(1);
  });
  watch.stop();
  clock.advance(500);
  expect(clock.pending).toBe(0);
});
