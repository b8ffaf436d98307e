// The console's calls: the one being made, and the last ones made.

import { type ReadonlySignal, signal } from '@preact/signals';
import type { Connection } from './connection.js';
import { readParams } from './params.js';

/** Why a call failed, as far as the error tells. */
export interface Failure {
  message: string;
  /** JSON-RPC's number where the other side answered, else a stable name such as `ERR_TIMEOUT`. */
  code?: string | number;
  data?: unknown;
  /** Whether the call had left this page: only of connection errors and time-outs. */
  sent?: string;
}

export type Outcome = { kind: 'result'; value: unknown } | { kind: 'error'; failure: Failure } | { kind: 'cancelled' };

export interface FinishedCall {
  id: number;
  method: string;
  /** As it was typed. */
  params: string;
  /** Milliseconds. */
  duration: number;
  outcome: Outcome;
}

export interface RunningCall {
  method: string;
  /** When it began, milliseconds since 1970. */
  began: number;
}

export interface Calls {
  readonly running: ReadonlySignal<RunningCall | undefined>;
  /** The latest ones, newest first. */
  readonly finished: ReadonlySignal<readonly FinishedCall[]>;
  /** The one whose outcome is on display. */
  readonly shown: ReadonlySignal<FinishedCall | undefined>;
  run(method: string, params: string): Promise<void>;
  cancel(): void;
  show(call: FinishedCall): void;
}

const KEPT = 10;

export function createCalls(connection: Connection): Calls {
  const running = signal<RunningCall | undefined>(undefined);
  const finished = signal<readonly FinishedCall[]>([]);
  const shown = signal<FinishedCall | undefined>(undefined);
  let abort: AbortController | undefined;
  let ids = 0;

  async function outcomeOf(method: string, params: string, stop: AbortController): Promise<Outcome> {
    try {
      return { kind: 'result', value: await connection.call(method, readParams(params).value, stop.signal) };
    } catch (thrown) {
      return stop.signal.aborted ? { kind: 'cancelled' } : { kind: 'error', failure: failureOf(thrown) };
    }
  }

  return {
    running,
    finished,
    shown,
    async run(method, params) {
      if (running.value !== undefined) return;
      abort = new AbortController();
      running.value = { method, began: Date.now() };
      const began = performance.now();
      const outcome = await outcomeOf(method, params, abort);
      const call = { id: (ids += 1), method, params, duration: performance.now() - began, outcome };
      finished.value = [call, ...finished.value].slice(0, KEPT);
      shown.value = call;
      running.value = undefined;
    },
    cancel: () => abort?.abort(),
    show: (call) => (shown.value = call),
  };
}

function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const { code, data, sent } = thrown as { code?: string | number; data?: unknown; sent?: string };
  return { message: thrown.message, code, data, sent };
}
