// JSON-RPC through a broker: requests go to a queue, answers to the asker's own address. Whatever the engine is, the
// same code asks and answers.

import type { Broker, Delivery, Inbox, Message, Subscription } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { closedError, type RpcError } from '../errors.js';
import { detachHeaders, HeaderList } from '../header-list.js';
import { jsonHeaders } from '../json-headers.js';
import { defaultLimits, type Limits } from '../limits.js';
import { type CallOptions, Calls, checkMethod, type PendingCall } from './calls.js';
import type { Caller, Envelope } from './call.js';
import { Dispatcher, type DispatcherOptions } from './dispatcher.js';
import { errorText, type Id, idOf, isResponse, jsonOf, messageOf, requestText } from './message.js';
import { MethodTable } from './methods.js';

/** Options of calls both ways through a broker. */
export interface BrokerRpcOptions extends Pick<DispatcherOptions, 'authorize' | 'onError'> {
  /** The bounds of this side; see `defaultLimits`. */
  limits?: Partial<Pick<Limits, 'calls' | 'batch' | 'pendingCalls' | 'jsonDepth'>>;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
  /** Default time for an answer, milliseconds. Default 30 000. */
  timeout?: number;
  /** What this side answers. Default: nothing yet. */
  methods?: MethodTable;
  /** Who sent a request; default: whoever gets the answer. */
  callerOf?: (delivery: Delivery) => Caller;
}

/** Calls both ways through a broker, whatever its engine is. */
export class BrokerRpc {
  /** What this side answers. */
  readonly methods: MethodTable;
  readonly dispatcher: Dispatcher;
  readonly #broker: Broker;
  readonly #calls: Calls;
  readonly #callerOf: (delivery: Delivery) => Caller;
  readonly #stopWatching: () => void;
  readonly #depth: number | undefined;
  readonly #batch: number;
  #inbox: Inbox | undefined;
  /** Request headers by time allowed: the same object each time is encoded once. */
  #headers = jsonHeaders;
  #headersTime = Infinity;

  constructor(broker: Broker, options: BrokerRpcOptions = {}) {
    const { methods = new MethodTable(), callerOf = callersByAddress(), limits, clock, timeout } = options;
    this.#broker = broker;
    this.methods = methods;
    this.#callerOf = callerOf;
    this.#depth = limits?.jsonDepth;
    this.#batch = limits?.batch ?? defaultLimits.batch;
    this.dispatcher = new Dispatcher(methods, options);
    this.#calls = new Calls({
      limits,
      clock,
      timeout,
      transmit: (call, time) => this.#transmit(call, time),
      cancel: (call, text) => this.#post(this.#request(call.destination, text)),
    });
    this.#stopWatching = broker.onState((state, reason) => {
      if (state === 'up') this.#calls.flush();
      else if (state === 'down') this.#calls.lost(reason);
      else if (state === 'closed') this.close(reason);
    });
    if (broker.state === 'closed') this.close();
  }

  /** Calls a method at whoever serves a destination. */
  call(destination: string, method: string, params: unknown, options?: CallOptions): Promise<unknown> {
    return this.#calls.start(destination, method, params, options);
  }

  /** Sends a notification: nothing comes back, not even whether there was somebody. */
  async notify(destination: string, method: string, params: unknown): Promise<void> {
    checkMethod(method);
    await this.#broker.send(this.#request(destination, requestText(undefined, method, params)));
  }

  /** Answers the requests that come to a destination. */
  serve(destination: string): Subscription {
    return this.#broker.subscribe(destination, (delivery) => this.#answer(delivery));
  }

  /** Answers a request with an error. */
  refuse(delivery: Delivery, error: RpcError): void {
    this.#reply(delivery, errorText(idOf(jsonOf(delivery)), error));
  }

  close(reason?: Error): void {
    this.#stopWatching();
    this.#calls.close(reason);
    this.dispatcher.close(reason ?? closedError());
    this.#inbox?.close();
  }

  #transmit(call: PendingCall, time: number): void {
    if (this.#broker.state !== 'up') return;
    call.waiting = false;
    call.sent = 'maybe';
    try {
      this.#broker.send(this.#request(call.destination, call.text, time))?.catch(() => {});
    } catch (error) {
      call.sent = 'no';
      throw error;
    }
  }

  #request(destination: string, body: string, time = Infinity): Message {
    this.#inbox ??= this.#broker.inbox((delivery) => this.#receive(delivery));
    if (time !== this.#headersTime) {
      this.#headersTime = time;
      const expiration = time === Infinity ? undefined : String(Math.ceil(time));
      this.#headers = HeaderList.of({ 'content-type': 'application/json', expiration });
    }
    return { destination, headers: this.#headers, body, replyTo: this.#inbox.address };
  }

  /** Takes what comes to our own address: answers, and word of progress. Anything else has nothing of ours to answer. */
  #receive(delivery: Delivery): void {
    let message: unknown;
    try {
      message = messageOf(delivery, this.#depth);
    } catch (error) {
      return this.#calls.spoil(answeredId(delivery), error as RpcError);
    }
    if (Array.isArray(message)) message.forEach((one) => this.#calls.take(one));
    else this.#calls.take(message);
  }

  #answer(delivery: Delivery): void {
    let message: unknown;
    try {
      message = messageOf(delivery, this.#depth, this.#batch);
    } catch (error) {
      return this.#reply(delivery, errorText(null, error));
    }
    if (isResponse(message)) return; // An answer that nobody here asked for must not be answered in turn.
    // Nothing of the delivery itself is kept while its call is being worked on: it keeps alive the chunk that it came in.
    const { headers, replyTo } = delivery;
    const reply = (text: string | undefined): void => this.#reply({ replyTo }, text);
    // The header `expiration`: for how many milliseconds the asker waits.
    const expiration = Number(headers.get('expiration'));
    const time = expiration > 0 ? expiration : undefined;
    const envelope: Envelope = { time, notify: reply, headers, length: delivery.body.length };
    const answer = this.dispatcher.receive(message, this.#callerOf(delivery), envelope);
    if (typeof answer !== 'object') return reply(answer);
    envelope.headers = detachHeaders(headers);
    void answer.then(reply);
  }

  #reply({ replyTo }: Pick<Delivery, 'replyTo'>, body: string | undefined): void {
    if (replyTo !== undefined && body !== undefined) this.#post({ destination: replyTo, headers: jsonHeaders, body });
  }

  /** Sends what nobody waits for: if the connection has ended, so has whoever would. */
  #post(message: Message): void {
    try {
      this.#broker.send(message)?.catch(() => {});
    } catch {
      // As above.
    }
  }
}

/** Characters at the beginning of an answer in which its id stands. */
const HEAD = 200;

/** The id of an answer that cannot be parsed, if it stands before anything nested; ours are numbers. */
function answeredId({ body }: Delivery): Id {
  const head = typeof body === 'string' ? body.slice(0, HEAD) : String.fromCharCode(...body.subarray(0, HEAD));
  const id = /^\s*\{[^{}[\]]*?"id"\s*:\s*(\d+)/.exec(head)?.[1];
  return id === undefined ? null : Number(id);
}

/** Callers that are known by nothing but the address of their answers. */
function callersByAddress(): (delivery: Delivery) => Caller {
  const callers = new Map<string, Caller>();
  return ({ replyTo = '' }) => {
    let caller = callers.get(replyTo);
    if (caller === undefined) {
      if (callers.size >= 1000)
        for (const [address, { running }] of callers) if (running.size === 0) callers.delete(address);
      callers.set(replyTo, (caller = { running: new Map() }));
    }
    return caller;
  };
}
