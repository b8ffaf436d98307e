// Events as something to iterate: bounded, and honest about what was lost.

import type { Broker, Delivery, Subscription } from '../broker/broker.js';
import { onAbort } from '../abort.js';
import { Deferred } from '../deferred.js';
import { closedError } from '../errors.js';
import { gapMethod, jsonOf } from '../jsonrpc/message.js';

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
  buffer?: number | undefined;
}

export class EventStream<Data = unknown> implements AsyncIterableIterator<EventItem<Data>> {
  readonly #subscription: Subscription;
  readonly #limit: number;
  #items: EventItem<Data>[] = [];
  /** How many have been dropped; NaN if that is not known. */
  #dropped = 0;
  readonly #readers: Deferred<IteratorResult<EventItem<Data>>>[] = [];
  #over = false;
  /** Why it ended; told once. */
  #failure: unknown;
  readonly #stopWatching: () => void;
  #stopListening = (): void => {};

  constructor(broker: Broker, pattern: string, { after, signal, buffer = 1000 }: EventsOptions = {}) {
    const end = (reason: unknown): void => this.#end(reason);
    this.#limit = buffer;
    const on = (delivery: Delivery): void => this.#take(delivery);
    this.#subscription = broker.subscribe('/topic/' + pattern, on, { after, onEnd: end });
    this.#stopWatching = broker.onState((state, reason) => state === 'closed' && end(reason));
    this.#stopListening = onAbort(signal, end);
    if (broker.state === 'closed') end(closedError());
  }

  /** Resolves once the server has taken the subscription: what is emitted from now on will come. */
  get ready(): Promise<void> {
    return this.#subscription.ready;
  }

  next(): Promise<IteratorResult<EventItem<Data>>> {
    const reader = new Deferred<IteratorResult<EventItem<Data>>>();
    this.#readers.push(reader);
    this.#serve();
    return reader.promise;
  }

  /** Stops; also what `break` does. */
  return(): Promise<IteratorResult<EventItem<Data>>> {
    this.#items = [];
    this.#dropped = 0;
    this.#end(undefined);
    this.#failure = undefined;
    return this.next();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(delivery: Delivery): void {
    const message = jsonOf(delivery) as { method?: unknown; params?: unknown } | null | undefined;
    if (message === undefined) return; // Somebody sent to the topic what is no event.
    const { method, params } = message ?? {};
    this.#items.push({
      name: typeof method === 'string' ? method : delivery.destination.replace(/^\/topic\//, ''),
      data: params as Data,
      cursor: delivery.cursor,
      gap: method === gapMethod ? ((params ?? {}) as { missed?: number }) : undefined,
    });
    this.#serve();
    if (this.#items.length <= this.#limit) return;
    const lost = this.#items.shift()!;
    this.#dropped += lost.gap === undefined ? 1 : (lost.gap.missed ?? NaN);
  }

  /** Hands over what there is to whoever waits, in the order they asked. */
  #serve(): void {
    for (let reader; (reader = this.#readers[0]) !== undefined; this.#readers.shift()) {
      const value = this.#gap() ?? this.#items.shift();
      if (value !== undefined) reader.resolve({ value, done: false });
      else if (!this.#over) return;
      else this.#finish(reader);
    }
  }

  /** Ends the iteration, by a throw if it did not end well. */
  #finish(reader: Deferred<IteratorResult<EventItem<Data>>>): void {
    if (this.#failure === undefined) return reader.resolve({ value: undefined, done: true });
    reader.reject(this.#failure);
    this.#failure = undefined;
  }

  #gap(): EventItem<Data> | undefined {
    const missed = this.#dropped;
    if (missed === 0) return undefined;
    this.#dropped = 0;
    return { name: gapMethod, data: undefined as Data, cursor: undefined, gap: missed > 0 ? { missed } : {} };
  }

  #end(failure: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    this.#stopWatching();
    this.#stopListening();
    this.#subscription.close();
    this.#serve();
  }
}
