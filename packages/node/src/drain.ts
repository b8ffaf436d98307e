// Emptying a server: its connections end one after another, each once its calls have been answered, and all of them
// when the time is over. Spread out, so that they do not all arrive at the next server at once.

import { type Alarm, type Clock, ConnectionError, Deferred, SallyportError } from '@sallyport/core';
import type { Session } from './session.js';

/** A connection that is being served. */
export interface Served {
  readonly session: Session;
  /** Tells it why, in the words of its protocol, and closes it. */
  end(reason: SallyportError): void;
  close(reason?: Error): Promise<void>;
}

/** Closes a connection, having told it why; what is no SallyportError might name a secret, and only tears it down. */
export function endAndClose(connection: Served, reason: Error | undefined): Promise<void> {
  if (!(reason instanceof SallyportError)) return connection.close(reason);
  connection.end(reason);
  return connection.close();
}

/** How often is looked who is ready, milliseconds. */
const LOOK = 20;

/** The share of the time in which the turns are; the rest is for the last one's calls. */
const SPREAD = 0.8;

/** At the end of the time, what is said to those who are still there gets at most this long to arrive, milliseconds. */
export const LAST_WORDS = 250;

export interface DrainQuestions {
  /** Whether an answer would be lost if this connection ended now. */
  isBusy(session: Session): boolean;
  /** Whether nothing is left. */
  isEmpty(): boolean;
}

export class Drain {
  /** Resolves when all have left, or when those that have not have had their time. */
  readonly done: Promise<void>;
  private readonly finished = new Deferred();
  private readonly began: number;
  private readonly count: number;
  /** From then on nobody's calls are waited for any more. */
  private readonly late: number;
  private waiting: Served[];
  private alarm: Alarm | undefined;

  constructor(
    connections: Iterable<Served>,
    /** How long it may take, milliseconds. */
    private readonly over: number,
    private readonly on: DrainQuestions,
    private readonly clock: Clock,
  ) {
    this.done = this.finished.promise;
    this.began = clock.now();
    this.waiting = [...connections];
    this.count = this.waiting.length;
    this.late = Math.max(over * SPREAD, over - LAST_WORDS);
    this.look();
  }

  /** Nobody is told anything any more. */
  stop(): void {
    this.alarm?.cancel();
    this.finished.resolve();
  }

  private readonly look = (): void => {
    const elapsed = this.clock.now() - this.began;
    const isLate = elapsed >= this.late;
    const turns = isLate ? this.count : 1 + Math.floor((this.count * elapsed) / (this.over * SPREAD));
    // Those that still wait are the last of all, and who is not ready yet stays the first of them.
    const told = this.count - this.waiting.length;
    let due = turns - told;
    this.waiting = this.waiting.filter((one) => {
      if (due-- <= 0 || !(isLate || !this.on.isBusy(one.session))) return true;
      one.end(new ConnectionError('ERR_CLOSING', 'this server is closing; connect again'));
      return false;
    });
    if (this.on.isEmpty() || elapsed >= this.over) return this.stop();
    const left = (isLate ? this.over : this.late) - elapsed;
    this.alarm = this.clock.after(Math.min(LOOK, left), this.look);
  };
}
