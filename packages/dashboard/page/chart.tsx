// One figure over the last minutes, drawn by uPlot; the stretches without a connection are marked.

import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import type { Sample } from './host.js';
import { percent, timeOfDay } from './quantities.js';

/** Seconds on the time axis; without an end it reaches to the newest sample. */
export interface Band {
  from: number;
  until: number | undefined;
}

interface ChartProps {
  label: string;
  samples: ReadonlySignal<readonly Sample[]>;
  bands: ReadonlySignal<readonly Band[]>;
  /** Where the time axis ends; at the newest sample where it says nothing. */
  end: ReadonlySignal<number | undefined>;
  seconds: number;
  /** The figure, 0 to 1. */
  pick: (sample: Sample) => number;
  /** The top of the scale, given the highest figure. */
  top: (highest: number) => number;
}

/** Further apart than this, two samples have lost ones between them: the line breaks. */
const BREAK_SECONDS = 2.5;

/** Time axes, seconds: the first that holds all samples is taken, so that a chart is not empty for minutes. */
const spans = [
  { length: 30, labelEvery: 10 },
  { length: 60, labelEvery: 15 },
  { length: 120, labelEvery: 30 },
] as const;

export function Chart({ label, samples, bands, end, seconds, pick, top }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const pointed = useSignal<string | undefined>(undefined);

  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const made = new uPlot(
      {
        ...sizeOf(box),
        ...look(box, seconds),
        hooks: {
          drawClear: [(self) => drawBands(self, bands.peek(), token(box, '--chart-band'))],
          setCursor: [(self) => (pointed.value = readingAt(self))],
        },
        scales: {
          x: { time: false, range: (_self, _min, max) => span(end.peek() ?? max, seconds) },
          y: { range: scaleOf(top) },
        },
      },
      tableOf(samples.peek(), pick),
      box,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize(sizeOf(box)));
    resized.observe(box);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw(false, true);
    scheme.addEventListener('change', redraw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', redraw);
      made.destroy();
    };
  }, [samples, bands, end, seconds, pick, top, pointed]);

  useSignalEffect(() => {
    const table = tableOf(samples.value, pick);
    // Both are read in the drawing.
    void [bands.value, end.value];
    plot.current?.setData(table);
  });

  return (
    <figure class="chart">
      <div
        ref={place}
        class="chart-plot"
        role="img"
        aria-label={`${label}, in percent, over the last ${seconds / 60} minutes`}
      />
      {samples.value.length === 0 && (
        <p class="chart-empty">
          <span>No figures yet</span>
        </p>
      )}
      <figcaption class="chart-pointed" aria-hidden="true">
        {pointed.value}
      </figcaption>
    </figure>
  );
}

function tableOf(samples: readonly Sample[], pick: (sample: Sample) => number): uPlot.AlignedData {
  const times: number[] = [];
  const figures: (number | null)[] = [];
  for (const sample of samples) {
    const before = times.at(-1);
    if (before !== undefined && sample.time - before > BREAK_SECONDS) {
      times.push(before + 1);
      figures.push(null);
    }
    times.push(sample.time);
    figures.push(pick(sample));
  }
  return [times, figures];
}

function span(newest: number | null, seconds: number): [number, number] {
  const end = newest ?? Date.now() / 1000;
  return [end - seconds, end];
}

function scaleOf(top: (highest: number) => number): uPlot.Range.Function {
  return (_self, _min, max) => [0, top(max ?? 0)];
}

function sizeOf(box: HTMLElement): { width: number; height: number } {
  return { width: box.clientWidth, height: box.clientHeight };
}

/** All that is the same in every chart: no legend, quiet axes, colours from the style sheet at each drawing. */
function look(box: HTMLElement, seconds: number): Omit<uPlot.Options, 'width' | 'height'> {
  const axis: uPlot.Axis = {
    stroke: () => token(box, '--muted'),
    font: `11px ${getComputedStyle(box).fontFamily}`,
    ticks: { show: false },
    grid: { stroke: () => token(box, '--chart-grid'), width: 1 },
  };
  return {
    legend: { show: false },
    padding: [8, 14, 0, 0],
    cursor: { sync: { key: 'host' }, drag: { x: false, y: false, setScale: false }, y: false },
    axes: [
      {
        ...axis,
        size: 24,
        gap: 6,
        grid: { show: false },
        splits: (_self, _index, min, max) => rangeOf(min, max, LABEL_EVERY_SECONDS),
        values: (_self, splits) => splits.map((at) => ago((splits.at(-1) ?? at) - at, seconds)),
      },
      {
        ...axis,
        size: 40,
        gap: 6,
        splits: (_self, _index, min, max) => [min, max / 2, max],
        values: (_self, splits) => splits.map((one) => `${Math.round(one * 1000) / 10}`.replace(/\.\d$/, '') + '%'),
      },
    ],
    series: [
      {},
      {
        stroke: () => token(box, '--accent'),
        fill: () => token(box, '--chart-fill'),
        width: 2,
        points: { show: false },
      },
    ],
  };
}

/** From `max` backwards, so that the labels stand still while time goes on. */
function rangeOf(min: number, max: number, step: number): number[] {
  const found: number[] = [];
  for (let at = max; at >= min - 0.001; at -= step) found.unshift(at);
  return found;
}

function ago(seconds: number, all: number): string {
  if (seconds < 1) return 'now';
  // The outermost label would hang over the edge, and every second one is enough on a phone.
  if (seconds > all - 1) return '';
  return seconds % 60 === 0 ? `−${seconds / 60} min` : `−${Math.round(seconds)} s`;
}

function drawBands(self: uPlot, bands: readonly Band[], colour: string): void {
  const { left, top, width, height } = self.bbox;
  for (const { from, until } of bands) {
    const begin = Math.max(left, self.valToPos(from, 'x', true));
    const end = Math.min(left + width, until === undefined ? left + width : self.valToPos(until, 'x', true));
    if (end <= begin) continue;
    self.ctx.fillStyle = colour;
    self.ctx.fillRect(begin, top, end - begin, height);
  }
}

function readingAt(self: uPlot): string | undefined {
  const index = self.cursor.idx;
  const time = index == null ? undefined : self.data[0][index];
  const figure = index == null ? undefined : self.data[1]?.[index];
  if (time === undefined || figure == null || (self.cursor.left ?? -1) < 0) return undefined;
  return `${timeOfDay(time * 1000).slice(0, 8)}  ${percent(figure)}`;
}

function token(box: HTMLElement, name: string): string {
  return getComputedStyle(box).getPropertyValue(name).trim();
}
