// An attacked server as seen from the attacker's process.

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { KeyPair } from '@sallyport/node';
import type { Kind, Report, Stats, Wanted } from './talk.js';

/** For an answer, milliseconds. */
const PATIENCE = 3000;

export class Victim {
  port = 0;
  certificate = '';
  /** A certificate that it accepts of clients, where it asks for one. */
  known: KeyPair | undefined;
  /** The first thing that broke. */
  broken: string | undefined;
  private readonly child: ChildProcess;
  private readonly listening: Promise<void>;
  private onStats: (stats: Stats) => void = () => {};
  private onDrained = (): void => {};
  private ending = false;
  private said = '';

  constructor(
    readonly kind: Kind,
    outdir: string,
  ) {
    const execArgv = ['--expose-gc', '--enable-source-maps'];
    this.child = fork(join(outdir, 'live/server.mjs'), [kind], { execArgv, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.said = (this.said + text).slice(-4000)));
    this.listening = new Promise((resolve) => {
      this.child.on('message', (report: Report) => {
        if (report.type === 'stats') return this.onStats(report.stats);
        if (report.type === 'drained') return this.onDrained();
        if (report.type === 'broken') return void (this.broken ??= report.what);
        ({ port: this.port, certificate: this.certificate, known: this.known } = report);
        resolve();
      });
      this.child.on('exit', (code, signal) => {
        if (!this.ending) this.broken ??= `the process ended with ${signal ?? code}: ${this.said}`;
        resolve();
      });
    });
  }

  async start(): Promise<this> {
    await this.listening;
    return this;
  }

  /** Undefined if it does not answer in time. */
  stats(): Promise<Stats | undefined> {
    return this.ask<Stats | undefined>('stats', undefined, (done) => (this.onStats = done));
  }

  /** Whether it can be emptied in time. */
  drain(): Promise<boolean> {
    return this.ask('drain', false, (done) => (this.onDrained = () => done(true)));
  }

  private ask<T>(wanted: Wanted, otherwise: T, listen: (done: (answer: T) => void) => void): Promise<T> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(otherwise), PATIENCE);
      listen((answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      if (this.child.connected) this.child.send(wanted);
    });
  }

  async stop(): Promise<void> {
    this.ending = true;
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.disconnect();
    // It ends by that, unless it hangs.
    const late = setTimeout(() => this.child.kill('SIGKILL'), 2000);
    await gone;
    clearTimeout(late);
  }
}
