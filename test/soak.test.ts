// The soak's own judgement: that it sees what is lost, and does not see what is not.

import { describe, expect, test } from 'vitest';
import { Findings, isFulfilled } from '../soak/findings.mjs';
import { Latencies } from '../soak/latencies.mjs';
import { bodyOf, Ledger } from '../soak/load/ledger.mjs';
import { encode, FrameReader } from '../soak/load/stomp-frames.mjs';
import { readOptions } from '../soak/options.mjs';
import { Random } from '../soak/random.mjs';
import { linearScale, logarithmicScale, timeTicks } from '../soak/report/scale.mjs';
import { trendPerHour } from '../soak/trend.mjs';

describe('the books of messages', () => {
  const open = () => {
    const findings = new Findings();
    const ledger = new Ledger(findings, 'messages');
    const broken = (): string[] =>
      findings.list().flatMap(({ check, broken, examples }) => (broken > 0 ? [`${check}: ${examples.join()}`] : []));
    return { ledger, broken };
  };

  test('what is confirmed and consumed, in whichever order, is settled', () => {
    const { ledger, broken } = open();
    const [first, second] = [ledger.next('ann'), ledger.next('ann')];
    ledger.confirmed('ann', first.number);
    ledger.consumed('ann', first.number);
    ledger.consumed('ann', second.number);
    expect(ledger.missing).toBe(0);
    ledger.confirmed('ann', second.number);
    ledger.close('lost');
    expect([ledger.missing, broken()]).toEqual([0, []]);
  });

  test('what is confirmed and never consumed is lost; what nobody knows of is not', () => {
    const { ledger, broken } = open();
    for (let left = 3; left > 0; left--) ledger.next('ann');
    ledger.confirmed('ann', 1);
    ledger.unsure('ann', 2);
    expect(ledger.missing).toBe(1);
    ledger.close('is gone');
    expect(broken()).toEqual(['no confirmed messages are lost: ann#1 is gone']);
  });

  test.each([
    ['of a sender that there is not', bodyOf('bob', 1)],
    ['of a number not yet sent', bodyOf('ann', 3)],
    ['that was in an aborted transaction', bodyOf('ann', 2)],
    ['that is no message of ours', 'hello'],
  ])('a message %s is seen', (_what, body) => {
    const { ledger, broken } = open();
    ledger.next('ann');
    ledger.next('ann');
    ledger.never('ann', 2);
    expect(ledger.arrived(body, 'a queue')).toBeUndefined();
    expect(broken()).toHaveLength(1);
  });

  test('a message that was changed is seen, one that was not is known', () => {
    const { ledger, broken } = open();
    const { body } = ledger.next('ann');
    expect(ledger.arrived(body, 'a queue')).toEqual({ sender: 'ann', number: 1 });
    expect(broken()).toEqual([]);
    ledger.arrived(body + '!', 'a queue');
    expect(broken()).toHaveLength(1);
  });
});

test('a check that was never looked at is not fulfilled', () => {
  const findings = new Findings();
  findings.expect('never');
  findings.hold('once');
  findings.check('both', true, '');
  findings.check('both', false, 'because');
  expect(findings.list().map(isFulfilled)).toEqual([false, true, false]);
});

test('latencies keep their quantiles to two percent', () => {
  const latencies = new Latencies();
  for (let each = 1; each <= 1000; each++) latencies.add(each / 10);
  for (const share of [0.01, 0.5, 0.99]) {
    expect(latencies.quantile(share)! / (share * 100)).toBeCloseTo(1, 1);
  }
  expect([latencies.max, latencies.quantile(1)]).toEqual([100, 100]);
  expect(new Latencies().quantile(0.5)).toBeUndefined();
});

test('a trend is told from chance', () => {
  const points = Array.from({ length: 60 }, (_, at) => ({ at, value: 100 + 2 * at }));
  expect(trendPerHour(points)).toMatchObject({ slope: 7200, error: 0 });
  const random = new Random('noise');
  const noise = trendPerHour(points.map(({ at }) => ({ at, value: random.next() })))!;
  expect(Math.abs(noise.slope)).toBeLessThan(3 * noise.error);
  expect(trendPerHour(points.slice(0, 3))).toBeUndefined();
});

test('a seed repeats what it chose, and each part has a chance of its own', () => {
  const some = (random: Random): number[] => Array.from({ length: 20 }, () => random.whole(1, 6));
  expect(some(new Random('7'))).toEqual(some(new Random('7')));
  expect(some(new Random('7').for('a'))).not.toEqual(some(new Random('7').for('b')));
  expect([...new Set(some(new Random('7')))].sort()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('frames are read the same however they are cut', () => {
  const frames = [
    encode('MESSAGE', { destination: '/queue/a:b', note: 'line\nbreak' }, 'body\0with NUL'),
    encode('RECEIPT', { 'receipt-id': '1' }),
  ];
  const bytes = Buffer.concat(frames.flatMap((frame) => [frame, Buffer.from('\n')]));
  const whole = new FrameReader().push(bytes);
  const reader = new FrameReader();
  const pieces = [...bytes].flatMap((byte) => reader.push(Buffer.of(byte)));
  expect(pieces).toEqual(whole);
  expect(whole.map(({ command, body }) => [command, body])).toEqual([
    ['MESSAGE', 'body\0with NUL'],
    ['RECEIPT', ''],
  ]);
  expect(whole[0]!.headers).toMatchObject({ destination: '/queue/a:b', note: 'line\nbreak' });
});

test('scales are round and hold what is drawn', () => {
  expect(linearScale(9321).ticks).toEqual([0, 5000, 10_000]);
  expect(logarithmicScale([0.7, 230]).ticks).toEqual([0.1, 1, 10, 100, 1000]);
  expect(timeTicks(72)).toEqual([0, 10, 20, 30, 40, 50, 60, 70]);
  expect(linearScale(0).share(0)).toBe(0);
});

test.each([[['--minutes', '0']], [['--minutes', 'ten']], [['--hours', '1']]])(
  '%j is refused with the usage',
  (args) => {
    expect(() => readOptions(args)).toThrow(/--minutes N/);
  },
);
