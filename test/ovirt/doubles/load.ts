// Load on a shared port: callers of all kinds at once, each call with a value that nobody else sends and that must come back
// to its caller.

import { setImmediate as turn } from 'node:timers/promises';
import { type Caller, javaCaller, ordinaryCaller, pythonCaller, xmlRpcCaller } from './callers.js';

/** How many there are of each kind. */
export interface LoadOptions {
  port: number;
  seconds: number;
  /** Of them every second over WebSocket. */
  ordinary?: number;
  java?: number;
  javaTls?: number;
  python?: number;
  pythonTls?: number;
  xmlRpc?: number;
}

export interface LoadOutcome {
  /** Answers that were right, by the kind of their caller. */
  readonly answered: Readonly<Record<string, number>>;
  /** The longest that calls made together took, by the kind of their caller, milliseconds. */
  readonly slowest: Readonly<Record<string, number>>;
  /** What went wrong; empty is what is hoped for. */
  readonly faults: readonly string[];
}

/** As many wrong answers as are worth reading; then nobody calls any more. */
const MOST_FAULTS = 20;

/** The same of what else is wrong with one caller. */
const MOST_TROUBLES = 3;

/** Calls are made one by one and several together, by turns. */
const bursts = [1, 16, 1, 4];

/** Rejects if somebody cannot connect at all. */
export async function load(options: LoadOptions): Promise<LoadOutcome> {
  const callers = await everybody(options);
  const run = new Run(performance.now() + options.seconds * 1000);
  await Promise.all(callers.map((caller, at) => run.keepCalling(caller, at)));
  for (const caller of callers) {
    run.faults.push(
      ...caller
        .troubles()
        .slice(0, MOST_TROUBLES)
        .map((trouble) => `${caller.kind}: ${trouble}`),
    );
    await caller.close();
  }
  return run;
}

/** They come a few at a time: a crowd that comes at once is refused by the limits on logins, which others test. */
async function everybody(options: LoadOptions): Promise<Caller[]> {
  const { port, ordinary = 0, java = 0, javaTls = 0, python = 0, pythonTls = 0, xmlRpc = 0 } = options;
  const makers: (() => Promise<Caller>)[] = [
    ...Array.from({ length: java }, (_, at) => () => javaCaller(port, at, false)),
    ...Array.from({ length: javaTls }, (_, at) => () => javaCaller(port, at, true)),
    ...Array.from({ length: python }, () => () => pythonCaller(port, false)),
    ...Array.from({ length: pythonTls }, () => () => pythonCaller(port, true)),
    ...Array.from({ length: ordinary }, (_, at) => () => ordinaryCaller(port, at % 2 === 0 ? 'tcp' : 'ws')),
    ...Array.from({ length: xmlRpc }, () => async () => xmlRpcCaller(port)),
  ];
  const callers: Caller[] = [];
  while (makers.length > 0) callers.push(...(await Promise.all(makers.splice(0, 10).map((make) => make()))));
  return callers;
}

class Run implements LoadOutcome {
  readonly answered: Record<string, number> = {};
  readonly slowest: Record<string, number> = {};
  readonly faults: string[] = [];

  constructor(private readonly end: number) {}

  async keepCalling(caller: Caller, who: number): Promise<void> {
    for (let round = 0; performance.now() < this.end && this.faults.length < MOST_FAULTS; round++) {
      const count = bursts[round % bursts.length]!;
      const values = Array.from({ length: count }, (_, at) => `${caller.kind} ${who}, call ${round}.${at}`);
      const begun = performance.now();
      try {
        this.compare(caller, values, await caller.echo(values));
      } catch (error) {
        this.fault(caller, String(error));
      }
      this.slowest[caller.kind] = Math.max(this.slowest[caller.kind] ?? 0, performance.now() - begun);
      await turn();
    }
  }

  private compare(caller: Caller, values: readonly string[], results: readonly unknown[]): void {
    for (const [at, value] of values.entries()) {
      const given = JSON.stringify(results[at]);
      if (given !== JSON.stringify({ value })) this.fault(caller, `${value} came back as ${given}`);
      else this.answered[caller.kind] = (this.answered[caller.kind] ?? 0) + 1;
    }
  }

  private fault({ kind }: Caller, what: string): void {
    if (this.faults.length < MOST_FAULTS) this.faults.push(`${kind}: ${what}`);
  }
}
