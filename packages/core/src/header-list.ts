// The headers of a frame or message, in the order sent. Of a repeated header the first counts (STOMP 1.2, Repeated
// Header Entries).

import { detachText } from './text.js';

/** Headers as a plain object, the way callers write them. */
export type HeaderRecord = Readonly<Record<string, string>>;

/** An ordered list of headers. Immutable. */
export class HeaderList {
  /** None at all. */
  static readonly empty: HeaderList = /* @__PURE__ */ new HeaderList([]);

  /** Names and values in turn. A flat array is a good deal cheaper to build for every frame than a Map. */
  readonly pairs: readonly string[];

  /** Takes the array; the caller must not change it afterwards. */
  constructor(pairs: readonly string[]) {
    this.pairs = pairs;
  }

  /** The headers of a plain object; those that are `undefined` are left out. */
  static of(record: Readonly<Record<string, string | undefined>>): HeaderList {
    const pairs: string[] = [];
    for (const name of Object.keys(record)) {
      const value = record[name];
      if (value !== undefined) pairs.push(name, value);
    }
    return new HeaderList(pairs);
  }

  /** Headers however they were written. */
  static from(headers: HeaderList | HeaderRecord = HeaderList.empty): HeaderList {
    return headers instanceof HeaderList ? headers : HeaderList.of(headers);
  }

  /** The first value of a name. */
  get(name: string): string | undefined {
    const pairs = this.pairs;
    for (let at = 0; at < pairs.length; at += 2) if (pairs[at] === name) return pairs[at + 1];
    return undefined;
  }

  /** Whether there is such a header. */
  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** How many headers there are, repeated ones counted. */
  get size(): number {
    return this.pairs.length / 2;
  }

  /** Names and values in pairs, in the order sent; repeated ones, too. */
  *[Symbol.iterator](): Generator<[name: string, value: string]> {
    for (let at = 0; at < this.pairs.length; at += 2) yield [this.pairs[at]!, this.pairs[at + 1]!];
  }

  /** First values by name, without a prototype: `__proto__` is a name like any other. */
  toRecord(): Record<string, string> {
    const record = Object.create(null) as Record<string, string>;
    for (const [name, value] of this) record[name] ??= value;
    return record;
  }
}

/** The headers whose name `keep` accepts. */
export function filterHeaders(headers: HeaderList, keep: (name: string) => boolean): HeaderList {
  const { pairs } = headers;
  const kept: string[] = [];
  for (let at = 0; at < pairs.length; at += 2) if (keep(pairs[at]!)) kept.push(pairs[at]!, pairs[at + 1]!);
  return kept.length === pairs.length ? headers : new HeaderList(kept);
}

/** A copy that may be kept: it does not keep alive the chunk that the headers arrived in. */
export function detachHeaders(headers: HeaderList): HeaderList {
  return new HeaderList(headers.pairs.map(detachText));
}
