// What users hold: calls both ways and events, over any broker.

import { requestQueueOf, privateRequestQueue } from '../broker/destination.js';
import type { Broker, Subscription } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { BrokerRpc } from '../jsonrpc/broker-rpc.js';
import type { CallOptions } from '../jsonrpc/calls.js';
import { requestText } from '../jsonrpc/message.js';
import type { Implementation, Methods, UntypedMethods } from '../jsonrpc/methods.js';
import { jsonHeaders } from '../json-headers.js';
import type { Limits } from '../limits.js';
import { checkOptions, type OptionRules } from '../options.js';
import { checkDestination } from '../stomp/server-kind.js';
import { EventStream, type EventsOptions } from './event-stream.js';
import { type Contract, remote, type Remote } from './remote.js';

/** Options of a client over any broker. */
export interface ClientOptions {
  /** The bounds of this side; see `defaultLimits`. */
  limits?: Partial<Limits>;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
  /** How long a call waits for its answer unless it says otherwise, milliseconds. Default 30 000. */
  timeout?: number;
  /** Told of what this side's own methods throw that is no RpcError. */
  onError?: (error: Error, method: string) => void;
}

/** Where a call goes: a service of that name, served by whoever has the right to; default: the server itself. */
export interface ServiceOptions {
  /** The name, such as `disks`. */
  service?: string;
}

const serviceRules: OptionRules = { service: 'string' };
const eventsRules: OptionRules = { after: 'string', signal: 'AbortSignal', buffer: 'number' };

/** Calls methods, watches events and serves methods through a broker. */
export class Client<Api extends Contract = Contract> {
  /** The other side's methods: `client.api.host.getStats(params, options)`. */
  readonly api: Remote<Api>;
  protected readonly rpc: BrokerRpc;
  /** What carries it all. */
  readonly broker: Broker;
  readonly #options: ClientOptions;
  /** By service; those without one are our own methods, which only the server may call. */
  readonly #served = new Map<string | undefined, { rpc: BrokerRpc; subscription: Subscription }>();

  constructor(broker: Broker, options: ClientOptions = {}) {
    this.broker = broker;
    this.#options = options;
    this.rpc = new BrokerRpc(broker, options);
    this.api = remote((method, params, call) => this.call(method, params, call));
  }

  /**
   * Calls a method. Rejects with RpcError if the other side answered with an error, TimeoutError, ConnectionError, or
   * the signal's reason; the first three tell by `sent` whether it may have run.
   */
  call<Result = unknown>(method: string, params?: unknown, options?: CallOptions & ServiceOptions): Promise<Result> {
    return this.rpc.call(requestQueueOf(options?.service), method, params, options) as Promise<Result>;
  }

  /** Sends a notification: at most once, and nothing comes back. Rejects if there is no connection. */
  async notify(method: string, params?: unknown, options: ServiceOptions = {}): Promise<void> {
    checkOptions(options, serviceRules, 'notify');
    await this.rpc.notify(requestQueueOf(options.service), method, params);
  }

  /**
   * Events whose name matches: `*` is one token, `#` at the end any number. Ends with the client. Throws for a pattern that
   * is none: ProtocolError `ERR_DESTINATION`, or a TypeError.
   */
  events<Data = unknown>(pattern: string, options: EventsOptions = {}): EventStream<Data> {
    checkOptions(options, eventsRules, 'events');
    topicOf(pattern, 'allowed');
    return new EventStream<Data>(this.broker, pattern, {
      ...options,
      buffer: options.buffer ?? this.#options.limits?.eventBuffer,
    });
  }

  /**
   * Publishes an event, if the server lets us: at most once. Rejects with ConnectionError if there is no connection, with
   * ProtocolError `ERR_DESTINATION` or a TypeError for a name that is none.
   */
  async emit(name: string, data?: unknown): Promise<void> {
    const destination = topicOf(name, 'refused');
    await this.broker.send({ destination, headers: jsonHeaders, body: requestText(undefined, name, data) });
  }

  /**
   * Offers methods. The server can call them on this connection; with a `service`, any client that may call it can,
   * by that name. Resolves once the server knows. Params have the types they are annotated with, or those of a
   * contract: `implement<Ui>({ … })`.
   */
  implement(methods: UntypedMethods, options?: ServiceOptions): Promise<void>;
  implement<Own extends Contract = never>(
    methods: [Own] extends [never] ? Methods : Implementation<NoInfer<Own>>,
    options?: ServiceOptions,
  ): Promise<void>;
  implement(methods: Methods, options: ServiceOptions = {}): Promise<void> {
    checkOptions(options, serviceRules, 'implement');
    const { service } = options;
    let served = this.#served.get(service);
    // Each service has methods of its own: who may call one of them may not call the others.
    const rpc = served?.rpc ?? (service === undefined ? this.rpc : new BrokerRpc(this.broker, this.#options));
    rpc.methods.add(methods);
    if (served === undefined) {
      const destination = service === undefined ? privateRequestQueue : requestQueueOf(service);
      this.#served.set(service, (served = { rpc, subscription: rpc.serve(destination) }));
    }
    return served.subscription.ready;
  }

  /** Ends: calls that wait reject, iterations end, the connection is closed. */
  async close(): Promise<void> {
    await this.broker.close();
    this.rpc.close();
  }

  /** As {@link close}: `await using client = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The topic of events of a name, which have one grammar on all engines. */
function topicOf(name: string, wildcards: 'allowed' | 'refused'): string {
  if (typeof name !== 'string' || name.startsWith('/'))
    throw new TypeError('the name of an event is a string such as host.load, without /topic/ before it');
  checkDestination('/topic/' + name, wildcards);
  return '/topic/' + name;
}
