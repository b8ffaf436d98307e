// Numbers as people read them.

/** 12 345 with narrow spaces that do not break. */
export function count(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, '\u202f');
}

export function milliseconds(value) {
  if (value === undefined) return '–';
  return `${value < 1 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

/** @param {'sign'} [how] with a sign, as a difference has it */
export function mebibytes(bytes, how) {
  if (bytes === undefined) return '–';
  const value = bytes / 2 ** 20;
  const sign = how === 'sign' && value >= 0 ? '+' : '';
  return `${sign}${Math.abs(value) < 10 ? value.toFixed(1) : Math.round(value)} MiB`;
}

/** 75 becomes 1:15. */
export function minutes(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
