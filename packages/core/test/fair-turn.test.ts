import { expect, it } from 'vitest';
import { FairTurn } from '../src/fair-turn.js';
import { ManualClock, settled } from '../src/testing/index.js';

it('lets the others in after a while, and only then', async () => {
  const clock = new ManualClock();
  const turn = new FairTurn(clock);
  const pieces = (count: number) => Array.from({ length: count }, () => turn.next()).filter((one) => one !== undefined);
  expect(pieces(1000)).toEqual([]);
  clock.advance(10);
  const [others, ...more] = pieces(4);
  expect(more).toEqual([]);
  let isOver = false;
  void others!.then(() => (isOver = true));
  await settled();
  expect(isOver).toBe(false);
  clock.advance(0);
  await settled();
  expect(isOver).toBe(true);
  expect(pieces(1000)).toEqual([]);
});

it('takes what goes on without a pause for the same turn', () => {
  const clock = new ManualClock();
  const turn = new FairTurn(clock);
  const isOthersTurn = (): boolean => Array.from({ length: 4 }, () => turn.next()).some((one) => one !== undefined);
  const chunk = (took: number): boolean => {
    turn.begin();
    clock.advance(took);
    const isOthers = isOthersTurn();
    turn.end();
    return isOthers;
  };
  expect([chunk(4), chunk(4), chunk(4)]).toEqual([false, false, true]);
  // Whoever has just waited has not had a turn.
  clock.advance(5);
  expect([chunk(4), chunk(4), chunk(4)]).toEqual([false, false, true]);
});
