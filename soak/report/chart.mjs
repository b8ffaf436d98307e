// The run as a page that needs nothing beside itself: what came of it, three charts over time, all checks and counts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../scripts/workspace.mjs';
import { isFulfilled } from '../findings.mjs';
import { drawPanel, panelHeight, plot } from './panel.mjs';
import { count, mebibytes, milliseconds, minutes } from './numbers.mjs';
import { linearScale, logarithmicScale, timeTicks } from './scale.mjs';

/** More points than this would only hide each other. */
const POINTS = 400;

/** @returns {string} HTML */
export function chartPage({ findings, counts, samples, latencies }, { seed, minutes: time }) {
  const failed = findings.filter((finding) => !isFulfilled(finding));
  const verdict =
    failed.length === 0
      ? `<b>All ${findings.length} checks held</b>`
      : `<b class="bad">${failed.length} of ${findings.length} checks failed</b>`;
  const { list, baseline, last } = samples;
  const { messages = 0, cuts = 0 } = list.at(-1) ?? {};
  const tiles = [
    ['messages through the server', count(messages)],
    ['connections broken on purpose', count(cuts)],
    ['p99 of the healthy clients’ pings', milliseconds(latencies.quantile(0.99))],
    ['memory of the server, start and end', `${mebibytes(baseline.rss).replace(' MiB', '')} → ${mebibytes(last?.rss)}`],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Soak of ${time} min, seed ${escape(seed)}</title>
<style>
${styles()}</style>
<h1>Soak of ${time} min</h1>
<p class="about">${verdict} · seed ${escape(seed)} · Node ${process.version} · ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
<dl class="tiles">${tiles.map(tile).join('')}</dl>
<div class="card">${list.length < 2 ? '' : drawing(samples)}</div>
<h2>Checks</h2>
<table><tr><th></th><th>what must hold</th><th class="number">times looked at</th></tr>${[...failed, ...findings.filter(isFulfilled)].map(checkRow).join('')}</table>
<h2>What went through</h2>
<table>${counts.map(countRow).join('')}</table>
</html>
`;
}

/** The page's vocabulary is that of the admin page. */
function styles() {
  const tokens = join(root, 'packages/dashboard/page/style/tokens.css');
  return readFileSync(tokens, 'utf8') + readFileSync(join(import.meta.dirname, 'chart.css'), 'utf8');
}

function tile([what, figure]) {
  return `<div><dt>${what}</dt><dd>${figure.replace(/ (ms|MiB)$/, ' <small>$1</small>')}</dd></div>`;
}

function drawing(samples) {
  const panels = panelsOf(samples);
  const end = samples.list.at(-1).at;
  const x = (seconds) => plot.left + (seconds / end) * plot.width;
  const foot = panels.length * panelHeight + 8;
  const times = timeTicks(end).map((at) => `<text class="time" x="${x(at)}" y="${foot}">${minutes(at)}</text>`);
  const stages = stagesOf(samples, end);
  const drawn = panels.map((panel, at) => drawPanel({ ...panel, stages }, at * panelHeight, x));
  return `<svg viewBox="0 0 1000 ${foot + 12}" role="img" aria-label="Throughput, latency and memory over time">
${drawn.join('\n')}
${times.join('')}
</svg>`;
}

/** Before and after what is judged: the ground is another one there. */
function stagesOf({ warm, duration }, end) {
  const first = { from: 0, to: warm[0]?.at ?? 0, name: 'warming up' };
  const last = { from: Math.min(duration, end), to: end, name: 'finishing' };
  return [first, last].filter(({ from, to }) => to > from);
}

function panelsOf(samples) {
  const list = thinned(samples.list);
  const points = (pick) =>
    list.map((sample) => ({ at: sample.at, value: pick(sample) })).filter(({ value }) => value !== undefined);
  const rate = points((sample) => sample.rate);
  const p50 = points(({ ping }) => ping.p50);
  const p99 = points(({ ping }) => ping.p99);
  const rss = points((sample) => sample.rss / 2 ** 20);
  const heap = samples.list
    .filter(({ collected }) => collected)
    .map(({ at, heap: value }) => ({ at, value: value / 2 ** 20 }));
  const most = (line) => Math.max(...line.map(({ value }) => value));
  const loaded = rate.filter(({ at }) => at <= samples.duration);
  const typical = (line) => line.map(({ value }) => value).sort((a, b) => a - b)[line.length >> 1] ?? 0;
  const MiB = (value) => `${Math.round(value)} MiB`;
  return [
    {
      title: 'Messages a second',
      note: 'through the server, of all kinds together',
      lines: [{ name: 'messages', rank: 'main', points: rate, now: `${count(typical(loaded))} typical`, filled: true }],
      scale: linearScale(most(rate)),
      label: count,
    },
    {
      title: 'Ping of healthy clients',
      note: 'milliseconds, each step ten times the one below',
      lines: [
        { name: 'p99', rank: 'main', points: p99, now: `${milliseconds(typical(p99))} typical` },
        { name: 'p50', rank: 'second', points: p50, now: `${milliseconds(typical(p50))} typical` },
      ],
      scale: logarithmicScale([...p50, ...p99].map(({ value }) => value)),
      label: (tick) => String(Number(tick.toPrecision(1))),
    },
    {
      title: 'Memory of the server',
      note: 'MiB; in use: after garbage was collected',
      lines: [
        { name: 'process', rank: 'main', points: rss, now: MiB(rss.at(-1).value), filled: true },
        { name: 'in use', rank: 'second', points: heap, now: MiB(heap.at(-1)?.value ?? 0), dotted: true },
      ],
      scale: linearScale(most(rss)),
      label: count,
    },
  ];
}

/** Several samples as one where there are too many: what is worst of each is kept. */
function thinned(list) {
  const size = Math.ceil(list.length / POINTS);
  if (size === 1) return list;
  const worst = (some, pick) => Math.max(...some.map(pick).filter((value) => value !== undefined));
  const groups = Array.from({ length: Math.ceil(list.length / size) }, (_, at) =>
    list.slice(at * size, (at + 1) * size),
  );
  return groups.map((some) => ({
    at: some[0].at,
    rate: some.reduce((sum, { rate }) => sum + rate, 0) / some.length,
    ping: { p50: worst(some, ({ ping }) => ping.p50), p99: worst(some, ({ ping }) => ping.p99) },
    rss: worst(some, ({ rss }) => rss),
  }));
}

function checkRow(finding) {
  const { check, held, broken, examples, detail } = finding;
  const isFine = isFulfilled(finding);
  const never = held + broken === 0 ? ['never looked at'] : [];
  const list = [...never, ...examples].map((text) => `<li>${escape(text)}</li>`);
  const more = [
    detail ? ` <span class="detail">${escape(detail)}</span>` : '',
    list.length ? `<ul>${list.join('')}</ul>` : '',
  ];
  return `<tr${isFine ? '' : ' class="bad"'}><td>${isFine ? '✓' : '✗'}</td><td>${escape(check)}${more.join('')}</td><td class="number">${count(held)}</td></tr>`;
}

function countRow([kind, counts]) {
  const sorted = [...counts].sort(([, a], [, b]) => b - a);
  const text = sorted.map(([what, number]) => `${count(number)} ${escape(what)}`).join(' · ');
  return `<tr><td></td><td class="kind">${escape(kind)}</td><td>${text}</td></tr>`;
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
