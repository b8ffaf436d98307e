// What the charts look like: quiet axes, no legend, and colours that the style sheet is asked for at each drawing, so
// that they change with the colour scheme.

import type uPlot from 'uplot';
import { labelAt, labelTimes } from './time-axis.js';

/** A stretch of time to mark, in seconds of the time axis; without an end it reaches to the axis' own. */
export interface Band {
  from: number;
  until: number | undefined;
}

export function look(box: HTMLElement): Omit<uPlot.Options, 'width' | 'height'> {
  const axis: uPlot.Axis = {
    stroke: () => token(box, '--muted'),
    font: `11px ${getComputedStyle(box).fontFamily}`,
    ticks: { show: false },
    grid: { stroke: () => token(box, '--chart-grid'), width: 1 },
    gap: 6,
  };
  const times: uPlot.Axis = {
    ...axis,
    size: 24,
    grid: { show: false },
    splits: (_self, _index, min, max) => labelTimes(min, max),
    values: (_self, splits) => splits.map((at) => labelAt(at, splits)),
  };
  const figures: uPlot.Axis = {
    ...axis,
    size: 40,
    splits: (_self, _index, min, max) => [min, max / 2, max],
    values: (_self, splits) => splits.map((figure) => `${Math.round(figure * 100)}%`),
  };
  const line: uPlot.Series = {
    stroke: () => token(box, '--accent'),
    fill: () => token(box, '--chart-fill'),
    width: 2,
    points: { show: false },
  };
  return {
    legend: { show: false },
    // To the right, room for half of the last label.
    padding: [8, 14, 0, 0],
    cursor: { sync: { key: 'host' }, drag: { x: false, y: false, setScale: false }, y: false },
    axes: [times, figures],
    series: [{}, line],
  };
}

export function drawBands(self: uPlot, bands: readonly Band[]): void {
  const { left, top, width, height } = self.bbox;
  for (const { from, until } of bands) {
    const begin = Math.max(left, self.valToPos(from, 'x', true));
    const end = Math.min(left + width, until === undefined ? left + width : self.valToPos(until, 'x', true));
    if (end <= begin) continue;
    self.ctx.fillStyle = token(self.root, '--chart-band');
    self.ctx.fillRect(begin, top, end - begin, height);
  }
}

function token(element: HTMLElement, name: string): string {
  return getComputedStyle(element).getPropertyValue(name).trim();
}
