// A victim with a healthy client beside, and what may not become of it: it must live, serve others, not grow, and be
// afterwards what it was before.

import { Health } from './health.js';
import { Victim } from './victim.js';
import type { Kind } from './talk.js';

const MEGABYTE = 1024 * 1024;
/** What it may take more than before, MB: while it is attacked, and afterwards. */
const MOST_DURING = 256;
const MOST_AFTER = 128;
/** Until everything is as it was. */
const SETTLING = 15_000;

export class Watched {
  private failure: string | undefined;
  private greatest = 0;
  private first: number | undefined;
  private baseline: number | undefined;
  private watching: NodeJS.Timeout | undefined;

  private constructor(
    readonly victim: Victim,
    private readonly health: Health,
  ) {}

  static async start(kind: Kind, outdir: string): Promise<Watched> {
    const victim = await new Victim(kind, outdir).start();
    return new Watched(victim, new Health(victim));
  }

  /** What must not have happened, and has. */
  get broken(): string | undefined {
    const what = this.victim.broken ?? this.health.failure ?? this.failure;
    return what === undefined ? undefined : `${this.victim.kind}: ${what}`;
  }

  /** The longest that the healthy client waited, milliseconds. */
  get longest(): number {
    return this.health.longest;
  }

  /** How much more memory it has taken, MB. */
  get growth(): number {
    return Math.max(0, Math.round((this.greatest - (this.first ?? this.greatest)) / MEGABYTE));
  }

  /** It said what it must not say. */
  fail(what: string): void {
    this.failure ??= what;
  }

  /** Looks each second how it is. */
  watch(): void {
    this.watching ??= setInterval(() => void this.look(), 1000);
  }

  /** How it is now is what it is to be afterwards. */
  async takeBaseline(): Promise<void> {
    this.baseline = (await this.victim.stats())?.rss;
  }

  /** Nobody attacks any more: waits until nothing of that is left. */
  async settle(): Promise<void> {
    clearInterval(this.watching);
    await this.health.stop();
    const late = performance.now() + SETTLING;
    for (;;) {
      const stats = await this.victim.stats();
      if (stats === undefined) return this.fail('it does not say how it is');
      const more = Math.round((stats.rss - (this.baseline ?? stats.rss)) / MEGABYTE);
      if (stats.sockets === 0 && stats.sessions === 0 && more < MOST_AFTER) return;
      if (performance.now() > late)
        return this.fail(`after the attack there is left: ${JSON.stringify(stats)}, ${more} MB more`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Empties it. */
  async drain(): Promise<void> {
    if (!(await this.victim.drain())) this.fail('it cannot be emptied');
  }

  async stop(): Promise<void> {
    clearInterval(this.watching);
    await this.health.stop();
    await this.victim.stop();
  }

  private async look(): Promise<void> {
    const stats = await this.victim.stats();
    if (stats === undefined) return;
    this.first ??= stats.rss;
    this.greatest = Math.max(this.greatest, stats.rss);
    if (this.growth > MOST_DURING) this.fail(`it has grown by ${this.growth} MB`);
  }
}
