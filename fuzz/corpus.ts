// Inputs that are kept: good ones to begin with, and those that once broke something. One file each, as it is.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from './random.js';
import { bytesOf, type Target } from './target.js';

/** All inputs that a target begins with. */
export function corpusOf(directory: string, { name, seeds }: Target): Uint8Array[] {
  return [...seeds.map(bytesOf), ...keptOf(directory, name).map(({ bytes }) => bytes)];
}

/** The files of a target. */
export function keptOf(directory: string, target: string): { file: string; bytes: Uint8Array }[] {
  const folder = join(directory, target);
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).sort();
  return files.map((file) => ({ file, bytes: new Uint8Array(readFileSync(join(folder, file))) }));
}

/** Keeps an input that broke something; returns its file. */
export function keep(directory: string, target: string, bytes: Uint8Array): string {
  const folder = join(directory, target);
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `found-${hashOf(bytes).toString(16).padStart(8, '0')}`);
  writeFileSync(file, bytes);
  return file;
}
