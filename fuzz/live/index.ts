// A live server under attack: it must live, serve others, and be afterwards what it was before.

import type { Result } from '../result.js';
import { attack } from './attack.js';
import { Health } from './health.js';
import { planOf } from './plan.js';
import { Victim } from './victim.js';

export interface LiveOptions {
  seed: number;
  /** The number of the first case, and how many there are at most. */
  from: number;
  cases: number;
  /** Milliseconds. */
  time: number;
  outdir: string;
}

/** Attacks at once. */
const ATTACKERS = 16;
const MEGABYTE = 1024 * 1024;
/** What it may take more than before, MB: while it is attacked, and afterwards. */
const MOST_DURING = 256;
const MOST_AFTER = 128;
/** Until everything is as it was. */
const SETTLING = 15_000;

export async function live(options: LiveOptions): Promise<Result> {
  const victim = await new Victim(options.outdir).start();
  const begin = performance.now();
  const health = new Health(victim);
  const attackers = new Attackers(victim, health, options);
  try {
    // What is made once, such as code that is compiled, is no leak: the baseline is taken a little later.
    await attackers.run(options.from + Math.min(500, options.cases), begin + options.time / 4);
    const before = await victim.stats();
    await attackers.run(options.from + options.cases, begin + options.time);
    await health.stop();
    attackers.failure ??= await checkAfter(victim, before?.rss);
    attackers.failure ??= await checkDrain(victim, options);
  } finally {
    await health.stop();
    await victim.stop();
  }
  const what = victim.broken ?? health.failure ?? attackers.failure;
  const { next } = attackers;
  const first = Math.max(options.from, next - 200);
  const again = `npm run fuzz -- --only live --seed ${options.seed} --from ${first} --cases ${next - first}`;
  const failure = what === undefined ? undefined : { what, again };
  const note = `longest answer ${Math.round(health.longest)} ms, at most ${attackers.growth} MB more`;
  return { target: 'live', cases: next - options.from, time: performance.now() - begin, note, failure };
}

class Attackers {
  next: number;
  failure: string | undefined;
  private greatest = 0;
  private baseline: number | undefined;

  constructor(
    private readonly victim: Victim,
    private readonly health: Health,
    private readonly options: LiveOptions,
  ) {
    this.next = options.from;
  }

  /** How much more memory the server has taken, MB. */
  get growth(): number {
    return Math.max(0, Math.round((this.greatest - (this.baseline ?? this.greatest)) / MEGABYTE));
  }

  /** Attacks up to a case, or until it is time. */
  async run(end: number, until: number): Promise<void> {
    const goesOn = (): boolean => this.next < end && performance.now() < until && !this.isBroken;
    const one = async (): Promise<void> => {
      while (goesOn()) {
        const number = this.next++;
        const said = await attack(this.victim.port, planOf(this.options.seed, number));
        if (said !== undefined) this.failure ??= `case ${number}: ${said}`;
      }
    };
    const look = setInterval(() => void this.look(), 1000);
    await Promise.all(Array.from({ length: ATTACKERS }, one));
    clearInterval(look);
  }

  private get isBroken(): boolean {
    return (this.failure ?? this.health.failure ?? this.victim.broken) !== undefined;
  }

  private async look(): Promise<void> {
    const stats = await this.victim.stats();
    if (stats === undefined) return;
    this.baseline ??= stats.rss;
    this.greatest = Math.max(this.greatest, stats.rss);
    if (this.growth > MOST_DURING) this.failure ??= `it has grown by ${this.growth} MB`;
  }
}

/** Empties the server while the attack goes on. */
async function checkDrain(victim: Victim, { seed, from }: LiveOptions): Promise<string | undefined> {
  const last = Array.from({ length: ATTACKERS }, (_, at) => attack(victim.port, planOf(seed, from + at)));
  const isDrained = await victim.drain();
  await Promise.all(last);
  return isDrained ? undefined : 'it cannot be emptied';
}

/** Waits until nothing of the attack is left; returns what is left after all. */
async function checkAfter(victim: Victim, before: number | undefined): Promise<string | undefined> {
  const late = performance.now() + SETTLING;
  for (;;) {
    const stats = await victim.stats();
    if (stats === undefined) return 'it does not say how it is';
    const more = Math.round((stats.rss - (before ?? stats.rss)) / MEGABYTE);
    if (stats.sockets === 0 && stats.sessions === 0 && more < MOST_AFTER) return undefined;
    if (performance.now() > late) return `after the attack there is left: ${JSON.stringify(stats)}, ${more} MB more`;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
