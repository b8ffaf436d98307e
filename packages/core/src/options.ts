// Options are plain objects; a misspelt one must not be silently nothing.

/** What an option may be, by name: a test, and what to say when it fails. */
export type OptionRules = Readonly<
  Record<string, 'number' | 'string' | 'boolean' | 'function' | 'object' | 'array' | 'any'>
>;

/** Throws a TypeError that names an option which is unknown or not of its type. Undefined is as good as absent. */
export function checkOptions(options: object, rules: OptionRules, of: string): void {
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (type === undefined)
      throw new TypeError(`${of}: unknown option ${name}; known are ${Object.keys(rules).join(', ')}`);
    if (value === undefined || type === 'any' || fits(value, type)) continue;
    const kind = type === 'number' ? 'number, not negative' : type;
    throw new TypeError(`${of}: option ${name} must be ${/^[ao]/.test(type) ? 'an' : 'a'} ${kind}`);
  }
}

/** Numbers are durations and counts: none is negative. */
function fits(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'number') return typeof value === 'number' && value >= 0;
  return typeof value === type && value !== null && !Array.isArray(value);
}

/** Throws a TypeError that names a limit which is unknown or no positive number. */
export function checkLimits(limits: object, known: object, of: string): void {
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    if (!Object.hasOwn(known, name)) throw new TypeError(`${of}: unknown limit limits.${name}`);
    if (typeof value !== 'number' || !(value > 0))
      throw new TypeError(`${of}: limits.${name} must be a positive number`);
  }
}
