// The answering side: parsed messages in, texts of answers out, whatever carries them.

import { type Clock, systemClock } from '../clock.js';
import { RpcError, toError } from '../errors.js';
import { defaultLimits, type Limits } from '../limits.js';
import { type AnswerTexts, Call, type Caller, type Envelope } from './call.js';
import { Deadlines } from './deadlines.js';
import {
  cancelMethod,
  ErrorCode,
  errorText,
  type Id,
  idOf,
  isResponse,
  readRequest,
  type Request,
  resultText,
} from './message.js';
import type { Handler, MethodTable } from './methods.js';

export interface DispatcherOptions {
  limits?: Partial<Pick<Limits, 'calls' | 'batch'>>;
  clock?: Clock;
  /** Asked before each call; false or a throw refuses it. */
  authorize?: ((caller: Caller, method: string) => boolean | Promise<boolean>) | undefined;
  /** Told of what handlers throw that is not an RpcError: callers are only told of an internal error. */
  onError?: (error: Error, method: string) => void;
}

/** The text of an answer, a promise of one, or undefined: nothing is to be said. */
export type Answer = string | undefined | Promise<string | undefined>;

const json: AnswerTexts = { result: resultText, error: errorText };

function textsOf({ texts = json }: Envelope): AnswerTexts {
  return texts;
}

/** What is longer than this is counted against its caller's quota while it is being worked on. */
const LARGE = 4096;

/**
 * As much as the answers to one batch may be together, UTF-16 units: no connection is sent more within one turn, and a string
 * of any length there is not.
 */
const LONGEST_BATCH = 64 * 1024 * 1024;

export class Dispatcher {
  readonly methods: MethodTable;
  readonly #options: DispatcherOptions;
  readonly #limits: Pick<Limits, 'calls' | 'batch'>;
  readonly #clock: Clock;
  readonly #running = new Set<Call>();
  readonly #deadlines: Deadlines<Call>;

  constructor(methods: MethodTable, options: DispatcherOptions = {}) {
    this.methods = methods;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#clock = options.clock ?? systemClock;
    const expire = (call: Call): void => call.end(new RpcError(ErrorCode.expired, 'the time of this call was over'));
    this.#deadlines = new Deadlines(this.#clock, () => this.#running, expire);
  }

  /** Answers one parsed message or batch that is not a response. */
  receive(message: unknown, caller: Caller, envelope: Envelope = {}): Answer {
    const { quota } = caller;
    const { length = 0 } = envelope;
    // How many small ones there are is bound enough (limits.calls).
    if (quota === undefined || length < LARGE) return this.#answer(message, caller, envelope);
    try {
      quota.take(length);
    } catch (error) {
      const isNotification = !Array.isArray(message) && idOf(message) === null;
      const refused = new RpcError(ErrorCode.overloaded, (error as Error).message);
      return isNotification ? undefined : textsOf(envelope).error(idOf(message), refused);
    }
    const answer = this.#answer(message, caller, envelope);
    if (isPromise(answer)) return answer.finally(() => quota.release(length));
    quota.release(length);
    return answer;
  }

  /**
   * Answers one call that did not come as JSON-RPC: its params may be any value, and `texts` say what became of it.
   *
   * @param handler by default that of the method's name
   */
  call(
    method: string,
    params: unknown,
    caller: Caller,
    texts: AnswerTexts,
    handler?: Handler<unknown>,
  ): string | Promise<string> {
    return this.#handle({ id: undefined, method, params }, null, caller, { texts }, handler);
  }

  /** Aborts all that a caller asked for: nobody waits for it any more. */
  leave(caller: Caller, reason: Error): void {
    for (const call of caller.running.values()) call.end(reason);
  }

  /** Aborts everything that is being worked on, and watches no time any more. */
  close(reason: Error): void {
    for (const call of this.#running) call.end(reason);
    this.#deadlines.stop();
  }

  #answer(message: unknown, caller: Caller, envelope: Envelope): Answer {
    return Array.isArray(message) ? this.#batch(message, caller, envelope) : this.#single(message, caller, envelope);
  }

  #batch(messages: readonly unknown[], caller: Caller, envelope: Envelope): Answer {
    const { batch } = this.#limits;
    const refuse = (message: string, data?: string): string =>
      textsOf(envelope).error(null, new RpcError(ErrorCode.invalidRequest, message, data));
    if (messages.length === 0) return refuse('Invalid Request', 'an empty batch');
    if (messages.length > batch) return refuse(`more than ${batch} members in a batch (limits.batch)`);
    let room = LONGEST_BATCH;
    const bounded = (text: string | undefined, message: unknown): string | undefined => {
      if (text === undefined || (room -= text.length) >= 0) return text;
      return textsOf(envelope).error(idOf(message), tooLong());
    };
    // Section 6: answers in any order, none for notifications, nothing at all if there is none.
    const answers = messages.map(async (message) => {
      const answer = this.#single(message, caller, envelope);
      // What is there at once counts at once: else all of it would be held first.
      return bounded(isPromise(answer) ? await answer : answer, message);
    });
    return Promise.all(answers).then((texts) => {
      const said = texts.filter((text) => text !== undefined);
      return said.length === 0 ? undefined : `[${said.join()}]`;
    });
  }

  #single(message: unknown, caller: Caller, envelope: Envelope): Answer {
    let request: Request;
    try {
      request = readRequest(message);
    } catch (error) {
      // An answer that nobody here asked for must not be answered in turn, in a batch as little as alone.
      return isResponse(message) ? undefined : textsOf(envelope).error(idOf(message), error);
    }
    if (request.id !== undefined) return this.#handle(request, request.id, caller, envelope);
    if (request.method === cancelMethod) return cancel(request.params, caller);
    const handled = this.#handle(request, null, caller, envelope);
    return typeof handled === 'string' ? undefined : handled.then(() => undefined);
  }

  #handle(
    request: Request,
    id: Id,
    caller: Caller,
    envelope: Envelope,
    handler = this.methods.get(request.method),
  ): string | Promise<string> {
    const { method, params } = request;
    const { time = Infinity } = envelope;
    const texts = textsOf(envelope);
    const { calls } = this.#limits;
    const { authorize } = this.#options;
    if (handler === undefined)
      return texts.error(id, new RpcError(ErrorCode.methodNotFound, 'Method not found', method));
    if (caller.running.size >= calls) return texts.error(id, tooManyCalls(calls));
    const deadline = time === Infinity ? time : this.#clock.now() + time;
    const call = new Call(caller, request.id, method, deadline, envelope);
    try {
      const result =
        authorize === undefined
          ? handler(params, call)
          : authorized(authorize(caller, method), call, () => handler(params, call));
      return isPromise(result) ? this.#wait(result, id, call, caller, texts) : texts.result(id, result);
    } catch (error) {
      return this.#failed(error, id, call, texts);
    }
  }

  async #wait(result: Promise<unknown>, id: Id, call: Call, caller: Caller, texts: AnswerTexts): Promise<string> {
    // Two calls with one id are the caller's mistake; a key of its own keeps both counted.
    const key = id === null || caller.running.has(id) ? Symbol('call') : id;
    caller.running.set(key, call);
    this.#running.add(call);
    this.#deadlines.watch(call.deadline);
    try {
      return texts.result(id, await result);
    } catch (error) {
      return this.#failed(error, id, call, texts);
    } finally {
      call.answered = true;
      caller.running.delete(key);
      this.#running.delete(call);
    }
  }

  #failed(thrown: unknown, id: Id, { abortReason, method }: Call, texts: AnswerTexts): string {
    if (thrown instanceof RpcError) return texts.error(id, thrown);
    // A handler that stopped because its signal was aborted throws whatever its platform made of that.
    if (abortReason instanceof RpcError) return texts.error(id, abortReason);
    if (abortReason === undefined || !isOfAbort(thrown, abortReason)) {
      try {
        this.#options.onError?.(toError(thrown), method);
      } catch {
        // The caller gets its answer all the same.
      }
    }
    return texts.error(id, thrown);
  }
}

/**
 * Nor is it a mistake if a handler throws the very reason, such as that its caller has left, or an AbortError, which is what
 * Node's own functions make of their `signal`.
 */
function isOfAbort(thrown: unknown, reason: unknown): boolean {
  return thrown === reason || (thrown as { name?: unknown } | null | undefined)?.name === 'AbortError';
}

function cancel(params: unknown, caller: Caller): undefined {
  const id = idOf(params);
  if (id !== null) caller.running.get(id)?.end(new RpcError(ErrorCode.cancelled, 'cancelled by the caller'));
}

function authorized(verdict: boolean | Promise<boolean>, call: Call, run: () => unknown): unknown {
  if (isPromise(verdict)) return verdict.then((allowed) => authorized(allowed, call, run));
  if (call.abortReason !== undefined) throw call.abortReason;
  if (verdict !== true) throw new RpcError(ErrorCode.forbidden, 'not allowed');
  return run();
}

/** What answers a call that is one too many. */
export function tooManyCalls(most: number): RpcError {
  return new RpcError(ErrorCode.overloaded, `more than ${most} calls of one connection at once (limits.calls)`);
}

function tooLong(): RpcError {
  const text = `the answers to this batch are longer than ${LONGEST_BATCH} characters together; ask in smaller batches`;
  return new RpcError(ErrorCode.overloaded, text);
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
