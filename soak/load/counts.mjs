// How much of what has happened, by kind and by what became of it.

export class Counts {
  /** @type {Map<string, Map<string, number>>} */
  #kinds = new Map();
  /** Exchanges and deliveries of all kinds. */
  messages = 0;
  /** How often a connection was broken on purpose. */
  cuts = 0;
  /** Connections of the load that are open now. */
  connections = 0;

  /** Counts something that passed through the server. */
  message(kind, what, count = 1) {
    this.messages += count;
    this.add(kind, what, count);
  }

  add(kind, what, count = 1) {
    let kinds = this.#kinds.get(kind);
    if (kinds === undefined) this.#kinds.set(kind, (kinds = new Map()));
    kinds.set(what, (kinds.get(what) ?? 0) + count);
  }

  /** A connection was broken on purpose. */
  cut(how) {
    this.cuts++;
    this.add('broken connections', how);
  }

  /** @returns {[kind: string, counts: [what: string, count: number][]][]} */
  list() {
    return [...this.#kinds].map(([kind, counts]) => [kind, [...counts]]);
  }
}
