// The calls of one host: each in a request of its own with an id that nobody else has, so many on their way, the others in
// line. Nothing is ever cancelled: a notification would stop vdsm for all its clients.

import { randomUUID } from 'node:crypto';
import { type Alarm, type Body, type Clock, type Limits, ProtocolError, systemClock, toError } from '@sallyport/core';
import {
  type CallOptions,
  Calls,
  type Id,
  isResponse,
  messageOf,
  type PendingCall,
  type Response,
} from '@sallyport/core/jsonrpc';
import { Places } from './places.js';
import { mayRepeat, Repeats, type RetryPolicy } from './repeats.js';

/** The host has too much to do, of others or of a connection that was lost: what it answers so it has not begun. */
const NOT_ENOUGH_RESOURCES = 1100;

/** What was refused so is asked again that much later, milliseconds. */
const REFUSED_PAUSE = 250;

/** Options of a call; what needs a notification is not among them. */
export interface OvirtCallOptions extends Omit<CallOptions, 'onProgress'> {
  /** What the host's log names the call by: the header `ovirtCorrelationId`. */
  flowId?: string | undefined;
}

export interface HostCallsOptions {
  limits?: Partial<Limits> | undefined;
  clock?: Clock | undefined;
  timeout?: number | undefined;
  retry?: RetryPolicy | undefined;
  inFlight?: number | undefined;
  onError?: ((error: Error) => void) | undefined;
  /** Whether there is a connection to send by. */
  isUp: () => boolean;
  /** Sends a request, by the connection there is. Never throws. */
  send: (body: string, flowId: string) => void;
}

export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #calls: Calls;
  readonly #places: Places;
  readonly #repeats: Repeats;
  readonly #clock: Clock;
  /** What was sent and has no answer yet. */
  readonly #underWay = new Map<Id, PendingCall>();
  /** What is asked again after a pause. */
  readonly #pauses = new Map<Id, Alarm>();
  #line: PendingCall[] = [];

  constructor(options: HostCallsOptions) {
    const { clock = systemClock, retry, inFlight = 80 } = options;
    this.#options = options;
    this.#clock = clock;
    this.#places = new Places(inFlight, clock, () => this.#next());
    this.#repeats = new Repeats(retry?.attempts ?? 0, clock, (call) => this.#transmit(call));
    this.#calls = new Calls({
      clock,
      ...(options.limits && { limits: options.limits }),
      ...(options.timeout !== undefined && { timeout: options.timeout }),
      makeId: randomUUID,
      transmit: (call) => this.#transmit(call),
      cancel: ({ id }) => this.#forget(id),
    });
  }

  start(method: string, params: unknown, { flowId = '', ...options }: OvirtCallOptions = {}): Promise<unknown> {
    const { retry } = this.#options;
    // All go to one place. What tells calls apart is the flow that they belong to.
    if (retry === undefined) return this.#calls.start(flowId, method, params, options);
    const idempotent = options.idempotent ?? mayRepeat(retry, method);
    const one = options.timeout ?? (idempotent ? retry.timeout : undefined) ?? this.#options.timeout ?? 30_000;
    const timeout = idempotent ? this.#repeats.timeOf(one) : one;
    return this.#calls.start(flowId, method, params, { ...options, idempotent, timeout });
  }

  /** Takes what came to the address of our answers. Whatever else it may be, there is nothing of ours to answer. */
  take(body: Body): void {
    let message: unknown;
    try {
      message = messageOf({ body }, this.#options.limits?.jsonDepth);
    } catch (error) {
      return this.#spoil(body, toError(error));
    }
    // Of a server that answers one request in an array, as the host's own clients ask it.
    const answers = Array.isArray(message) ? (message as unknown[]) : [message];
    for (const answer of answers) if (isResponse(answer)) this.#settle(answer);
  }

  /** There is a connection: sends what has been waiting for one. */
  up(): void {
    this.#calls.flush();
  }

  /** There is none any more. */
  lost(reason: Error | undefined): void {
    for (const call of this.#line) call.waiting ||= call.sent === 'no';
    this.#clear();
    this.#calls.lost(reason);
  }

  close(reason: Error | undefined): void {
    this.#clear();
    this.#calls.close(reason);
  }

  #transmit(call: PendingCall): void {
    if (!this.#options.isUp()) return;
    // Now it waits for its turn, and not for a connection.
    call.waiting = false;
    if (!this.#places.take(call.id)) return void this.#line.push(call);
    call.sent = 'maybe';
    this.#underWay.set(call.id, call);
    this.#options.send(call.text, call.destination);
    this.#repeats.sent(call);
  }

  /** Sends what is in line, as far as there is room. */
  #next(): void {
    while (this.#line.length > 0) {
      const call = this.#line[0]!;
      if (this.#calls.has(call.id)) {
        if (this.#places.isFull) return;
        this.#transmit(call);
      }
      this.#line.shift();
    }
  }

  #settle(answer: Response): void {
    const call = this.#underWay.get(answer.id);
    this.#underWay.delete(answer.id);
    this.#repeats.delete(answer.id);
    if (call !== undefined && answer.error?.code === NOT_ENOUGH_RESOURCES && this.#askLater(call)) return;
    this.#calls.settle(answer);
    this.#places.free(answer.id);
  }

  /** Keeps its place meanwhile, so that nobody else asks instead. False if its time is over before. */
  #askLater(call: PendingCall): boolean {
    if (!this.#calls.has(call.id) || this.#clock.now() + REFUSED_PAUSE >= call.deadline) return false;
    // It waits as if there were no connection, and goes out at once with the next one.
    call.sent = 'no';
    call.waiting = true;
    const again = (): void => {
      this.#pauses.delete(call.id);
      this.#places.free(call.id);
      this.#transmit(call);
    };
    this.#pauses.set(call.id, this.#clock.after(REFUSED_PAUSE, again));
    return true;
  }

  #forget(id: Id): void {
    this.#underWay.delete(id);
    this.#repeats.delete(id);
    const pause = this.#pauses.get(id);
    pause?.cancel();
    this.#pauses.delete(id);
    // The host does nothing about what it has refused.
    if (pause !== undefined) this.#places.free(id);
    else this.#places.forget(id);
  }

  #spoil(body: Body, cause: Error): void {
    const id = answeredId(body);
    if (id !== undefined) {
      this.#underWay.delete(id);
      this.#calls.spoil(id, cause);
      this.#repeats.delete(id);
      this.#places.free(id);
    }
    const text = `an answer of the host cannot be read: ${cause.message}`;
    this.#options.onError?.(new ProtocolError('ERR_ANSWER', text, { cause }));
  }

  #clear(): void {
    this.#line = [];
    this.#underWay.clear();
    for (const pause of this.#pauses.values()) pause.cancel();
    this.#pauses.clear();
    this.#places.clear();
    this.#repeats.clear();
  }
}

/** Characters at the beginning of an answer in which its id stands. */
const HEAD = 200;

/** The id of an answer that cannot be parsed, if it stands before anything nested. */
function answeredId(body: Body): string | undefined {
  const head = typeof body === 'string' ? body.slice(0, HEAD) : Buffer.from(body.subarray(0, HEAD)).toString('latin1');
  return /^\s*\{[^{}[\]]*?"id"\s*:\s*"([^"\\]+)"/.exec(head)?.[1];
}
