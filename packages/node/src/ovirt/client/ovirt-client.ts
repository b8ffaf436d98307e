// A client of one oVirt host, whose vdsm speaks JSON-RPC over a STOMP of its own. What that takes and what it breaks is
// kept to here: no notification, no batch, no receipt but that of DISCONNECT, ids that nobody else has, ERRORs that end
// nothing.

import { randomUUID } from 'node:crypto';
import { type ByteStream, checkOptions, HeaderList, type OptionRules } from '@sallyport/core';
import {
  type ClientState,
  clientState,
  type Contract,
  KeptConnection,
  remote,
  type Remote,
  type RetryInfo,
} from '@sallyport/core/client';
import { connectStomp, type Frame, type StompConnection } from '@sallyport/core/stomp';
import { OvirtEventStream, type OvirtEventsOptions } from './event-stream.js';
import { HostCalls, type OvirtCallOptions } from './host-calls.js';
import { HostEvents } from './host-events.js';
import type { OvirtConnectOptions } from './options.js';

/**
 * A beat goes out when this share of the promised interval is over: vdsm closes as soon as it has passed, without any grace,
 * and the beat has to be there by then.
 */
const BEAT_SHARE = 0.6;

const callRules: OptionRules = {
  signal: 'AbortSignal',
  timeout: 'number',
  idempotent: 'boolean',
  whenOffline: ['wait', 'fail'],
  flowId: 'string',
};
const eventsRules: OptionRules = { signal: 'AbortSignal', buffer: 'number' };

/** A client of one oVirt host, which keeps its connection up: calls of its methods, and its events. */
export class OvirtClient<Api extends Contract = Contract> {
  /** The host's methods: `client.api.Host.getStats(params, options)`. */
  readonly api: Remote<Api, OvirtCallOptions>;
  /** The name or address that the host was dialled by. */
  readonly host: string;
  readonly #options: OvirtConnectOptions;
  readonly #kept: KeptConnection<StompConnection>;
  readonly #calls: HostCalls;
  readonly #events: HostEvents;
  /** Where our answers come: the same name on all connections. */
  readonly #replyTo = randomUUID();
  readonly #headers: HeaderList;
  readonly #requests: string;

  constructor(host: string, dial: () => Promise<ByteStream>, options: OvirtConnectOptions = {}) {
    const { requests = 'jms.topic.vdsm_requests', events = 'jms.queue.events', limits, timeout } = options;
    this.host = host;
    this.#options = options;
    this.#requests = requests;
    this.#headers = HeaderList.of({ 'content-type': 'application/json', 'reply-to': this.#replyTo });
    this.#events = new HostEvents(host, events, limits?.jsonDepth);
    this.#calls = new HostCalls({
      ...options,
      timeout,
      isUp: () => this.#kept.current !== undefined,
      send: (body, flowId) => this.#send(body, flowId),
    });
    this.#kept = new KeptConnection<StompConnection>(
      { ...options, dial },
      { open: (stream) => this.#open(stream), restore: (connection) => this.#restore(connection) },
    );
    this.#kept.onState((state, reason) => {
      if (state === 'up') return this.#calls.up();
      if (state === 'connecting') return;
      this.#events.lost();
      if (state === 'down') this.#calls.lost(reason);
      else this.#calls.close(reason);
    });
    this.api = remote((method, params, call) => this.call(method, params, call));
  }

  /**
   * Calls a method. What has nothing to say gives `true`. Rejects with RpcError if the host answered with an error, with
   * TimeoutError, ConnectionError, or the signal's reason; an aborted call may go on in the host, whose answer is then
   * ignored.
   */
  async call<Result = unknown>(method: string, params?: unknown, options: OvirtCallOptions = {}): Promise<Result> {
    checkOptions(options, callRules, 'call');
    // vdsm tells nobody what is wrong with these.
    if (params !== undefined && (typeof params !== 'object' || params === null))
      throw new TypeError(`${method}: params must be an object or an array`);
    if (options.flowId?.includes('\0') === true) throw new TypeError(`${method}: option flowId must not contain a NUL`);
    return this.#calls.start(method, params ?? {}, options) as Promise<Result>;
  }

  /**
   * Events whose four parts, `receiver|component|operation|unique_id`, match those of the pattern, of which `*` is any. Ends
   * with the client. What happens while there is no connection is lost, and a gap says so.
   */
  events<Data = unknown>(pattern: string, options: OvirtEventsOptions = {}): OvirtEventStream<Data> {
    checkOptions(options, eventsRules, 'events');
    const kept = this.#kept;
    const source = {
      state: kept.state,
      onState: kept.onState.bind(kept),
      listen: (on: Parameters<HostEvents['listen']>[0]) => this.#events.listen(on, kept.connected),
    };
    return new OvirtEventStream<Data>(source, this.host, pattern, {
      ...options,
      buffer: options.buffer ?? this.#options.limits?.eventBuffer,
    });
  }

  /** What has become of the connection. */
  get state(): ClientState {
    return clientState(this.#kept.state, this.#kept.wasUp);
  }

  /** Calls back on each change of state; returns what stops that. `info` tells of attempts and when the next one is. */
  onState(listener: (state: ClientState, info: RetryInfo) => void): () => void {
    const kept = this.#kept;
    return kept.onState((state) => listener(clientState(state, kept.wasUp), kept.retry));
  }

  /** Resolves at once while there is a connection, else with the next one; rejects once the client is closed for good. */
  connected(): Promise<void> {
    return this.#kept.connected;
  }

  /** Drops the connection as if the network had; it comes back. For trying out what happens then. */
  cut(): void {
    this.#kept.cut();
  }

  /** Tries to connect at once instead of waiting for the next attempt's time. */
  retryNow(): void {
    this.#kept.retryNow();
  }

  /** Ends: calls that wait reject, iterations end, the connection is closed. */
  close(): Promise<void> {
    return this.#kept.close();
  }

  /** As {@link close}: `await using client = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** No host in CONNECT: it is not looked at, and where it had a colon vdsm would close the connection. */
  #open(stream: ByteStream): Promise<StompConnection> {
    const { heartBeat, heartBeatGrace, leastGrace, limits, clock, onError } = this.#options;
    const events = {
      onMessage: (subscription: string, { body }: Frame) => {
        if (!this.#events.take(subscription, body)) this.#calls.take(body);
      },
      ...(onError && { onRefused: onError }),
    };
    return connectStomp(stream, events, {
      host: undefined,
      // vdsm compares the whole header with this one.
      versions: ['1.2'],
      errorEnds: 'frame',
      beatShare: BEAT_SHARE,
      ...(heartBeat && { heartBeat }),
      ...(heartBeatGrace !== undefined && { heartBeatGrace }),
      ...(leastGrace !== undefined && { leastGrace }),
      ...(limits && { limits }),
      ...(clock && { clock }),
    });
  }

  /** An id that has been used on a connection is refused there, and nothing tells when it is free again. */
  #restore(connection: StompConnection): void {
    void connection.frame('SUBSCRIBE', { destination: this.#replyTo, ack: 'auto', id: randomUUID() });
    this.#events.restore(connection);
  }

  #send(body: string, flowId: string): void {
    const { pairs } = this.#headers;
    const headers = flowId === '' ? this.#headers : new HeaderList([...pairs, 'ovirtCorrelationId', flowId]);
    // How many may wait is bounded by how many may be on their way.
    void this.#kept.current!.send(this.#requests, headers, body, undefined);
  }
}
