// Latencies in buckets of two percent: any number of them in little room, for one second or for the whole run.

const STEP = Math.log(1.02);
/** The shortest that is told apart, milliseconds. */
const LEAST = 0.01;

export class Latencies {
  /** @type {number[]} */
  #buckets = [];
  count = 0;
  max = 0;

  add(milliseconds) {
    const at = Math.max(0, Math.ceil(Math.log(milliseconds / LEAST) / STEP));
    this.#buckets[at] = (this.#buckets[at] ?? 0) + 1;
    this.count++;
    this.max = Math.max(this.max, milliseconds);
  }

  /** The latency that a share of all did not exceed; undefined if there are none. */
  quantile(share) {
    if (this.count === 0) return undefined;
    let left = share * this.count;
    for (const at in this.#buckets) {
      left -= this.#buckets[at];
      if (left <= 0) return Math.min(this.max, LEAST * Math.exp(Number(at) * STEP));
    }
    return this.max;
  }
}
