// The time axis of the charts: it ends now, and its labels count backwards, so that they stand still as time goes on.

/** Lengths, seconds. The first that holds all samples is taken, so that a chart is not empty for minutes. */
const lengths = [
  { length: 30, labelEvery: 10 },
  { length: 60, labelEvery: 15 },
  { length: 120, labelEvery: 30 },
] as const;

const longest = lengths[2];

/** How far back samples are worth keeping, seconds. */
export const LONGEST_SECONDS: number = longest.length;

/** From where to where; null where there is no sample. Seconds since 1970. */
export function timeAxis(oldest: number | null, newest: number | null): [number, number] {
  const end = newest ?? Date.now() / 1000;
  const age = end - (oldest ?? end);
  const { length } = lengths.find((one) => age <= one.length) ?? longest;
  return [end - length, end];
}

export function labelTimes(min: number, max: number): number[] {
  const { length, labelEvery } = lengths.find((one) => max - min < one.length + 1) ?? longest;
  const count = length / labelEvery;
  return Array.from({ length: count + 1 }, (_, index) => max - (count - index) * labelEvery);
}

/** The label of one of {@link labelTimes}; the outermost would hang over the edge. */
export function labelAt(at: number, times: readonly number[]): string {
  const now = times.at(-1) ?? at;
  if (at === now) return 'now';
  if (at === times[0]) return '';
  const seconds = Math.round(now - at);
  return seconds % 60 === 0 ? `−${seconds / 60} min` : `−${seconds} s`;
}
