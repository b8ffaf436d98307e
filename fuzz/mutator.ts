// Turns bytes into other bytes that are almost as good: what a parser meets when somebody means it no good.

import type { Random } from './random.js';

/** No input is longer. */
export const LONGEST_INPUT = 32 * 1024;

export interface Material {
  /** Words of the language in question. */
  words: readonly Uint8Array[];
  /** Other inputs, to take parts from. */
  others: readonly Uint8Array[];
}

type Mutation = (bytes: Uint8Array, random: Random, material: Material) => Uint8Array;

/** Bounds of lengths, counts and codes. */
const numbers = [0, 1, 2, 3, 7, 8, 9, 10, 13, 31, 32, 58, 63, 64, 92, 125, 126, 127, 128, 191, 192, 224, 240, 254, 255];
const texts = [
  '0',
  '1',
  '-1',
  '00',
  '1e3',
  '255',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '9999999999',
];

const mutations: readonly Mutation[] = [
  flip,
  set,
  insert,
  remove,
  duplicate,
  swap,
  truncate,
  word,
  word,
  word,
  number,
  splice,
  repeat,
];

/** Changes an input in one to eight places. */
export function mutate(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let bytes = input;
  for (let left = 1 + random.skewed(8); left > 0; left--) bytes = random.pick(mutations)(bytes, random, material);
  return bytes.length > LONGEST_INPUT ? bytes.subarray(0, LONGEST_INPUT) : bytes;
}

function flip(bytes: Uint8Array, random: Random): Uint8Array {
  return changed(bytes, random, (byte) => byte ^ (1 << random.below(8)));
}

function set(bytes: Uint8Array, random: Random): Uint8Array {
  return changed(bytes, random, () => random.pick(numbers));
}

function changed(bytes: Uint8Array, random: Random, change: (byte: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const copy = bytes.slice();
  const at = random.below(copy.length);
  copy[at] = change(copy[at]!);
  return copy;
}

function insert(bytes: Uint8Array, random: Random): Uint8Array {
  const more = Uint8Array.from({ length: 1 + random.skewed(8) }, () => random.next());
  return replaced(bytes, random.below(bytes.length + 1), 0, more);
}

function remove(bytes: Uint8Array, random: Random): Uint8Array {
  const [at, length] = part(bytes, random);
  return replaced(bytes, at, length, new Uint8Array());
}

function duplicate(bytes: Uint8Array, random: Random): Uint8Array {
  const [at, length] = part(bytes, random);
  return replaced(bytes, random.below(bytes.length + 1), 0, bytes.subarray(at, at + length));
}

function swap(bytes: Uint8Array, random: Random): Uint8Array {
  const [at, length] = part(bytes, random);
  const taken = bytes.slice(at, at + length);
  const rest = replaced(bytes, at, length, new Uint8Array());
  return replaced(rest, random.below(rest.length + 1), 0, taken);
}

function truncate(bytes: Uint8Array, random: Random): Uint8Array {
  return random.oneIn(4)
    ? bytes.subarray(random.below(bytes.length))
    : bytes.subarray(0, random.below(bytes.length + 1));
}

function word(bytes: Uint8Array, random: Random, { words }: Material): Uint8Array {
  if (words.length === 0) return bytes;
  const [at, length] = part(bytes, random);
  return replaced(bytes, at, random.oneIn(2) ? 0 : length, random.pick(words));
}

/** Replaces the digits of a number by those of another. */
function number(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length);
  const isDigit = (at: number): boolean => bytes[at]! >= 0x30 && bytes[at]! <= 0x39;
  let at = from;
  while (at < bytes.length && !isDigit(at)) at++;
  let end = at;
  while (end < bytes.length && isDigit(end)) end++;
  return replaced(bytes, at, end - at, new TextEncoder().encode(random.pick(texts)));
}

function splice(bytes: Uint8Array, random: Random, { others }: Material): Uint8Array {
  if (others.length === 0) return bytes;
  const other = random.pick(others);
  const [at, length] = part(other, random);
  return replaced(bytes, random.below(bytes.length + 1), 0, other.subarray(at, at + length));
}

/** Much of the same. */
function repeat(bytes: Uint8Array, random: Random): Uint8Array {
  const [at, length] = part(bytes, random);
  if (length === 0) return bytes;
  const times = Math.min(2 ** (1 + random.below(10)), Math.ceil(LONGEST_INPUT / length / 2));
  const many = new Uint8Array(length * times);
  for (let time = 0; time < times; time++) many.set(bytes.subarray(at, at + length), time * length);
  return replaced(bytes, at, length, many);
}

/** Somewhere, mostly short. */
function part(bytes: Uint8Array, random: Random): [at: number, length: number] {
  const at = random.below(bytes.length);
  return [at, Math.min(bytes.length - at, 1 + random.skewed(random.oneIn(4) ? bytes.length : 16))];
}

function replaced(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - length + by.length);
  result.set(bytes.subarray(0, at));
  result.set(by, at);
  result.set(bytes.subarray(at + length), at + by.length);
  return result;
}
