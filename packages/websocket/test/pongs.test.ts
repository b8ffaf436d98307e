import { expect, test } from 'vitest';
import type { LimitError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { Pongs } from '../src/pongs.js';

/** With a connection that takes nothing before it is told to. */
function setUp() {
  const clock = new ManualClock();
  const said: string[] = [];
  const waiting: (() => void)[] = [];
  const state = { busy: false, cut: undefined as LimitError | undefined };
  const gate = {
    pong: (data: Uint8Array, taken: () => void) => {
      said.push(new TextDecoder().decode(data));
      waiting.push(taken);
    },
    isBusy: () => state.busy,
    cut: (error: LimitError) => (state.cut = error),
  };
  const pongs = new Pongs(gate, clock, 10_000);
  const ping = (from: number, to = from): void => {
    for (let at = from; at <= to; at++) {
      const data = new TextEncoder().encode(String(at));
      pongs.answer(data);
      // It belongs to whoever lent it.
      data.fill(0);
    }
  };
  return { clock, said, state, pongs, ping, take: (count = 1) => waiting.splice(0, count).forEach((taken) => taken()) };
}

test('each ping is answered while few answers are on their way', () => {
  const { said, ping } = setUp();
  ping(1, 64);
  expect(said).toEqual(Array.from({ length: 64 }, (_, at) => String(at + 1)));
});

test('of those that come while many are on their way, the last', () => {
  const { said, ping, take } = setUp();
  ping(1, 1000);
  expect(said).toHaveLength(64);
  take();
  expect(said.slice(64)).toEqual(['1000']);
  take(64);
  expect(said).toHaveLength(65);
  ping(1001);
  expect(said.at(-1)).toBe('1001');
});

test('whoever takes none of them is cut', () => {
  const { clock, ping, state } = setUp();
  ping(1);
  clock.advance(9999);
  expect(state.cut).toBeUndefined();
  clock.advance(1);
  expect(state.cut).toMatchObject({ code: 'ERR_WRITE_STALL', limit: 'writeStall' });
});

test('whoever takes some of them is not, nor whoever is busy with data', () => {
  const { clock, ping, take, state } = setUp();
  ping(1, 30);
  for (let round = 0; round < 20; round++) {
    take();
    clock.advance(10_000);
  }
  state.busy = true;
  clock.advance(50_000);
  expect(state.cut).toBeUndefined();
  state.busy = false;
  clock.advance(10_000);
  expect(state.cut).toBeDefined();
});

test('no alarm stays behind', () => {
  const { clock, ping, take, pongs } = setUp();
  ping(1);
  take();
  clock.advance(10_000);
  expect(clock.pending).toBe(0);
  ping(2);
  pongs.stop();
  expect(clock.pending).toBe(0);
});
