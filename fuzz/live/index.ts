// Live servers under attack: they must live, serve others, and be afterwards what they were before.

import { type KeyPair, selfSigned } from '@sallyport/node';
import type { Result } from '../result.js';
import { attack } from './attack.js';
import { planOf } from './plan.js';
import { kinds } from './talk.js';
import { Watched } from './watched.js';

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

export async function live(options: LiveOptions): Promise<Result> {
  const all = await Promise.all(kinds.map((kind) => Watched.start(kind, options.outdir)));
  const begin = performance.now();
  const attackers = new Attackers(all, await selfSigned({ names: ['stranger.example'] }), options);
  const each = (work: (one: Watched) => Promise<void>): Promise<unknown> => Promise.all(all.map(work));
  try {
    for (const one of all) one.watch();
    // What is made once, such as code that is compiled, is no leak: the baseline is taken a little later.
    await attackers.run(options.from + Math.min(500, options.cases), begin + options.time / 4);
    await each((one) => one.takeBaseline());
    await attackers.run(options.from + options.cases, begin + options.time);
    await each((one) => one.settle());
    // They are emptied while the attack goes on.
    const last = attackers.runOnce();
    await each((one) => one.drain());
    await last;
  } finally {
    await each((one) => one.stop());
  }
  const what = all.find(({ broken }) => broken !== undefined)?.broken;
  const { next } = attackers;
  const first = Math.max(options.from, next - 200);
  const again = `npm run fuzz -- --only live --seed ${options.seed} --from ${first} --cases ${next - first}`;
  const failure = what === undefined ? undefined : { what, again };
  const longest = Math.max(...all.map((one) => one.longest));
  const growth = Math.max(...all.map((one) => one.growth));
  const note = `longest answer ${Math.round(longest)} ms, at most ${growth} MB more`;
  return { target: 'live', cases: next - options.from, time: performance.now() - begin, note, failure };
}

class Attackers {
  next: number;

  constructor(
    private readonly all: readonly Watched[],
    private readonly strange: KeyPair,
    private readonly options: LiveOptions,
  ) {
    this.next = options.from;
  }

  /** Attacks up to a case, or until it is time. */
  async run(end: number, until: number): Promise<void> {
    const isBroken = (): boolean => this.all.some(({ broken }) => broken !== undefined);
    const one = async (): Promise<void> => {
      while (this.next < end && performance.now() < until && !isBroken()) await this.attack(this.next++);
    };
    await Promise.all(Array.from({ length: ATTACKERS }, one));
  }

  /** The first cases once more. */
  async runOnce(): Promise<void> {
    await Promise.all(Array.from({ length: ATTACKERS }, (_, at) => this.attack(this.options.from + at)));
  }

  private async attack(number: number): Promise<void> {
    const plan = planOf(this.options.seed, number);
    const attacked = this.all.find(({ victim }) => victim.kind === plan.victim)!;
    const said = await attack(attacked.victim, plan, this.strange);
    if (said !== undefined) attacked.fail(`case ${number}: ${said}`);
  }
}
