// JSON-RPC through a broker: requests go to a queue, answers to the asker's own address. Whatever the engine is, the
// same code asks and answers.

import type { Broker, Delivery, Inbox, Subscription } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { ConnectionError, RpcError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { jsonHeaders } from '../json-headers.js';
import type { Limits } from '../limits.js';
import { bodyText } from '../text.js';
import { type CallOptions, Calls, type PendingCall } from './calls.js';
import { type Caller, Dispatcher, type DispatcherOptions } from './dispatcher.js';
import { ErrorCode, errorText, idOf, isResponse, parseJson, requestText } from './message.js';
import { MethodTable } from './methods.js';

export interface BrokerRpcOptions extends Pick<DispatcherOptions, 'authorize' | 'onError'> {
  limits?: Partial<Pick<Limits, 'calls' | 'batch' | 'pendingCalls'>>;
  clock?: Clock;
  /** Default time for an answer, milliseconds. Default 30 000. */
  timeout?: number;
  methods?: MethodTable;
  /** Who sent a request; default: whoever gets the answer. */
  callerOf?: (delivery: Delivery) => Caller;
}

export class BrokerRpc {
  readonly methods: MethodTable;
  readonly dispatcher: Dispatcher;
  private readonly calls: Calls;
  private readonly callerOf: (delivery: Delivery) => Caller;
  private readonly callers = new CallersByAddress();
  private inbox: Inbox | undefined;
  /** Request headers by time allowed: the same object each time is encoded once. */
  private headers = jsonHeaders;
  private headersTime = Infinity;
  private readonly stopWatching: () => void;

  constructor(
    private readonly broker: Broker,
    options: BrokerRpcOptions = {},
  ) {
    this.methods = options.methods ?? new MethodTable();
    this.dispatcher = new Dispatcher(this.methods, options);
    this.callerOf = options.callerOf ?? ((delivery) => this.callers.of(delivery.replyTo ?? ''));
    this.calls = new Calls({
      limits: options.limits,
      clock: options.clock,
      timeout: options.timeout,
      transmit: (call, time) => this.transmit(call, time),
      cancel: (call, text) => this.post(call.destination, text),
    });
    this.stopWatching = broker.onState((state, reason) => {
      if (state === 'up') this.calls.flush();
      else if (state === 'down') this.calls.lost(reason);
      else if (state === 'closed') this.close(reason);
    });
    if (broker.state === 'closed') this.close();
  }

  /** Calls a method at whoever serves a destination. */
  call(destination: string, method: string, params: unknown, options?: CallOptions): Promise<unknown> {
    if (options?.whenOffline === 'fail' && this.broker.state !== 'up') {
      return Promise.reject(
        new ConnectionError('ERR_NOT_CONNECTED', `${method}: there is no connection now (whenOffline)`),
      );
    }
    return this.calls.start(destination, method, params, options);
  }

  /** Sends a notification: nothing comes back, not even whether there was somebody. */
  notify(destination: string, method: string, params: unknown): Promise<void> {
    try {
      const full = this.broker.send(this.request(destination, requestText(undefined, method, params), Infinity));
      return full ?? Promise.resolve();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** Answers the requests that come to a destination. */
  serve(destination: string): Subscription {
    return this.broker.subscribe(destination, (delivery) => this.answer(delivery));
  }

  /** Answers a request with an error. */
  refuse(delivery: Delivery, error: RpcError): void {
    let id = null;
    try {
      id = idOf(parseJson(bodyText(delivery.body)));
    } catch {
      // It had no id that could be read.
    }
    this.reply(delivery, errorText(id, error));
  }

  close(reason?: Error): void {
    this.stopWatching();
    this.calls.close(reason);
    this.dispatcher.close(reason ?? new ConnectionError('ERR_CLOSED', 'the connection has been closed'));
    this.inbox?.close();
  }

  private transmit(call: PendingCall, time: number): void {
    if (this.broker.state !== 'up') return;
    call.waiting = false;
    call.sent = 'maybe';
    try {
      const full = this.broker.send(this.request(call.destination, call.text, time));
      full?.catch(() => {});
    } catch (error) {
      call.sent = 'no';
      throw error;
    }
  }

  private request(destination: string, body: string, time: number) {
    this.inbox ??= this.broker.inbox((delivery) => this.receive(delivery));
    if (time !== this.headersTime) {
      this.headersTime = time;
      const expiration = time === Infinity ? undefined : String(Math.ceil(time));
      this.headers = HeaderList.of({ 'content-type': 'application/json', expiration });
    }
    return { destination, headers: this.headers, body, replyTo: this.inbox.address };
  }

  private post(destination: string, text: string): void {
    if (this.broker.state !== 'up') return;
    this.broker.send(this.request(destination, text, Infinity))?.catch(() => {});
  }

  /** Takes what comes to our own address: answers, and word of progress. */
  private receive(delivery: Delivery): void {
    let message: unknown;
    try {
      message = parseJson(bodyText(delivery.body));
    } catch {
      return; // Whoever sent that had nothing of ours to answer.
    }
    if (Array.isArray(message)) message.forEach((one) => this.calls.take(one));
    else this.calls.take(message);
  }

  private answer(delivery: Delivery): void {
    let message: unknown;
    try {
      message = parseJson(bodyText(delivery.body));
    } catch {
      return this.reply(delivery, errorText(null, new RpcError(ErrorCode.parseError, 'Parse error')));
    }
    if (isResponse(message)) return; // An answer that nobody here asked for must not be answered in turn.
    const answer = this.dispatcher.receive(message, this.callerOf(delivery), {
      time: timeOf(delivery),
      notify: (text) => this.reply(delivery, text),
    });
    if (typeof answer === 'string') this.reply(delivery, answer);
    else void answer?.then((text) => text !== undefined && this.reply(delivery, text));
  }

  private reply(delivery: Delivery, body: string): void {
    if (delivery.replyTo === undefined) return;
    try {
      const full = this.broker.send({ destination: delivery.replyTo, headers: jsonHeaders, body });
      full?.catch(() => {});
    } catch {
      // The connection has ended since; so has whoever waited.
    }
  }
}

/** The header `expiration`: for how many milliseconds the asker waits. */
function timeOf(delivery: Delivery): number | undefined {
  const expiration = delivery.headers.get('expiration');
  const time = expiration === undefined ? NaN : Number(expiration);
  return time > 0 ? time : undefined;
}

/** Callers that are known by nothing but the address of their answers. */
class CallersByAddress {
  private readonly callers = new Map<string, Caller>();

  of(address: string): Caller {
    let caller = this.callers.get(address);
    if (caller === undefined) {
      if (this.callers.size >= 1000) this.dropIdle();
      this.callers.set(address, (caller = { running: new Map() }));
    }
    return caller;
  }

  private dropIdle(): void {
    for (const [address, caller] of this.callers) if (caller.running.size === 0) this.callers.delete(address);
  }
}
