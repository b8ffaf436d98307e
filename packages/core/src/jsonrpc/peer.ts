// JSON-RPC both ways over whole messages: one JSON text a line or a WebSocket message, and no broker in between.

import type { MessageChannel } from '../channel.js';
import { systemClock } from '../clock.js';
import { Deferred } from '../deferred.js';
import { LimitError, ProtocolError, RpcError, toError } from '../errors.js';
import { FairTurn } from '../fair-turn.js';
import { defaultLimits, limitError, type Limits } from '../limits.js';
import { type CallOptions, Calls, type CallsOptions } from './calls.js';
import type { Caller } from './call.js';
import type { Dispatcher } from './dispatcher.js';
import { ErrorCode, errorText, parseJson, requestText } from './message.js';

/** Options of {@link JsonRpcPeer}. */
export interface JsonRpcPeerOptions extends Pick<CallsOptions, 'clock' | 'timeout'> {
  /** The bounds of this side; see `defaultLimits`. */
  limits?: Partial<Pick<Limits, 'pendingCalls' | 'jsonDepth' | 'batch' | 'halfClosedTime'>>;
  /** Answers what the other side calls. */
  dispatcher: Dispatcher;
  /** Whoever the other side is. */
  caller: Caller;
}

/** One side of a connection that carries JSON-RPC and nothing else. */
export class JsonRpcPeer {
  private readonly calls: Calls;
  /** What of the other side's is being worked on. */
  private underWay = 0;
  /** Resolves when nothing is. */
  private answered: Deferred | undefined;

  constructor(
    private readonly channel: MessageChannel,
    private readonly options: JsonRpcPeerOptions,
  ) {
    this.calls = new Calls({
      ...options,
      transmit: (call) => {
        call.waiting = false;
        call.sent = 'maybe';
        this.post(call.text);
      },
      cancel: (_call, text) => this.post(text),
    });
  }

  /** Calls a method of the other side; settles as a call of a client does. */
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown> {
    return this.calls.start('', method, params, options);
  }

  /** Sends a notification; nothing comes back. */
  async notify(method: string, params: unknown): Promise<void> {
    await this.channel.send(requestText(undefined, method, params));
  }

  /** Reads until the channel ends; then every call has settled. Resolves with the reason if it did not end well. */
  async run(): Promise<Error | undefined> {
    let failure: Error | undefined;
    const turn = new FairTurn(this.options.clock ?? systemClock);
    try {
      for await (const text of this.channel) {
        turn.begin();
        await this.receive(text);
        // A chunk may hold thousands, and the next chunk be there already.
        const others = turn.next();
        if (others !== undefined) await others;
        turn.end();
      }
    } catch (error) {
      failure = toError(error);
    }
    this.calls.close(failure);
    // Whoever has ended its own side alone, such as `nc -N`, still reads, and waits for nothing else.
    if (failure === undefined && this.channel.gone !== undefined) failure = await this.answerRest(this.channel.gone);
    this.explain(failure);
    this.options.dispatcher.leave(this.options.caller, failure ?? new Error('the connection ended'));
    // What has been explained is to arrive; closing with a reason would drop it.
    await this.channel.close(isTheirs(failure) ? undefined : failure);
    return failure;
  }

  /** Says what cannot be read, before the end. */
  private explain(failure: Error | undefined): void {
    if (!isTheirs(failure)) return;
    const code = failure instanceof LimitError ? ErrorCode.overloaded : ErrorCode.parseError;
    this.post(errorText(null, new RpcError(code, failure.message)));
  }

  private receive(text: string): Promise<void> | undefined {
    let message: unknown;
    try {
      const { jsonDepth, batch = defaultLimits.batch } = this.options.limits ?? {};
      message = parseJson(text, jsonDepth, batch);
    } catch (error) {
      return this.channel.send(errorText(null, error));
    }
    if (Array.isArray(message)) message.forEach((one) => this.calls.take(one));
    else if (this.calls.take(message)) return undefined;
    const { dispatcher, caller } = this.options;
    const answer = dispatcher.receive(message, caller, { notify: (note) => this.post(note), length: text.length });
    if (typeof answer === 'string') return this.channel.send(answer);
    if (answer !== undefined) void this.answerLater(answer);
    return undefined;
  }

  private async answerLater(answer: Promise<string | undefined>): Promise<void> {
    this.underWay++;
    try {
      const text = await answer;
      if (text !== undefined) this.post(text);
    } finally {
      if (--this.underWay === 0) this.answered?.resolve();
    }
  }

  /** Resolves when all has been answered or nobody can read it any more; with an error if that takes too long. */
  private async answerRest(gone: Promise<void>): Promise<Error | undefined> {
    if (this.underWay === 0) return undefined;
    const { clock = systemClock, limits } = this.options;
    const time = limits?.halfClosedTime ?? defaultLimits.halfClosedTime;
    const { promise, resolve } = (this.answered = new Deferred());
    let failure: Error | undefined;
    const alarm = clock.after(time, () => {
      failure = limitError('halfClosedTime', time, 'ms from your end to the last answer');
      resolve();
    });
    await Promise.race([promise, gone]);
    alarm.cancel();
    return failure;
  }

  private post(text: string): void {
    void this.channel.send(text)?.catch(() => {});
  }
}

/** Whether the connection ends because of what was sent on it, rather than by itself. */
function isTheirs(failure: Error | undefined): failure is LimitError | ProtocolError {
  return failure instanceof LimitError || failure instanceof ProtocolError;
}
