import { expect, test } from 'vitest';
import { ManualClock, settled } from '../../src/testing/index.js';

test('alarms ring in the order of their time, each at its own', () => {
  const clock = new ManualClock();
  const rung: [string, number][] = [];
  for (const [name, delay] of [
    ['b', 20],
    ['a', 10],
    ['a2', 10],
    ['late', 31],
  ] as const)
    clock.after(delay, () => rung.push([name, clock.now()]));
  clock.advance(30);
  expect(rung).toEqual([
    ['a', 10],
    ['a2', 10],
    ['b', 20],
  ]);
  expect([clock.now(), clock.pending]).toEqual([30, 1]);
});

test('an alarm set by an alarm rings in the same turn if it is due', () => {
  const clock = new ManualClock();
  const rung: number[] = [];
  const ring = () => {
    rung.push(clock.now());
    clock.after(10, ring);
  };
  clock.after(10, ring);
  clock.advance(35);
  expect(rung).toEqual([10, 20, 30]);
});

test('a cancelled alarm does not ring', () => {
  const clock = new ManualClock();
  clock.after(10, () => expect.unreachable()).cancel();
  clock.advance(100);
  expect(clock.pending).toBe(0);
});

test('run lets promises settle between its steps', async () => {
  const clock = new ManualClock();
  const seen: number[] = [];
  const wait = async () => {
    for (let round = 0; round < 3; round++) {
      await new Promise<void>((resolve) => clock.after(10, resolve));
      seen.push(clock.now());
    }
  };
  const waited = wait();
  await clock.run(30, 10);
  expect(seen).toEqual([10, 20, 30]);
  await waited;
});

test('settled waits for what needs no time', async () => {
  let done = false;
  const chain = (async () => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    done = true;
  })();
  await settled();
  expect(done).toBe(true);
  await chain;
});
