// Chance that a seed repeats. Each part of the load has a generator of its own, so that what one of them does is not
// changed by how fast the others are.

export class Random {
  #state;

  /** @param {string} seed */
  constructor(seed) {
    this.seed = seed;
    // FNV-1a of the seed's text.
    this.#state = 0x811c9dc5;
    for (const character of seed) this.#state = Math.imul(this.#state ^ character.codePointAt(0), 0x01000193);
  }

  /** A generator that depends on this one's seed and a name, not on what this one has been asked. */
  for(name) {
    return new Random(`${this.seed}/${name}`);
  }

  /** From 0 up to but not including 1: a counter through a finalizer, as splitmix does it. */
  next() {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  whole(from, to) {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  /** A number whose order of magnitude is what is chosen: as often between 10 and 100 as between 100 and 1000. */
  magnitude(from, to) {
    return Math.round(from * (to / from) ** this.next());
  }

  chance(share) {
    return this.next() < share;
  }

  /** @template T @param {readonly T[]} list @returns {T} */
  pick(list) {
    return list[this.whole(0, list.length - 1)];
  }
}
