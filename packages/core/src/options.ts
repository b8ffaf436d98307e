// Options are plain objects; a misspelt one must not be silently nothing.

/** What an option may be, by name: of a type, or one of these words. */
export type OptionRules = Readonly<
  Record<
    string,
    'number' | 'string' | 'boolean' | 'function' | 'object' | 'array' | 'AbortSignal' | 'any' | readonly string[]
  >
>;

/** Throws a TypeError that names an option which is unknown or not of its type. Undefined is as good as absent. */
export function checkOptions(options: object, rules: OptionRules, of: string): void {
  for (const [name, value] of Object.entries(options)) {
    const type = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (type === undefined)
      throw new TypeError(`${of}: unknown option ${name}; known are ${Object.keys(rules).join(', ')}`);
    if (value === undefined || type === 'any' || fits(value, type)) continue;
    const kind = type === 'number' ? 'number, not negative' : type;
    const must = typeof type === 'object' ? type.join(' or ') : `${/^[ao]/i.test(type) ? 'an' : 'a'} ${kind}`;
    throw new TypeError(`${of}: option ${name} must be ${must}`);
  }
}

/** Numbers are durations and counts: none is negative. */
function fits(value: unknown, type: string | readonly string[]): boolean {
  if (typeof type === 'object') return type.includes(value as string);
  // Signals of another realm, or made up in older programs, will do.
  if (type === 'AbortSignal') return typeof (value as Partial<AbortSignal> | null)?.addEventListener === 'function';
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
