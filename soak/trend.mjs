// Where a row of measurements is going: the straight line through them (least squares).

/**
 * @param {{ at: number, value: number }[]} points `at` in seconds
 * @returns {number | undefined} the slope by hour; undefined with fewer than three points
 */
export function slopePerHour(points) {
  if (points.length < 3) return undefined;
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const at = mean((point) => point.at);
  const value = mean((point) => point.value);
  let above = 0;
  let below = 0;
  for (const point of points) {
    above += (point.at - at) * (point.value - value);
    below += (point.at - at) ** 2;
  }
  return below === 0 ? undefined : (above / below) * 3600;
}
