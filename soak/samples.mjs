// What is measured while it runs: each second the server's memory and load, what has gone through it, and what the
// healthy clients waited.

/** Each so many samples garbage is thrown away first: what is left then is what the server really holds. */
const COLLECT_EACH = 10;

/**
 * @typedef {object} Sample
 * @property {number} at seconds since the load began
 * @property {number} rate messages in the last second
 * @property {number} messages so far
 * @property {number} cuts so far
 * @property {number} connections of the load that are open
 * @property {string[]} broken the names of the checks that have failed so far
 * @property {{ p50?: number, p99?: number, max: number }} ping milliseconds, of the last second
 * @property {number} rss bytes
 * @property {number} heap bytes in use, those outside of V8's heap included
 * @property {boolean} collected whether garbage had been thrown away before
 * @property {number} cpu share of one core
 * @property {number} turn the longest turn of the server's event loop, milliseconds
 * @property {number | undefined} descriptors that the server's process has open
 * @property {Record<string, number>} held what the server holds for others
 */

export class Samples {
  /** @type {Sample[]} */
  list = [];
  /** Before anybody came. @type {Sample} */
  baseline;
  /** How long the load is to last, or has lasted, seconds. */
  duration;
  #server;
  #timer;
  #counted = { messages: 0, cuts: 0, connections: 0, broken: [] };
  /** When the load counted last, by its own clock, milliseconds. */
  #countedAt = 0;
  #rate = 0;
  #began = 0;

  constructor(server, duration) {
    this.#server = server;
    this.duration = duration;
  }

  /** Measures now, garbage thrown away. @returns {Promise<Sample>} */
  async measure() {
    this.#server.tell({ type: 'measure', collect: true });
    let measured;
    // One that was asked for by the timer may come first.
    do measured = await this.#server.next('measured', 10_000);
    while (!measured.collected);
    return measured;
  }

  async takeBaseline() {
    this.baseline = await this.measure();
  }

  /** Measures each second. @param {(samples: Samples) => void} on told after each */
  run(load, ping, on) {
    this.#began = performance.now();
    load.on('counted', ({ at, messages, cuts, connections, broken }) => {
      this.#rate = (messages - this.#counted.messages) / ((at - this.#countedAt) / 1000);
      this.#countedAt = at;
      this.#counted = { messages, cuts, connections, broken };
    });
    this.#server.on('measured', (measured) => {
      const at = (performance.now() - this.#began) / 1000;
      this.list.push({ at, rate: this.#rate, ...this.#counted, ping: ping.lap(), ...measured });
      on(this);
    });
    let ticks = 0;
    this.#timer = setInterval(
      () => this.#server.tell({ type: 'measure', collect: ++ticks % COLLECT_EACH === 0 }),
      1000,
    );
  }

  /** The load is over, be it before its time; what is measured from now on is how it finishes. */
  endLoad() {
    this.duration = Math.min(this.duration, (performance.now() - this.#began) / 1000);
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Those from the time on when caches are full and code is compiled: after a quarter, or half a minute. */
  get warm() {
    const from = Math.min(30, this.duration / 4);
    return this.list.filter(({ at }) => at >= from && at <= this.duration);
  }
}
