// What must hold of the server's process: its memory, its descriptors, its latencies, and that it is empty in the end.

import { setTimeout as sleep } from 'node:timers/promises';
import { mebibytes, milliseconds } from './report/numbers.mjs';
import { trendPerHour } from './trend.mjs';

const MiB = 2 ** 20;

/** Generous: the machine may be busy with others. What is measured is printed all the same. */
const LATENCY = { p99: 1000, max: 10_000 };
/** What memory may grow by once it is warm, beyond what chance explains: a little, and so much more by hour. */
const GROWTH = { heap: 32 * MiB, rss: 64 * MiB, perHour: 1 * MiB };
/** What chance explains, in standard errors. */
const CHANCE = 3;
/** What may be left of it above the start when all have gone. */
const LEFT = { heap: 32 * MiB, rss: 128 * MiB };
/** How long the server may take to let go of those that left, milliseconds. */
const LETTING_GO = 15_000;

const names = {
  latency: `healthy clients wait less than ${LATENCY.p99} ms (p99), and never ${LATENCY.max} ms`,
  heap: 'what the server holds in memory does not grow',
  rss: 'the memory of its process does not grow',
  empty: 'when all have left, the server holds nothing of them',
  descriptors: 'when all have left, no descriptor is left open',
  memory: 'when all have left, memory is nearly where it was',
};

/** Names them all, so that one that was never looked at is seen. */
export function expectAll(findings) {
  for (const name of Object.values(names)) findings.expect(name);
  findings.hold('no method of the server fails');
}

/** What the measurements of the load's time say. */
export function judgeRun(findings, samples, latencies) {
  const p99 = latencies.quantile(0.99);
  const isQuick = p99 < LATENCY.p99 && latencies.max < LATENCY.max;
  const waited = `p99 ${milliseconds(p99)}, longest ${milliseconds(latencies.max)}`;
  findings.check(names.latency, isQuick, waited);
  findings.detail(names.latency, waited);
  const { heap, rss } = trends(samples);
  judgeGrowth(findings, names.heap, heap, GROWTH.heap);
  judgeGrowth(findings, names.rss, rss, GROWTH.rss);
}

/** Memory over time, once warm: bytes by hour, and over how many hours; no trend if there are too few measurements. */
export function trends({ warm }) {
  const hours = warm.length < 2 ? 0 : (warm.at(-1).at - warm[0].at) / 3600;
  const points = (pick, list) => list.map((sample) => ({ at: sample.at, value: pick(sample) }));
  // Only what is left after a collection tells what is held.
  const collected = warm.filter((sample) => sample.collected);
  return {
    heap: { trend: trendPerHour(points(({ heap }) => heap, collected)), hours },
    rss: { trend: trendPerHour(points((sample) => sample.rss, warm)), hours },
  };
}

function judgeGrowth(findings, name, { trend, hours }, little) {
  const text = describeTrend(trend);
  findings.detail(name, `${text}, over ${(hours * 60).toFixed(1)} min`);
  // A run too short for a trend has had no time to grow either.
  if (trend === undefined) return findings.hold(name);
  const growth = (trend.slope - CHANCE * trend.error) * hours;
  const most = little + GROWTH.perHour * hours;
  findings.check(name, growth < most, `${mebibytes(growth)} beyond chance (${text}); allowed are ${mebibytes(most)}`);
}

/** As `+3.1 MiB/h ±12 MiB/h`. */
export function describeTrend(trend) {
  if (trend === undefined) return 'too short for a slope';
  return `${mebibytes(trend.slope, 'sign')}/h ±${mebibytes(trend.error)}/h`;
}

/** Waits until the server has let go of everybody, and looks at what is left. */
export async function judgeEnd(findings, samples) {
  const { baseline } = samples;
  const began = performance.now();
  let last = await samples.measure();
  let took = isEmpty(last, baseline) ? 0 : undefined;
  // Memory is given back to the system a while after it is free.
  while ((took === undefined || !isSmall(last, baseline)) && performance.now() - began < LETTING_GO) {
    await sleep(250);
    last = await samples.measure();
    if (took === undefined && isEmpty(last, baseline)) took = performance.now() - began;
  }
  samples.last = last;
  const rest = surplus(last, baseline).map((what) => `${last.held[what]} ${what}`);
  findings.check(names.empty, rest.length === 0, rest.join(', '));
  findings.detail(names.empty, took === undefined ? rest.join(', ') : `after ${Math.round(took)} ms`);
  const open = `${last.descriptors ?? 'unknown'}, at the start ${baseline.descriptors ?? 'unknown'}`;
  findings.check(names.descriptors, !(last.descriptors > baseline.descriptors), open);
  findings.detail(names.descriptors, open);
  const above = (what) => mebibytes(last[what] - baseline[what], 'sign');
  const text = `in use ${above('heap')}, process ${above('rss')}`;
  findings.check(names.memory, isSmall(last, baseline), text);
  findings.detail(names.memory, text);
}

/** What the server holds more of than before anybody came: then there was only its own queue of requests. */
function surplus({ held }, baseline) {
  return Object.keys(held).filter((what) => held[what] > baseline.held[what]);
}

function isEmpty(sample, baseline) {
  return surplus(sample, baseline).length === 0 && !(sample.descriptors > baseline.descriptors);
}

function isSmall(sample, baseline) {
  return ['heap', 'rss'].every((what) => sample[what] - baseline[what] < LEFT[what]);
}
