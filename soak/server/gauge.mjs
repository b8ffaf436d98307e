// What the server's process uses: memory, processor time, descriptors, and how long its turns are.

import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

/** Where the system lists what a process has open; not everywhere. */
const DESCRIPTORS = '/proc/self/fd';

export class Gauge {
  #delay = monitorEventLoopDelay({ resolution: 10 });
  #usage = process.cpuUsage();
  #time = performance.now();

  constructor() {
    this.#delay.enable();
  }

  /** @param {{ collect?: boolean }} how collect: throws garbage away first, so that `heap` is what is in use */
  read({ collect = false } = {}) {
    if (collect) globalThis.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    const measured = {
      rss,
      heap: heapUsed + external,
      collected: collect,
      cpu: this.#share(),
      descriptors: descriptors(),
    };
    const turn = this.#delay.max / 1e6;
    this.#delay.reset();
    return { ...measured, turn };
  }

  stop() {
    this.#delay.disable();
  }

  /** How much of one core since it was last asked. */
  #share() {
    const { user, system } = process.cpuUsage(this.#usage);
    const now = performance.now();
    const share = (user + system) / 1000 / (now - this.#time);
    this.#usage = process.cpuUsage();
    this.#time = now;
    return share;
  }
}

function descriptors() {
  try {
    // The list itself is open while it is read.
    return readdirSync(DESCRIPTORS).length - 1;
  } catch {
    return undefined;
  }
}
