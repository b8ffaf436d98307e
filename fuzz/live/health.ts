// A healthy client beside the attack: whatever goes on, it is answered in time, over every scheme.

import { connect } from '@sallyport/node';
import type { Victim } from './victim.js';

/** The longest that an answer may take, milliseconds. */
const LONGEST = 3000;
const PAUSE = 250;

interface Api {
  fuzz: { add(params: { a: number; b: number }): number };
}

export class Health {
  /** The longest that an answer took, milliseconds. */
  longest = 0;
  failure: string | undefined;
  private stopped = false;
  private readonly running: Promise<void>;

  constructor(private readonly victim: Victim) {
    this.running = this.watch().catch((error: unknown) => {
      this.failure ??= `a healthy client was not served: ${String(error)}`;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async watch(): Promise<void> {
    const { port, certificate } = this.victim;
    const schemes = ['tcp', 'ws', 'tls', 'wss'];
    const open = (scheme: string) =>
      connect<Api>(`${scheme}://127.0.0.1:${port}`, { ca: certificate, timeout: LONGEST, auth: { token: 'healthy' } });
    const steady = await open('tcp');
    try {
      for (let round = 0; !this.stopped && this.failure === undefined; round++) {
        await this.timed(() => steady.api.fuzz.add({ a: round, b: 1 }), round + 1);
        await this.timed(async () => {
          const fresh = await open(schemes[round % schemes.length]!);
          const sum = await fresh.api.fuzz.add({ a: round, b: 2 });
          await fresh.close();
          return sum;
        }, round + 2);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } finally {
      await steady.close();
    }
  }

  private async timed(ask: () => Promise<number>, expected: number): Promise<void> {
    const begin = performance.now();
    const late = setTimeout(() => {
      this.failure ??= `a healthy client was not answered within ${LONGEST} ms`;
    }, LONGEST);
    const answer = await ask();
    clearTimeout(late);
    this.longest = Math.max(this.longest, performance.now() - begin);
    if (answer !== expected) this.failure ??= `a healthy client was told ${answer}, not ${expected}`;
  }
}
