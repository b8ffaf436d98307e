// One panel of the chart: a title, grid lines with their figures, and lines that are named where they end.

/** The plot's place within the drawing; to the right of it the lines are named. */
export const plot = { left: 64, right: 880, width: 816, height: 130 };
/** A panel with its title and the distance to the next, and what of that is above the plot. */
export const panelHeight = 188;
const TITLE = 30;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {'main' | 'second'} rank
 * @property {{ at: number, value: number }[]} points
 * @property {string} now what it was in the end, as text
 * @property {boolean} [filled] down to the ground
 * @property {boolean} [dotted] measured now and then: the points are shown
 */

/**
 * @param {{ title: string, note: string, lines: Line[], scale: { ticks: number[], share: (value: number) => number },
 *   label: (tick: number) => string, stages: { from: number, to: number, name: string }[] }} panel
 *   stages: stretches of time with another ground
 * @param {number} top where it begins
 * @param {(seconds: number) => number} x
 */
export function drawPanel({ title, note, lines, scale, label, stages }, top, x) {
  const ground = top + TITLE + plot.height;
  const y = (value) => ground - scale.share(value) * plot.height;
  const grid = scale.ticks.map(
    (tick) =>
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${f(y(tick))}" y2="${f(y(tick))}"/>` +
      `<text class="figure" x="${plot.left - 8}" y="${f(y(tick) + 4)}">${label(tick)}</text>`,
  );
  const drawn = lines.filter(({ points }) => points.length > 0);
  return [
    `<text class="title" x="${plot.left}" y="${top + 14}">${title}<tspan class="note" dx="10">${note}</tspan></text>`,
    ...stages.map((stage) => drawStage(stage, x, ground - plot.height, top === 0)),
    ...grid,
    ...drawn.map((line) => drawLine(line, x, y, ground)),
    ...nameLines(drawn, y, top + TITLE),
  ].join('\n');
}

function drawStage({ from, to, name }, x, top, isNamed) {
  const width = x(to) - x(from);
  const text = isNamed && width > 70 ? `<text class="stage" x="${f(x(from) + 6)}" y="${top + 15}">${name}</text>` : '';
  return `<rect class="band" x="${f(x(from))}" y="${top}" width="${f(width)}" height="${plot.height}"/>${text}`;
}

function drawLine({ points, rank, filled, dotted }, x, y, ground) {
  const path = points.map(({ at, value }, index) => `${index === 0 ? 'M' : 'L'}${f(x(at))} ${f(y(value))}`).join('');
  const ends = `L${f(x(points.at(-1).at))} ${ground}L${f(x(points[0].at))} ${ground}Z`;
  const dots = points.map(({ at, value }) => `<circle class="${rank}" cx="${f(x(at))}" cy="${f(y(value))}" r="2.5"/>`);
  return [
    filled ? `<path class="fill" d="${path}${ends}"/>` : '',
    `<path class="line ${rank}" d="${path}"/>`,
    ...(dotted && points.length < 80 ? dots : []),
  ].join('');
}

/** At the end of each line its name and its last figure, moved apart where they would meet. */
function nameLines(lines, y, ceiling) {
  const NEED = 32;
  const places = lines.map((line) => ({ line, at: y(line.points.at(-1).value) })).sort((a, b) => a.at - b.at);
  let free = ceiling + 6;
  for (const place of places) {
    place.at = Math.max(place.at, free);
    free = place.at + NEED;
  }
  return places.map(
    ({ line: { name, rank, now }, at }) =>
      `<text class="name ${rank}" x="${plot.right + 10}" y="${f(at)}">${name}` +
      `<tspan class="now" x="${plot.right + 10}" dy="15">${now}</tspan></text>`,
  );
}

function f(value) {
  return value.toFixed(1).replace(/\.0$/, '');
}
