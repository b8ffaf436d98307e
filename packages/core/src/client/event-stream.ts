// Events as something to iterate: bounded, and honest about what was lost.

import type { Broker, Delivery, Subscription } from '../broker/broker.js';
import { ConnectionError } from '../errors.js';
import { gapMethod, parseJson } from '../jsonrpc/message.js';
import { bodyText } from '../text.js';

/** An event, or word that some were lost before the next one. */
export interface EventItem<Data = unknown> {
  /** The name it was emitted by; of a gap, `$/gap`. */
  readonly name: string;
  readonly data: Data;
  /** `epoch:offset`; hand it back as `after` to go on behind it. */
  readonly cursor: string | undefined;
  /** Set if this is a gap: events are gone. `missed` counts them if that is known. */
  readonly gap: { readonly missed?: number } | undefined;
}

export interface EventsOptions {
  /** Go on behind this cursor, with what the server still has. */
  after?: string;
  signal?: AbortSignal | undefined;
  /** Events that may wait to be iterated; more drops the oldest, and says so by a gap. Default limits.eventBuffer, 1000. */
  buffer?: number;
}

export class EventStream<Data = unknown> implements AsyncIterableIterator<EventItem<Data>> {
  private readonly subscription: Subscription;
  private items: EventItem<Data>[] = [];
  private dropped = 0;
  private readonly waiting: {
    resolve: (result: IteratorResult<EventItem<Data>>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  private ended: { error: unknown } | undefined;
  private readonly limit: number;
  private readonly stopWatching: () => void;
  private stopListening: (() => void) | undefined;

  constructor(broker: Broker, pattern: string, options: EventsOptions = {}) {
    this.limit = options.buffer ?? 1000;
    this.subscription = broker.subscribe('/topic/' + pattern, (delivery) => this.take(delivery), {
      after: options.after,
      onEnd: (error) => this.end(error),
    });
    this.stopWatching = broker.onState((state, reason) => state === 'closed' && this.end(reason));
    this.listen(options.signal);
    if (broker.state === 'closed') this.end(new ConnectionError('ERR_CLOSED', 'the connection has been closed'));
  }

  /** Resolves once the server has taken the subscription: what is emitted from now on will come. */
  get ready(): Promise<void> {
    return this.subscription.ready;
  }

  next(): Promise<IteratorResult<EventItem<Data>>> {
    const value = this.gap() ?? this.items.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.ended !== undefined) return this.finish();
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  /** Stops; also what `break` does. */
  return(): Promise<IteratorResult<EventItem<Data>>> {
    this.items = [];
    this.end(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) return this.end(signal.reason);
    const abort = (): void => this.end(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.stopListening = () => signal.removeEventListener('abort', abort);
  }

  private take(delivery: Delivery): void {
    let message: { method?: unknown; params?: unknown };
    try {
      message = (parseJson(bodyText(delivery.body)) ?? {}) as typeof message;
    } catch {
      return; // Somebody sent to the topic what is no event.
    }
    const isGap = message.method === gapMethod;
    const name = typeof message.method === 'string' ? message.method : delivery.destination.replace(/^\/topic\//, '');
    const gap = isGap ? ((message.params ?? {}) as { missed?: number }) : undefined;
    this.push({ name, data: message.params as Data, cursor: delivery.cursor, gap });
  }

  private push(item: EventItem<Data>): void {
    const waiting = this.waiting.shift();
    if (waiting !== undefined) return waiting.resolve({ value: item, done: false });
    this.items.push(item);
    if (this.items.length <= this.limit) return;
    const lost = this.items.shift()!;
    // A gap that tells no number makes the sum unknown.
    this.dropped += lost.gap === undefined ? 1 : (lost.gap.missed ?? NaN);
  }

  private gap(): EventItem<Data> | undefined {
    if (this.dropped === 0) return undefined;
    const missed = this.dropped;
    this.dropped = 0;
    return { name: gapMethod, data: undefined as Data, cursor: undefined, gap: Number.isNaN(missed) ? {} : { missed } };
  }

  private end(error: unknown): void {
    if (this.ended !== undefined) return;
    this.ended = { error };
    this.stopWatching();
    this.stopListening?.();
    this.subscription.close();
    for (const { resolve, reject } of this.waiting.splice(0)) this.finish().then(resolve, reject);
  }

  /** Ends the iteration, by a throw if it did not end well; once. */
  private finish(): Promise<IteratorResult<EventItem<Data>>> {
    const error = this.ended?.error;
    this.ended = { error: undefined };
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error as Error);
  }
}
