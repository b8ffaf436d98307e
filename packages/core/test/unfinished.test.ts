import { describe, expect, it } from 'vitest';
import { Quota } from '../src/broker/index.js';
import { ManualClock } from '../src/testing/index.js';
import { Unfinished } from '../src/unfinished.js';

const KIB = 1024;

function start({ most = 1e6, isPaused = () => false }: { most?: number; isPaused?: () => boolean } = {}) {
  const clock = new ManualClock();
  const quota = new Quota('clientQueuedBytes', most);
  const stalls: string[] = [];
  const onStall = ({ code, message }: Error & { code: string | number }): void =>
    void stalls.push(`${code}: ${message}`);
  const limits = { frameTime: 1000 };
  const unfinished = new Unfinished({ quota, clock, limits, what: 'frame', isPaused, onStall });
  return { clock, quota, stalls, unfinished };
}

describe('Unfinished', () => {
  it('counts from 4 KiB on, until it is done', () => {
    const { clock, quota, unfinished } = start();
    unfinished.hold(4095);
    expect([quota.used, unfinished.isHeld, clock.pending]).toEqual([0, false, 0]);
    unfinished.hold(4096);
    unfinished.hold(10_000);
    expect([quota.used, unfinished.isHeld]).toEqual([10_000, true]);
    unfinished.done();
    expect([quota.used, unfinished.isHeld]).toEqual([0, false]);
    unfinished.hold(5000);
    unfinished.stop();
    expect([quota.used, clock.pending]).toEqual([0, 0]);
  });

  it('says what there is no room for, and keeps what it had', () => {
    const { quota, unfinished } = start({ most: 10_000 });
    unfinished.hold(9000);
    const why = 'there is no room for the rest of this frame: limits.clientQueuedBytes is 10000 bytes';
    expect(() => unfinished.hold(10_001)).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL', message: why }));
    expect(quota.used).toBe(9000);
    unfinished.stop();
    expect(quota.used).toBe(0);
  });

  it('is over once too little has come for so long', () => {
    const { clock, stalls, unfinished } = start();
    unfinished.hold(100 * KIB);
    clock.advance(999);
    unfinished.hold(163 * KIB);
    expect(stalls).toEqual([]);
    clock.advance(1);
    const why = 'more than 1000 ms for the next 65536 bytes of a frame, or its end (limits.frameTime)';
    expect(stalls).toEqual([`ERR_FRAME_TIME: ${why}`]);
    clock.advance(10_000);
    expect(stalls).toHaveLength(1);
  });

  it('goes on while enough comes', () => {
    const { clock, stalls, unfinished } = start({ most: Infinity });
    for (let kib = 5; kib < 16 * KIB; kib += 64) {
      unfinished.hold(kib * KIB);
      clock.advance(999);
    }
    expect(stalls).toEqual([]);
  });

  it('gives each one its own time, by one alarm', () => {
    const { clock, stalls, unfinished } = start();
    for (let turn = 0; turn < 10; turn++) {
      unfinished.hold(5000);
      clock.advance(900);
      expect(clock.pending).toBe(1);
      unfinished.done();
    }
    unfinished.hold(5000);
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toHaveLength(1);
  });

  it('gives all of its time from when we read again', () => {
    const { clock, stalls, unfinished } = start();
    unfinished.resumed();
    unfinished.hold(5000);
    clock.advance(990);
    unfinished.resumed();
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toHaveLength(1);
  });

  it('does not hold against the other side that we do not read', () => {
    let isPaused = true;
    const { clock, stalls, unfinished } = start({ isPaused: () => isPaused });
    unfinished.hold(5000);
    clock.advance(5000);
    isPaused = false;
    clock.advance(999);
    expect(stalls).toEqual([]);
    clock.advance(1);
    expect(stalls).toHaveLength(1);
  });
});
