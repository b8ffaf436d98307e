import { describe, expect, test } from 'vitest';
import type { LimitError } from '../src/errors.js';
import { ManualClock } from '../src/testing/index.js';
import { concatBytes, decodeText } from '../src/text.js';
import { Departures, type DeparturesOptions, type Piece } from '../src/departures.js';

/** A gate that takes batches when the test says so. */
function departures(options: Partial<DeparturesOptions> & { writeBuffer?: number } = {}) {
  const clock = new ManualClock();
  const batches: Piece[][] = [];
  const turns: (() => void)[] = [];
  const errors: LimitError[] = [];
  let taken: (() => void) | undefined;
  let moved = (): void => {};
  const going = new Departures(
    {
      write: (batch, done, some) => {
        batches.push(batch);
        taken = done;
        moved = some;
      },
      schedule: (run) => turns.push(run),
      cut: (error) => errors.push(error),
    },
    {
      clock,
      limits: { writeBuffer: options.writeBuffer ?? 1_000_000, writeStall: 10_000 },
      join: true,
      split: true,
      ...options,
    },
  );
  const turn = () => turns.splice(0).forEach((run) => run());
  const take = () => {
    const done = taken;
    taken = undefined;
    done?.();
  };
  return { going, clock, batches, errors, turn, take, move: () => moved() };
}

const size = (batch: Piece[]) => batch.reduce((sum, piece) => sum + piece.length, 0);

describe('joining', () => {
  test('texts of one turn are one piece, of two turns two batches', () => {
    const { going, batches, turn, take } = departures();
    for (const text of ['a', 'b', 'c']) void going.add(text);
    turn();
    take();
    void going.add('d');
    turn();
    expect(batches).toEqual([['abc'], ['d']]);
  });

  test('bytes stay where they were', () => {
    const { going, batches, turn } = departures();
    const bytes = Uint8Array.of(1);
    for (const piece of ['a', 'b', bytes, 'c', 'd']) void going.add(piece);
    turn();
    expect(batches).toEqual([['ab', bytes, 'cd']]);
  });

  test('pieces do not grow beyond 64 KiB', () => {
    const { going, batches, turn, take } = departures();
    void going.add('first');
    turn();
    for (let one = 0; one < 3; one++) void going.add('x'.repeat(30_000));
    turn();
    take();
    expect(batches[1]!.map((piece) => piece.length)).toEqual([60_000, 30_000]);
  });

  test('a long turn writes its first 8 KiB at once, and the rest when they have been taken', () => {
    const { going, batches, turn, take } = departures();
    for (let one = 0; one < 20; one++) void going.add('x'.repeat(1024));
    expect(batches.map(size)).toEqual([8 * 1024]);
    turn();
    take();
    expect(batches.map(size)).toEqual([8 * 1024, 12 * 1024]);
  });

  test('messages are not joined', () => {
    const { going, batches, turn } = departures({ join: false, split: false });
    void going.add('a');
    void going.add('b');
    turn();
    expect(batches).toEqual([['a', 'b']]);
  });
});

describe('batches', () => {
  test('one is under way at a time; what comes meanwhile leaves with the next', () => {
    const { going, batches, turn, take } = departures();
    void going.add('a');
    turn();
    void going.add('b');
    turn();
    void going.add('c');
    turn();
    expect(batches).toEqual([['a']]);
    take();
    expect(batches).toEqual([['a'], ['bc']]);
  });

  test('a large piece is handed over in parts, where that is allowed', () => {
    const { going, batches, turn, take } = departures();
    void going.add('ä'.repeat(400_000));
    turn();
    for (let one = 0; one < 5; one++) take();
    expect(batches.map(size)).toEqual([262_144, 262_144, 262_144, 13_568]);
    const joined = concatBytes(batches.flat() as Uint8Array[], 800_000);
    expect(decodeText(joined)).toBe('ä'.repeat(400_000));
  });

  test('else in a batch of its own', () => {
    const { going, batches, turn, take } = departures({ split: false });
    const large = 'x'.repeat(400_000);
    void going.add('before');
    void going.add(large);
    void going.add('after');
    turn();
    take();
    take();
    expect(batches).toEqual([['before'], [large], ['after']]);
  });
});

describe('room', () => {
  test('there is none once 128 KiB wait, and again when they are taken', async () => {
    const { going, turn, take } = departures();
    expect(going.add('x'.repeat(131_072))).toBeUndefined();
    const room = going.add('y');
    expect(going.add('z')).toBe(room);
    turn();
    take();
    await room;
    expect(going.add('more')).toBeUndefined();
  });

  test('a drop releases whoever waits', async () => {
    const { going } = departures();
    const room = going.add('x'.repeat(131_073));
    going.drop();
    await room;
    expect(going.add('x'.repeat(200_000))).toBeUndefined();
  });
});

describe('the end', () => {
  test('is when everything has been taken', async () => {
    const { going, turn, take } = departures();
    void going.add('a');
    let over = false;
    const end = going.end().then(() => (over = true));
    expect(going.add('too late')).toBeUndefined();
    turn();
    await Promise.resolve();
    expect(over).toBe(false);
    take();
    await end;
  });

  test('is at once when nothing waits, or all is dropped', async () => {
    await departures().going.end();
    const { going, turn } = departures();
    void going.add('a');
    turn();
    const end = going.end();
    going.drop();
    await end;
  });
});

describe('limits', () => {
  test('too much waiting behind what is under way', () => {
    const { going, errors, turn } = departures();
    void going.add('x'.repeat(100));
    turn();
    void going.add('x'.repeat(1_000_000));
    expect(errors).toEqual([]);
    void going.add('x');
    expect(errors).toMatchObject([{ code: 'ERR_WRITE_BUFFER', limit: 'writeBuffer' }]);
    expect(errors[0]!.message).toContain('1000000');
  });

  test('not for what one turn sends to a peer that keeps up', () => {
    const { going, errors, turn, take, batches } = departures();
    for (let one = 0; one < 30; one++) void going.add('x'.repeat(100_000));
    expect(errors).toEqual([]);
    turn();
    for (let one = 0; one < 30; one++) take();
    expect(errors).toEqual([]);
    expect(batches.map(size).reduce((sum, one) => sum + one)).toBe(3_000_000);
  });

  test('too much within one turn, whoever keeps up', () => {
    const { going, errors } = departures();
    for (let one = 0; one < 300; one++) void going.add('x'.repeat(250_000));
    expect(errors).toMatchObject([{ code: 'ERR_WRITE_BUFFER', limit: 'writeBuffer' }]);
    expect(errors[0]!.message).toContain(String(64 * 1024 * 1024));
  });

  test('nothing taken for the time allowed', () => {
    const { going, errors, turn, clock } = departures();
    void going.add('a');
    turn();
    clock.advance(9_999);
    expect(errors).toEqual([]);
    clock.advance(1);
    expect(errors).toMatchObject([{ code: 'ERR_WRITE_STALL', limit: 'writeStall' }]);
    expect(clock.pending).toBe(0);
  });

  test('time counts from the last progress, and not while there is nothing to take', () => {
    const { going, errors, turn, take, clock } = departures();
    void going.add('a');
    turn();
    take();
    clock.advance(9_000);
    void going.add('b');
    turn();
    clock.advance(9_000);
    take();
    void going.add('c');
    turn();
    clock.advance(9_999);
    expect(errors).toEqual([]);
    clock.advance(1);
    expect(errors).toHaveLength(1);
  });

  test('a batch that is seen to get on has all the time it needs, and no more than any other once it does not', () => {
    const { going, errors, turn, move, clock } = departures({ split: false, writeBuffer: 1e9 });
    void going.add(new Uint8Array(4 * 1024 * 1024));
    turn();
    for (let part = 0; part < 10; part++) {
      clock.advance(9_999);
      move();
    }
    clock.advance(9_999);
    expect(errors).toEqual([]);
    clock.advance(1);
    expect(errors).toHaveLength(1);
  });

  test('one alarm at most, and none once it is over', () => {
    const { going, turn, take, clock } = departures();
    for (let one = 0; one < 10; one++) {
      void going.add('a');
      turn();
      take();
    }
    expect(clock.pending).toBe(1);
    clock.advance(10_000);
    expect(clock.pending).toBe(0);
  });
});
