// A healthy client beside the attack: whatever goes on, it is answered in time, over every scheme.

import { connect, connectOvirt } from '@sallyport/node';
import type { Kind } from './talk.js';
import type { Victim } from './victim.js';

/** The longest that an answer may take, milliseconds. */
const LONGEST = 3000;
const PAUSE = 250;

const schemes: Record<Kind, readonly string[]> = {
  plain: ['tcp', 'ws', 'tls', 'wss'],
  ovirt: ['tcp', 'ovirt', 'wss', 'ovirt+tls'],
};

interface Healthy {
  call(method: string, params: { a: number; b: number }): Promise<unknown>;
  close(): Promise<void>;
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
    const known = schemes[this.victim.kind];
    const steady = await this.open('tcp');
    try {
      for (let round = 0; !this.stopped && this.failure === undefined; round++) {
        const scheme = known[round % known.length]!;
        await this.timed('one that stays', () => steady.call('fuzz.add', { a: round, b: 1 }), round + 1);
        await this.timed(`one that comes by ${scheme}`, () => this.visit(scheme, round), round + 2);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } finally {
      // Not waited for without an end, as the server may hang.
      await Promise.race([steady.close(), new Promise((resolve) => setTimeout(resolve, LONGEST).unref())]);
    }
  }

  private async visit(scheme: string, round: number): Promise<unknown> {
    const fresh = await this.open(scheme);
    const sum = await fresh.call('fuzz.add', { a: round, b: 2 });
    await fresh.close();
    return sum;
  }

  private open(scheme: string): Promise<Healthy> {
    const { port, certificate: ca, known } = this.victim;
    const url = `${scheme}://127.0.0.1:${port}`;
    const options = { ca, ...known, timeout: LONGEST };
    return scheme.startsWith('ovirt')
      ? connectOvirt(url, options)
      : connect(url, { ...options, auth: { token: 'healthy' } });
  }

  /** Nothing is waited for without an end. */
  private async timed(who: string, ask: () => Promise<unknown>, expected: number): Promise<void> {
    const begin = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${who} was not answered within ${LONGEST} ms`)), LONGEST);
    });
    const answer = await Promise.race([ask(), late]);
    clearTimeout(timer);
    this.longest = Math.max(this.longest, performance.now() - begin);
    if (answer !== expected) this.failure ??= `a healthy client, ${who}, was told ${String(answer)}, not ${expected}`;
  }
}
