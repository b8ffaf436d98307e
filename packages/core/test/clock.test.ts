import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../src/clock.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

test('an alarm rings once, after its delay', () => {
  const run = vi.fn();
  systemClock.after(100, run);
  vi.advanceTimersByTime(99);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1000);
  expect(run).toHaveBeenCalledOnce();
});

test('a cancelled alarm does not ring; cancelling one that rang is nothing', () => {
  const run = vi.fn();
  const alarm = systemClock.after(100, run);
  alarm.cancel();
  vi.advanceTimersByTime(1000);
  expect(run).not.toHaveBeenCalled();
  alarm.cancel();
});

test.each([0, -5])('a delay of %d is none, but never rings at once', (delay) => {
  const run = vi.fn();
  systemClock.after(delay, run);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
});

test('delays longer than timers can count ring at their time, and can be cancelled on the way', () => {
  const days = 24 * 3600 * 1000;
  const run = vi.fn();
  const never = vi.fn();
  systemClock.after(60 * days, run);
  const alarm = systemClock.after(60 * days, never);
  vi.advanceTimersByTime(30 * days);
  alarm.cancel();
  vi.advanceTimersByTime(30 * days - 1);
  expect(run).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(run).toHaveBeenCalledOnce();
  expect(never).not.toHaveBeenCalled();
});

test('an alarm without end never rings', () => {
  const run = vi.fn();
  const alarm = systemClock.after(Infinity, run);
  vi.advanceTimersByTime(2 ** 33);
  expect(run).not.toHaveBeenCalled();
  alarm.cancel();
  expect(vi.getTimerCount()).toBe(0);
});

test('now goes on with time', () => {
  const before = systemClock.now();
  vi.advanceTimersByTime(250);
  expect(systemClock.now() - before).toBe(250);
});
