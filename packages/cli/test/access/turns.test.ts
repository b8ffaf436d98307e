// Who comes when, while much waits to be done.

import { Deferred } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { expect, test } from 'vitest';
import { NoTurnError, Turns } from '../../src/access/turns.js';

function setUp(options: { atOnce?: number; waiting?: number } = {}) {
  const clock = new ManualClock();
  const turns = new Turns({ atOnce: 1, waiting: 10, longest: 1000, clock, ...options });
  const begun: string[] = [];
  const jobs = new Map<string, Deferred<void>>();
  const settled: Promise<unknown>[] = [];
  const ask = (asker: string, name: string): Promise<string> => {
    const done = new Deferred<void>();
    jobs.set(name, done);
    const asked = turns.run(asker, async () => {
      begun.push(name);
      await done.promise;
      return name;
    });
    settled.push(asked.catch(() => {}));
    return asked;
  };
  const finish = async (name: string): Promise<void> => {
    jobs.get(name)!.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, begun, ask, finish };
}

test('as many at once as may be, in order', async () => {
  const { ask, begun, finish } = setUp({ atOnce: 2 });
  const first = ask('a', '1');
  for (const name of ['2', '3', '4']) void ask('a', name);
  expect(begun).toEqual(['1', '2']);
  await finish('1');
  expect(await first).toBe('1');
  expect(begun).toEqual(['1', '2', '3']);
});

test('one asker after another, whatever each has waiting', async () => {
  const { ask, begun, finish } = setUp();
  for (const name of ['a1', 'a2', 'a3']) void ask('a', name);
  for (const name of ['b1', 'b2']) void ask('b', name);
  for (const name of ['a1', 'a2', 'b1', 'a3']) await finish(name);
  expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2']);
});

test('too many: the longest line gives way, not who is new', async () => {
  const { ask } = setUp({ waiting: 3 });
  void ask('a', '0');
  const [first, second, third] = ['1', '2', '3'].map((name) => ask('a', name));
  const other = ask('b', '4');
  await expect(third).rejects.toThrow('more than 3 wait for their turn');
  await expect(ask('a', '5')).rejects.toThrow(NoTurnError);
  for (const waiting of [first, second, other]) waiting!.catch(() => {});
});

test('who has waited too long is not begun any more', async () => {
  const { ask, begun, finish, clock } = setUp();
  void ask('a', '1');
  const late = ask('a', '2');
  clock.advance(600);
  const inTime = ask('a', '3');
  clock.advance(600);
  await Promise.all([finish('1'), expect(late).rejects.toThrow(NoTurnError)]);
  await finish('3');
  expect(await inTime).toBe('3');
  expect(begun).toEqual(['1', '3']);
});

test('what fails makes room, too', async () => {
  const turns = new Turns({ atOnce: 1, waiting: 1, longest: 1000 });
  await expect(turns.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.run('a', () => Promise.resolve(1))).toBe(1);
});
