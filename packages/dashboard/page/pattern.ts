// Patterns of event names: dotted tokens, `*` is one token, `#` any rest and only last.

/** @returns what is wrong with a pattern, in words for whoever typed it; undefined when it is fine */
export function patternProblem(pattern: string): string | undefined {
  const tokens = pattern.split('.');
  if (pattern !== '' && tokens.includes('')) return 'Empty part: write names like demo.hello';
  if (tokens.slice(0, -1).includes('#')) return '# may only come last';
  if (tokens.some((token) => token.length > 1 && /[*#]/.test(token))) return '* and # stand for whole parts';
  return undefined;
}

/** Whether a name matches; the empty pattern matches all. */
export function matches(pattern: string, name: string): boolean {
  if (pattern === '') return true;
  const wanted = pattern.split('.');
  const tokens = name.split('.');
  if (wanted.at(-1) === '#') return startsAlike(wanted.slice(0, -1), tokens);
  return wanted.length === tokens.length && startsAlike(wanted, tokens);
}

function startsAlike(wanted: string[], tokens: string[]): boolean {
  return wanted.every((token, index) => (token === '*' ? tokens[index] !== undefined : token === tokens[index]));
}
