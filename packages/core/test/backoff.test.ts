import { expect, test } from 'vitest';
import { backoff } from '../src/backoff.js';

const most = () => 1 - Number.EPSILON;

test('the longest wait doubles with each attempt, up to longestDelay', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 1000].map((attempt) => Math.round(backoff(attempt, most)));
  expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('the jitter is full: anything from nothing to the longest', () => {
  for (const chance of [0, 0.25, 0.5]) expect(backoff(3, () => chance)).toBe(chance * 2000);
});

test('firstDelay and longestDelay are the caller’s to choose', () => {
  const options = { firstDelay: 10, longestDelay: 25 };
  expect([1, 2, 3, 4].map((attempt) => Math.round(backoff(attempt, most, options)))).toEqual([10, 20, 25, 25]);
  expect(backoff(5, most, { firstDelay: 0 })).toBe(0);
});
