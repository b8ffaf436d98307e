import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/errors.js';
import {
  agreeHeartBeat,
  HeartBeat,
  type HeartBeatOptions,
  offerHeartBeat,
  parseHeartBeat,
} from '../../src/stomp/index.js';
import { ManualClock } from '../../src/testing/index.js';

describe('parseHeartBeat', () => {
  it.each([
    [undefined, 0, 0],
    ['0,0', 0, 0],
    ['1000,0', 1000, 0],
    ['0,20000', 0, 20_000],
    ['99999999999,1', 99_999_999_999, 1],
    ['1' + '0'.repeat(400) + ',1', Number.MAX_SAFE_INTEGER, 1],
  ])('%j', (header, outgoing, incoming) => {
    expect(parseHeartBeat(header)).toEqual({ outgoing, incoming });
  });

  it.each([
    '',
    ',',
    '1',
    '1,',
    ',1',
    '1,2,3',
    '-1,0',
    '1.5,0',
    '1 ,2',
    '1, 2',
    'a,b',
    '1e3,0',
    '0x1,0',
    '1\n,2',
    '1,2\n',
  ])('%j is none', (header) => {
    expect(() => parseHeartBeat(header)).toThrow(ProtocolError);
  });
});

describe('offerHeartBeat', () => {
  it.each<[HeartBeatOptions, number, number]>([
    [{}, 10_000, 10_000],
    [{ heartBeat: { outgoing: 5000 } }, 5000, 10_000],
    [{ heartBeat: { outgoing: 0, incoming: 0 } }, 0, 0],
    // What is offered is kept; so no less is offered than will be kept.
    [{ heartBeat: { outgoing: 1, incoming: 1 } }, 1000, 1000],
    [{ heartBeat: { outgoing: 1, incoming: 1 }, leastHeartBeat: 100 }, 100, 100],
  ])('%j', (options, outgoing, incoming) => {
    expect(offerHeartBeat(options)).toEqual({ outgoing, incoming });
  });
});

describe('agreeHeartBeat', () => {
  // STOMP 1.2, Heart-beating: <cx,cy> and <sx,sy>; the client beats every max(cx,sy), the server every max(sx,cy).
  it.each([
    [
      [0, 0],
      [0, 0],
      [0, 0],
    ],
    [
      [10_000, 10_000],
      [10_000, 10_000],
      [10_000, 10_000],
    ],
    [
      [5000, 20_000],
      [10_000, 15_000],
      [15_000, 20_000],
    ],
    [
      [0, 5000],
      [5000, 5000],
      [0, 5000],
    ],
    [
      [5000, 0],
      [5000, 5000],
      [5000, 0],
    ],
    [
      [5000, 5000],
      [0, 5000],
      [5000, 0],
    ],
    [
      [5000, 5000],
      [5000, 0],
      [0, 5000],
    ],
    [
      [1, 1],
      [1, 1],
      [1000, 1000],
    ],
    [
      [1, 1],
      [0, 1],
      [1000, 0],
    ],
  ])('ours %j and theirs %j make %j', (ours, theirs, agreed) => {
    const offer = ([outgoing, incoming]: number[]) => ({ outgoing: outgoing!, incoming: incoming! });
    expect(agreeHeartBeat(offer(ours), offer(theirs))).toEqual(offer(agreed));
    const swapped = agreeHeartBeat(offer(theirs), offer(ours));
    expect(swapped, 'both sides agree').toEqual({ outgoing: agreed[1], incoming: agreed[0] });
  });
});

function start(outgoing: number, incoming: number, options?: HeartBeatOptions) {
  const clock = new ManualClock();
  const beats: number[] = [];
  const dead: number[] = [];
  const heartBeat = new HeartBeat(
    clock,
    { outgoing, incoming },
    { beat: () => beats.push(clock.now()), dead: (silence) => dead.push(silence) },
    options,
  );
  return { clock, beats, dead, heartBeat };
}

describe('HeartBeat sends', () => {
  it('a beat within each interval of silence', () => {
    const { clock, beats } = start(10_000, 0);
    clock.advance(100_000);
    [0, ...beats].forEach((at, index, all) => expect((all[index + 1] ?? at) - at).toBeLessThanOrEqual(10_000));
    expect(beats.at(-1)).toBeGreaterThan(90_000);
    expect(beats.length).toBeLessThanOrEqual(12);
  });

  it('as early as it is told to', () => {
    const clock = new ManualClock();
    const beats: number[] = [];
    const on = { beat: () => void beats.push(clock.now()), dead: () => {} };
    new HeartBeat(clock, { outgoing: 10_000, incoming: 0 }, on, { beatShare: 0.6 });
    clock.advance(18_000);
    expect(beats).toEqual([6000, 12_000, 18_000]);
  });

  it('none while other things are sent', () => {
    const { clock, beats, heartBeat } = start(10_000, 0);
    for (let turn = 0; turn < 50; turn++) {
      clock.advance(2000);
      heartBeat.sent();
    }
    expect(beats).toEqual([]);
    clock.advance(10_000);
    expect(beats).toHaveLength(1);
  });

  it('within an interval of the last thing sent, wherever that fell', () => {
    for (let at = 0; at < 10_000; at += 500) {
      const { clock, beats, heartBeat } = start(10_000, 0);
      clock.advance(at);
      const before = beats.length;
      heartBeat.sent();
      clock.advance(10_000);
      expect(beats.length - before, `sent at ${at}`).toBeGreaterThanOrEqual(1);
    }
  });

  it('nothing if that was not agreed, or after stop', () => {
    const { clock, beats, heartBeat } = start(0, 0);
    clock.advance(1_000_000);
    expect(beats).toEqual([]);
    expect(clock.pending).toBe(0);
    heartBeat.stop();
    const other = start(1000, 1000);
    other.heartBeat.stop();
    other.clock.advance(100_000);
    expect([...other.beats, ...other.dead]).toEqual([]);
    expect(other.clock.pending).toBe(0);
  });
});

describe('HeartBeat finds a peer dead', () => {
  it.each<[number, HeartBeatOptions | undefined, number]>([
    [10_000, undefined, 11_000],
    [60_000, undefined, 66_000],
    [1000, undefined, 2000],
    [5000, undefined, 6000],
    [10_000, { heartBeatGrace: 1 }, 20_000],
    [1000, { leastGrace: 0 }, 1100],
    [1000, { leastGrace: 0, heartBeatGrace: 0 }, 1000],
    [99_999_999_999, undefined, 109_999_999_998.9],
  ])('that promised a beat every %i ms, with %j, after %i ms', (interval, options, after) => {
    const { clock, dead } = start(0, interval, options);
    clock.advance(after - 1);
    expect(dead).toEqual([]);
    clock.advance(1.1);
    expect(dead).toHaveLength(1);
    clock.advance(10 * after);
    expect(dead, 'says it once').toHaveLength(1);
  });

  it('counted from the last octet that was heard, were it within a message that is not whole', () => {
    const clock = new ManualClock();
    const dead: number[] = [];
    let heardAt: number | undefined;
    const on = { beat: () => {}, dead: (silence: number) => dead.push(silence), heardAt: () => heardAt };
    new HeartBeat(clock, { outgoing: 0, incoming: 10_000 }, on);
    for (let turn = 0; turn < 10; turn++) {
      clock.advance(10_900);
      heardAt = clock.now();
    }
    expect(dead).toEqual([]);
    clock.advance(11_000);
    expect(dead).toEqual([11_000]);
  });

  it('counted from the last octet', () => {
    const { clock, dead, heartBeat } = start(0, 10_000);
    for (let turn = 0; turn < 20; turn++) {
      clock.advance(10_900);
      heartBeat.received();
    }
    expect(dead).toEqual([]);
    clock.advance(10_999);
    expect(dead).toEqual([]);
    clock.advance(1);
    expect(dead).toEqual([11_000]);
  });
});
