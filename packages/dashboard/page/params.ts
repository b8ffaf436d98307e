// What is typed as the parameters of a call: JSON, and of a kind that JSON-RPC takes.

export interface Params {
  /** Undefined when nothing was typed: a call without parameters. */
  value?: unknown;
  /** What is wrong, in words for whoever typed it. */
  problem?: string;
}

export function readParams(text: string): Params {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    // JSON-RPC 2.0, section 4.2: a structured value.
    if (typeof value === 'object' && value !== null) return { value };
    return { problem: 'Not parameters: they are an object {…} or an array […]' };
  } catch (thrown) {
    return { problem: explain(text, thrown) };
  }
}

/** Engines word it differently, and each says where in its own way. */
function explain(text: string, thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const offset = /position (\d+)/.exec(message)?.[1];
  const reason = message
    .replace(/^JSON\.parse: /, '')
    .replace(/^JSON Parse error: /, '')
    .replace(/,? ?(\.\.\.)?".*" is not valid JSON$/s, '')
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ \(line \d+ column \d+\)$/, '');
  if (offset === undefined) return `Not JSON: ${reason}`;
  const before = text.slice(0, Number(offset)).split('\n');
  return `Not JSON, line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${reason}`;
}
