// The asking side: calls that wait for their answers. Every one of them settles, and says whether it was sent.

import { onAbort } from '../abort.js';
import { type Clock, systemClock } from '../clock.js';
import { closedError, ConnectionError, ProtocolError, type Sent, TimeoutError } from '../errors.js';
import { defaultLimits, limitError, type Limits } from '../limits.js';
import { checkOptions, type OptionRules } from '../options.js';
import { Deadlines } from './deadlines.js';
import {
  cancelMethod,
  ErrorCode,
  type Id,
  isResponse,
  progressMethod,
  requestText,
  type Response,
  responseError,
} from './message.js';

/** How one call is made. */
export interface CallOptions {
  /** Cancels: the call rejects with the signal's reason, and the other side's handler is told. */
  signal?: AbortSignal | undefined;
  /** How long to wait for the answer, milliseconds; the time spent offline counts. Default: the client's `timeout`. */
  timeout?: number;
  /** The call may be run twice: it is sent again after a reconnect, within its time. Default false. */
  idempotent?: boolean;
  /** Without a connection, `wait` for one within the call's time (the default), or `fail` at once. */
  whenOffline?: 'wait' | 'fail';
  /** Called with what the handler reports by `call.progress`. */
  onProgress?: (value: unknown) => void;
}

/** The service is not looked at here: it has become the destination. */
const rules: OptionRules = {
  signal: 'AbortSignal',
  timeout: 'number',
  idempotent: 'boolean',
  whenOffline: ['wait', 'fail'],
  onProgress: 'function',
  service: 'string',
};

/** A call that has no answer yet. */
export interface PendingCall {
  readonly id: Id;
  readonly method: string;
  readonly text: string;
  readonly destination: string;
  readonly deadline: number;
  readonly timeout: number;
  readonly idempotent: boolean;
  readonly onProgress: ((value: unknown) => void) | undefined;
  sent: Sent;
  /** Whether it has to go out (again) as soon as there is a connection. */
  waiting: boolean;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  stopListening: () => void;
}

export interface CallsOptions {
  limits?: Partial<Pick<Limits, 'pendingCalls'>>;
  clock?: Clock;
  /** Default time for an answer, milliseconds; Infinity: no end. Default 30 000. */
  timeout?: number;
  /** Makes the ids of calls; each is given once. Default 1, 2, 3, …, where they need mean nothing to anybody else. */
  makeId?: (() => Id) | undefined;
  /** Sends a call's text, or leaves it waiting; `time` is what is left of its own. May throw: then it fails with that. */
  transmit: (call: PendingCall, time: number) => void;
  /** Sends a cancel notification for a call that had been sent. */
  cancel: (call: PendingCall, text: string) => void;
}

export class Calls {
  readonly #options: CallsOptions;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #pending = new Map<Id, PendingCall>();
  readonly #deadlines: Deadlines<PendingCall>;
  #lastId = 0;
  #closed: Error | undefined;
  /** Why there was no connection last. */
  #cause: Error | undefined;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#limit = options.limits?.pendingCalls ?? defaultLimits.pendingCalls;
    const expire = (call: PendingCall): void => this.#abandon(call, late(call, this.#cause));
    this.#deadlines = new Deadlines(this.#clock, () => this.#pending.values(), expire);
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Whether a call still waits for its answer. */
  has(id: Id): boolean {
    return this.#pending.has(id);
  }

  /** Starts a call. Rejects; never throws. */
  start(destination: string, method: string, params: unknown, options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      checkMethod(method);
      checkOptions(options, rules, method);
      const { timeout = this.#options.timeout ?? 30_000, idempotent = false, onProgress, signal } = options;
      if (this.#closed !== undefined) throw this.#closed;
      if (this.size >= this.#limit) throw limitError('pendingCalls', this.#limit, 'calls waiting for their answers');
      const { makeId } = this.#options;
      const id = makeId === undefined ? ++this.#lastId : makeId();
      const call: PendingCall = {
        id,
        method,
        text: requestText(id, method, params),
        destination,
        deadline: this.#clock.now() + timeout,
        timeout,
        idempotent,
        onProgress,
        sent: 'no',
        waiting: true,
        resolve,
        reject,
        stopListening: nothing,
      };
      this.#pending.set(id, call);
      if (signal !== undefined) call.stopListening = onAbort(signal, (reason) => this.#abandon(call, reason));
      if (!this.#pending.has(id)) return;
      this.#deadlines.watch(call.deadline);
      this.#transmit(call, timeout);
      if (call.waiting && options.whenOffline === 'fail') {
        const message = `${method}: there is no connection now (option whenOffline)`;
        this.#fail(call, new ConnectionError('ERR_NOT_CONNECTED', message));
      }
    });
  }

  /** Takes a message if it is for the asking side: an answer, or word of progress. */
  take(message: unknown): boolean {
    const { id, method, params } = (message ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
    if (isResponse(message)) this.settle(message);
    // With an id it is a request like any other, and wants its answer.
    else if (method === progressMethod && id === undefined) this.progress(params);
    else return false;
    return true;
  }

  /** Takes an answer. Those to calls that are no longer waiting are of no interest. */
  settle({ id, result, error }: Response): void {
    const call = this.#pending.get(id);
    if (call === undefined) return;
    this.#remove(call);
    if (error === undefined || error === null) call.resolve(result);
    // The other side's clock may be the faster one.
    else call.reject(error.code === ErrorCode.expired ? late(call) : responseError(error, call.method));
  }

  /** An answer came that cannot be read, to the call of this id as far as can be told: waiting would be for nothing. */
  spoil(id: Id, cause: Error): void {
    const call = this.#pending.get(id);
    if (call === undefined) return;
    const message = `${call.method}: the answer cannot be read: ${cause.message}`;
    this.#fail(call, new ProtocolError('ERR_ANSWER', message, { cause }));
  }

  progress(params: unknown): void {
    const { token, value } = (params ?? {}) as { token?: Id; value?: unknown };
    const call = this.#pending.get(token ?? null);
    if (call === undefined) return;
    call.sent = 'yes';
    try {
      call.onProgress?.(value);
    } catch (error) {
      this.#abandon(call, error);
    }
  }

  /** Sends what has been waiting, in the order of the calls. */
  flush(): void {
    const now = this.#clock.now();
    for (const call of [...this.#pending.values()])
      if (call.waiting) this.#transmit(call, Math.max(1, call.deadline - now));
  }

  /**
   * The connection was lost: what had been sent fails, unless it may be run twice; the rest waits for the next one. What
   * was too long for the other side would be so again each time: the longest that had been sent is not sent again.
   */
  lost(cause: (Error & { code?: unknown }) | undefined): void {
    this.#cause = cause;
    const calls = [...this.#pending.values()];
    let longest = cause?.code === 'ERR_BODY' ? 0 : Infinity;
    if (longest === 0) for (const { waiting, text } of calls) if (!waiting) longest = Math.max(longest, text.length);
    for (const call of calls) {
      if (call.idempotent && (call.waiting || call.text.length < longest)) call.waiting = true;
      else if (!call.waiting) this.#lose(call, cause);
    }
  }

  /** No answer will come any more. */
  close(reason?: Error): void {
    this.#closed ??= closedError(reason);
    for (const call of [...this.#pending.values()]) this.#lose(call, reason);
    this.#deadlines.stop();
  }

  #lose(call: PendingCall, cause: Error | undefined): void {
    const message = `${call.method}: the connection was lost before the answer came`;
    this.#fail(call, new ConnectionError('ERR_CONNECTION_LOST', message, { sent: call.sent, cause }));
  }

  #transmit(call: PendingCall, time: number): void {
    try {
      this.#options.transmit(call, time);
    } catch (error) {
      this.#fail(call, error);
    }
  }

  /** Nobody waits any more: reject, and tell the other side if it may be at work. */
  #abandon(call: PendingCall, reason: unknown): void {
    if (!this.#fail(call, reason) || call.sent === 'no' || call.waiting) return;
    try {
      this.#options.cancel(call, requestText(undefined, cancelMethod, { id: call.id }));
    } catch {
      // It could not be told; the call is over for us all the same.
    }
  }

  #fail(call: PendingCall, error: unknown): boolean {
    call.reject(error);
    return this.#remove(call);
  }

  /** Whether it was still waiting. */
  #remove(call: PendingCall): boolean {
    call.stopListening();
    return this.#pending.delete(call.id);
  }
}

/** The cause is that of a call which waited for a connection. */
function late({ method, timeout, sent, waiting }: PendingCall, cause?: Error): TimeoutError {
  const message = `${method}: no answer within ${timeout} ms (option timeout)`;
  return new TimeoutError('ERR_CALL_TIME', message, { sent, cause: waiting ? cause : undefined });
}

/** Throws a TypeError for what could only be answered by -32600. */
export function checkMethod(method: unknown): void {
  if (typeof method !== 'string' || method === '') throw new TypeError('method must be a string that is not empty');
}

function nothing(): void {}
