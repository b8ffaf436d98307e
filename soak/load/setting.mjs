// What every part of the load is given: where the server is, its own chance, where it counts and what it found.

import { setTimeout as sleep } from 'node:timers/promises';

export const schemes = ['tcp', 'tls', 'ws', 'wss'];

export class Setting {
  /**
   * @param {{ port: number, proxyPort: number, certificate: string, token: string, random: import('../random.mjs').Random, over: AbortSignal,
   *   counts: import('./counts.mjs').Counts, findings: import('../findings.mjs').Findings }} parts
   *   over: aborted when the load is to end; then each part finishes what it has begun
   */
  constructor(parts) {
    Object.assign(this, parts);
  }

  get isOver() {
    return this.over.aborted;
  }

  /** This setting with a chance of its own. */
  for(name) {
    return new Setting({ ...this, random: this.random.for(name) });
  }

  /** @param {'straight' | 'cut'} way straight to the server, or through the proxy that cuts */
  url(scheme, way) {
    return `${scheme}://127.0.0.1:${this.portOf(way)}`;
  }

  portOf(way) {
    return way === 'cut' ? this.proxyPort : this.port;
  }

  /** Waits, by chance between two times, or until the load is over. */
  async pause(from, to = from) {
    await sleep(from + this.random.next() * (to - from), undefined, { signal: this.over }).catch(() => {});
  }

  /** Runs something again and again until the load is over, with a pause after each time. */
  async repeat(from, to, run) {
    while (!this.isOver) {
      await run();
      await this.pause(from, to);
    }
  }
}
