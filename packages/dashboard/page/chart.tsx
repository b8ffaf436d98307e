// One figure over the last minutes, drawn by uPlot; the stretches without a connection are marked.

import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { type Band, drawBands, look } from './chart-look.js';
import type { Sample } from './host.js';
import { percent, timeOfDay } from './quantities.js';
import { timeAxis } from './time-axis.js';

interface ChartProps {
  label: string;
  /** What stands there while there is nothing to draw. */
  empty: string;
  samples: ReadonlySignal<readonly Sample[]>;
  bands: ReadonlySignal<readonly Band[]>;
  /** Where the time axis ends; at the newest sample where it says nothing. */
  end: ReadonlySignal<number | undefined>;
  /** The figure, 0 to 1. */
  pick: (sample: Sample) => number;
  /** The top of the scale, given the highest figure. */
  top: (highest: number) => number;
}

/** Further apart than this, two samples have lost ones between them: the line breaks. */
const BREAK_SECONDS = 2.5;

export function Chart({ label, empty, samples, bands, end, pick, top }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const pointed = useSignal<string | undefined>(undefined);

  useEffect(() => {
    const box = place.current;
    if (box === null) return;
    const made = new uPlot(
      {
        ...sizeOf(box),
        ...look(box),
        hooks: {
          drawClear: [(self) => drawBands(self, bands.peek())],
          setCursor: [(self) => (pointed.value = readingAt(self))],
        },
        scales: {
          x: { time: false, range: (_self, min, max) => timeAxis(min, end.peek() ?? max) },
          y: { range: (_self, _min, max) => [0, top(max ?? 0)] },
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
  }, [samples, bands, end, pick, top, pointed]);

  useSignalEffect(() => {
    const table = tableOf(samples.value, pick);
    // Both are read in the drawing.
    void [bands.value, end.value];
    plot.current?.setData(table);
  });

  return (
    <figure class="chart">
      <div ref={place} class="chart-plot" role="img" aria-label={`${label}, in percent, over the last minutes`} />
      {samples.value.length === 0 && (
        <p class="chart-empty">
          <span>{empty}</span>
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

function sizeOf(box: HTMLElement): { width: number; height: number } {
  return { width: box.clientWidth, height: box.clientHeight };
}

/** What is under the pointer, in words. */
function readingAt(self: uPlot): string | undefined {
  const { idx, left = -1 } = self.cursor;
  if (idx == null || left < 0) return undefined;
  const time = self.data[0][idx];
  const figure = self.data[1]?.[idx];
  if (time === undefined || figure == null) return undefined;
  return `${timeOfDay(time * 1000).slice(0, 8)}  ${percent(figure)}`;
}
