// What came of a target, and how that is told.

export interface Result {
  target: string;
  cases: number;
  time: number;
  /** What else is worth knowing. */
  note?: string;
  failure?: Failure | undefined;
}

export interface Failure {
  what: string;
  /** Where the input has been kept. */
  file?: string | undefined;
  /** How to see it again. */
  again: string;
}

/** A line of the table. */
export function line({ target, cases, time, note = '', failure }: Result): string {
  const rate = time > 0 ? Math.round((1000 * cases) / time) : 0;
  const outcome = failure === undefined ? 'holds' : 'FAILS';
  return `${target.padEnd(22)} ${String(cases).padStart(9)} cases ${String(rate).padStart(8)}/s  ${outcome}  ${note}`.trimEnd();
}

export function explain({ target, failure }: Result): string {
  if (failure === undefined) return '';
  const kept = failure.file === undefined ? '' : `\n  kept as ${failure.file}`;
  return `${target}: ${failure.what}${kept}\n  again: ${failure.again}`;
}
