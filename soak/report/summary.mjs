// What came of it, as text.

import { isFulfilled } from '../findings.mjs';
import { describeTrend, trends } from '../checks.mjs';
import { count, mebibytes, milliseconds, minutes } from './numbers.mjs';

/** @returns {string} */
export function summarize({ findings, counts, samples, latencies }, { seed }) {
  return [
    section('What went through', counts.map(countLine)),
    section('Checks', findings.flatMap(checkLines)),
    figures(samples, latencies),
    verdict(findings, samples, seed),
  ].join('\n');
}

/** One line: what was found. */
export function verdict(findings, samples, seed) {
  const failed = findings.filter((finding) => !isFulfilled(finding)).length;
  const { messages = 0, cuts = 0 } = samples.list.at(-1) ?? {};
  const what = `${count(messages)} messages in ${minutes(samples.duration)}, ${count(cuts)} connections broken, seed ${seed}`;
  const result = failed === 0 ? `all ${findings.length} checks held` : `${failed} of ${findings.length} checks FAILED`;
  return `${what}: ${result}`;
}

function section(title, lines) {
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function countLine([kind, counts]) {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  return `${kind.padEnd(20)} ${sorted.map(([what, number]) => `${count(number)} ${what}`).join(' · ')}`;
}

function checkLines(finding) {
  const { check, held, broken, examples, detail } = finding;
  const times = held > 1 ? `  (${count(held)} times)` : '';
  const line = `${isFulfilled(finding) ? '✓' : '✗'} ${check}${times}${detail === undefined ? '' : `: ${detail}`}`;
  if (broken > 0)
    return [
      line,
      `    broken ${count(broken)} times, such as`,
      ...examples.map((text) => `    - ${text.trim().replaceAll('\n', '\n        ')}`),
    ];
  return held === 0 ? [line, '    was never looked at: nothing of that kind happened'] : [line];
}

function figures(samples, latencies) {
  const { baseline, last, warm, list } = samples;
  const peak = (pick) => list.reduce((most, sample) => Math.max(most, pick(sample) ?? 0), 0);
  const { heap, rss } = trends(samples);
  const memory = (what, { trend }) =>
    `start ${mebibytes(baseline[what])}, peak ${mebibytes(peak((sample) => sample[what]))}, end ${mebibytes(last?.[what])}, ` +
    describeTrend(trend);
  const cpu = warm.reduce((sum, sample) => sum + sample.cpu, 0) / Math.max(1, warm.length);
  return section('Figures of the server', [
    `ping of healthy clients  p50 ${milliseconds(latencies.quantile(0.5))}, p99 ${milliseconds(latencies.quantile(0.99))}, longest ${milliseconds(latencies.max)}`,
    `memory of the process    ${memory('rss', rss)}`,
    `memory in use            ${memory('heap', heap)}`,
    `processor                ${Math.round(cpu * 100)} % of a core on average, longest turn ${milliseconds(peak((sample) => sample.turn))}`,
    `connections              ${count(peak((sample) => sample.held.sockets))} at most`,
  ]);
}
