// How fast one address may try to log in.

import { ManualClock, settled } from '@sallyport/core/testing';
import { describe, expect, test } from 'vitest';
import { LoginPace, type Turn } from '../src/login-pace.js';

const never = new AbortController().signal;

function newPace() {
  const clock = new ManualClock();
  const pace = new LoginPace(clock, 1000, 3);
  /** Whose turn has come, by number. */
  const turns: Turn[] = [];
  const enter = async (address = '192.0.2.1', givenUp = never): Promise<void> => {
    void Promise.resolve(pace.enter(address, givenUp)).then((turn) => turns.push(turn));
    await settled();
  };
  return { clock, pace, turns, enter };
}

async function heardOf(answer: Promise<void>): Promise<boolean> {
  let heard = false;
  void answer.then(() => (heard = true));
  await settled();
  return heard;
}

describe('a refusal', () => {
  test('is said after the pause', async () => {
    const { clock, pace, turns, enter } = newPace();
    await enter();
    const answer = turns[0]!.refused();
    clock.advance(999);
    expect(await heardOf(answer)).toBe(false);
    clock.advance(1);
    expect(await heardOf(answer)).toBe(true);
    expect([pace.size, clock.pending]).toEqual([0, 0]);
  });

  test.each([
    [400, 600],
    [1000, 1000],
    [1300, 700],
  ])('that took %i ms to find is said %i ms later: how long it took does not show', async (took, later) => {
    const { clock, turns, enter } = newPace();
    await enter();
    clock.advance(took);
    const answer = turns[0]!.refused();
    clock.advance(later - 1);
    expect(await heardOf(answer)).toBe(false);
    clock.advance(1);
    expect(await heardOf(answer)).toBe(true);
  });
});

describe('one address', () => {
  test('has so many looked at or kept back at once; the others follow in their order', async () => {
    const { clock, turns, enter } = newPace();
    for (let one = 0; one < 7; one++) await enter();
    expect(turns.length).toBe(3);
    for (const turn of turns.slice(0, 3)) void turn.refused();
    await clock.run(999);
    expect(turns.length).toBe(3);
    await clock.run(1);
    expect(turns.length).toBe(6);
    turns[3]!.leave();
    await settled();
    expect(turns.length).toBe(7);
  });

  test('gets in twice as fast each time while nobody of it is refused', async () => {
    const { turns, enter } = newPace();
    for (let one = 0; one < 30; one++) await enter();
    const admitted: number[] = [];
    for (let from = 0; from < turns.length;) {
      const round = turns.slice(from);
      admitted.push(round.length);
      from += round.length;
      for (const turn of round) turn.admitted();
      await settled();
    }
    expect(admitted).toEqual([3, 6, 12, 9]);
  });

  test('cannot buy guesses without number by good logins', async () => {
    const { turns, enter } = newPace();
    await enter();
    for (let one = 1; one < 100; one++) {
      await enter();
      turns[one]!.admitted();
    }
    for (let one = 0; one < 100; one++) await enter();
    expect(turns.length).toBe(100 + 8 * 3 - 1);
  });

  test('has to begin anew after a refusal', async () => {
    const { clock, turns, enter } = newPace();
    for (let one = 0; one < 30; one++) await enter();
    for (const turn of turns.slice(0, 3)) turn.admitted();
    await settled();
    expect(turns.length).toBe(9);
    for (const turn of turns.slice(3, 9)) void turn.refused();
    await clock.run(1000);
    expect(turns.length).toBe(12);
  });

  test('may give up waiting', async () => {
    const { clock, pace, turns, enter } = newPace();
    const gone = new AbortController();
    for (let one = 0; one < 3; one++) await enter();
    await enter('192.0.2.1', gone.signal);
    gone.abort();
    for (const turn of turns) void turn.refused();
    await clock.run(1000);
    expect([turns.length, pace.size]).toEqual([3, 0]);
  });

  test.each([
    ['192.0.2.1', '192.0.2.2', false],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:ffff::1', true],
    ['2001:db8::1', '2001:db8:0:0:9::', true],
    ['2001:db8:0:1::1', '2001:db8::1', false],
    ['::1', '::2', true],
    ['::1', '0:0:0:1::', false],
  ])('%s and %s are the same: %s', async (one, other, isSame) => {
    const { turns, enter } = newPace();
    for (let at = 0; at < 3; at++) await enter(one);
    await enter(other);
    expect(turns.length).toBe(isSame ? 3 : 4);
  });
});

test('at the end nobody is kept waiting', async () => {
  const { clock, pace, turns, enter } = newPace();
  await enter();
  const answer = turns[0]!.refused();
  pace.close();
  expect(await heardOf(answer)).toBe(true);
  expect(clock.pending).toBe(0);
});
