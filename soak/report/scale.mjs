// From measurements to places on paper: round ticks, and where they stand.

/** A linear scale from 0 to a round number that is not below `most`, with about `count` ticks. */
export function linearScale(most, count = 3) {
  const step = roundUp(Math.max(most, 1e-9) / count);
  const top = step * Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, at) => at * step);
  return { ticks, share: (value) => value / top };
}

/** A logarithmic scale over whole powers of ten that holds all values. */
export function logarithmicScale(values) {
  const least = Math.floor(Math.log10(Math.max(1e-3, Math.min(...values))));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = Array.from({ length: most - least + 1 }, (_, at) => 10 ** (least + at));
  const share = (value) => (Math.log10(Math.max(value, 10 ** least)) - least) / (most - least);
  return { ticks, share };
}

/** Where to write times: whole minutes, hours, or parts of them. */
export function timeTicks(seconds, most = 8) {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];
  const step = steps.find((one) => seconds / one <= most) ?? 86_400;
  return Array.from({ length: Math.floor(seconds / step) + 1 }, (_, at) => at * step);
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= value * 0.999);
}
