// Where a row of measurements is going: the straight line through them (least squares).

/**
 * @param {{ at: number, value: number }[]} points `at` in seconds
 * @returns {{ slope: number, error: number } | undefined} by hour: the slope, and its standard error, which is what chance
 *   alone makes of it; undefined with fewer than four points
 */
export function trendPerHour(points) {
  if (points.length < 4) return undefined;
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const at = mean((point) => point.at);
  const value = mean((point) => point.value);
  let above = 0;
  let below = 0;
  for (const point of points) {
    above += (point.at - at) * (point.value - value);
    below += (point.at - at) ** 2;
  }
  if (below === 0) return undefined;
  const slope = above / below;
  const rest = points.reduce((sum, point) => sum + (point.value - value - slope * (point.at - at)) ** 2, 0);
  return { slope: slope * 3600, error: Math.sqrt(rest / (points.length - 2) / below) * 3600 };
}
