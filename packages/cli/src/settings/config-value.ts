// A value of the configuration and its place in the file: whatever is wrong with it is said with that place.

import { didYouMean } from '../spelling.js';

/** The configuration is wrong: exit code 2. */
export class ConfigError extends Error {
  override get name(): string {
    return 'ConfigError';
  }
}

export class ConfigValue {
  constructor(
    private readonly value: unknown,
    /** Such as `users.alice.rights.call[0]`; empty is the whole file. */
    readonly path = '',
  ) {}

  /** Never returns. */
  fail(mistake: string): never {
    throw new ConfigError(this.path === '' ? mistake : `${this.path}: ${mistake}`);
  }

  is(value: unknown): boolean {
    return this.value === value;
  }

  get isObject(): boolean {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }

  /** The members of an object, as they come. */
  entries(): [name: string, value: ConfigValue][] {
    if (!this.isObject) this.fail('must be an object');
    const members = Object.entries(this.value as object) as [string, unknown][];
    return members.map(([name, value]) => [name, new ConfigValue(value, memberPath(this.path, name))]);
  }

  /** The members of an object that has no others than those known. */
  members<Name extends string>(known: readonly Name[]): Partial<Record<Name, ConfigValue>> {
    const entries = this.entries();
    for (const [name, value] of entries) {
      if (!(known as readonly string[]).includes(name))
        value.fail(`is unknown${didYouMean(name, known) || `; known are ${known.join(', ')}`}`);
    }
    return Object.fromEntries(entries) as Partial<Record<Name, ConfigValue>>;
  }

  list(): ConfigValue[] {
    if (!Array.isArray(this.value)) this.fail('must be a list');
    return (this.value as unknown[]).map((value, index) => new ConfigValue(value, `${this.path}[${index}]`));
  }

  text(): string {
    return typeof this.value === 'string' && this.value !== '' ? this.value : this.fail('must be a text, not empty');
  }

  flag(): boolean {
    return typeof this.value === 'boolean' ? this.value : this.fail('must be true or false');
  }

  /** A number that is not negative. */
  number(most = Number.MAX_SAFE_INTEGER): number {
    const { value } = this;
    if (typeof value === 'number' && value >= 0 && value <= most) return value;
    return this.fail(`must be a number from 0 to ${most}`);
  }

  /** Runs a check of somebody else's; what that says is said of this value. */
  check<T>(run: (text: string) => T): T {
    const text = this.text();
    try {
      return run(text);
    } catch (error) {
      return this.fail((error as Error).message);
    }
  }
}

function memberPath(path: string, name: string): string {
  if (!/^[\w-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
