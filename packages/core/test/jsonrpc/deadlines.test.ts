import { expect, test } from 'vitest';
import { Deadlines } from '../../src/jsonrpc/deadlines.js';
import { ManualClock } from '../../src/testing/index.js';

function watcher() {
  const clock = new ManualClock();
  const living = new Set<{ deadline: number }>();
  const expired: number[] = [];
  const deadlines = new Deadlines(
    clock,
    () => living,
    (item) => {
      living.delete(item);
      expired.push(item.deadline);
    },
  );
  const add = (deadline: number) => {
    const item = { deadline };
    living.add(item);
    deadlines.watch(deadline);
    return item;
  };
  return { clock, living, expired, deadlines, add };
}

test('each expires at its own time, whatever the order they came in', () => {
  const { clock, expired, add } = watcher();
  [30, 10, 20, Infinity, 10].forEach(add);
  clock.advance(9);
  expect(expired).toEqual([]);
  clock.advance(1);
  expect(expired).toEqual([10, 10]);
  clock.advance(100);
  expect(expired).toEqual([10, 10, 20, 30]);
});

test('a thousand deadlines cost one alarm, and those without end none', () => {
  const { clock, add } = watcher();
  add(Infinity);
  expect(clock.pending).toBe(0);
  for (let at = 0; at < 1000; at++) add(1000 - at);
  expect(clock.pending).toBe(1);
});

test('what is gone by then does not expire', () => {
  const { clock, living, expired, add } = watcher();
  living.delete(add(10));
  add(20);
  clock.advance(20);
  expect(expired).toEqual([20]);
});

test('no alarm is left once nothing is being waited for, or after stop', () => {
  const { clock, deadlines, add } = watcher();
  add(10);
  clock.advance(10);
  expect(clock.pending).toBe(0);
  add(20);
  deadlines.stop();
  expect(clock.pending).toBe(0);
});
