// Events as something to iterate: bounded, and honest about what was lost.

import type { Broker, Delivery } from '../broker/broker.js';
import { onAbort } from '../abort.js';
import { gapMethod, jsonOf } from '../jsonrpc/message.js';
import { Iteration } from './iteration.js';

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

const gapItem = { name: gapMethod, data: undefined, cursor: undefined };

export interface EventsOptions {
  /** Go on behind this cursor, with what the server still has. */
  after?: string;
  signal?: AbortSignal | undefined;
  /** Events that may wait to be iterated; more drops the oldest, and says so by a gap. Default limits.eventBuffer, 1000. */
  buffer?: number | undefined;
}

export class EventStream<Data = unknown> extends Iteration<EventItem<Data>> {
  readonly #limit: number;
  #items: EventItem<Data>[] = [];
  /** How many have been dropped; NaN if that is not known. */
  #dropped = 0;
  #stopListening = (): void => {};

  constructor(broker: Broker, pattern: string, { after, signal, buffer = 1000 }: EventsOptions = {}) {
    super();
    const end = (reason: unknown): void => this.end(reason);
    this.#limit = buffer;
    const on = (delivery: Delivery): void => this.#receive(delivery);
    this.follow(broker, broker.subscribe('/topic/' + pattern, on, { after, onEnd: end }));
    const stopAborting = onAbort(signal, end);
    const stopWatching = this.#watch(broker);
    this.#stopListening = () => {
      stopAborting();
      stopWatching();
    };
  }

  /** What came while there was no connection is lost, and not even counted, where the broker keeps no events. */
  #watch(broker: Broker): () => void {
    let wasUp = broker.state === 'up';
    return broker.onState((state) => {
      if (state !== 'up') return;
      if (wasUp && !broker.can.has('resume')) this.#add({ ...gapItem, gap: {} });
      wasUp = true;
    });
  }

  protected take(): EventItem<Data> | undefined {
    return this.#gap() ?? this.#items.shift();
  }

  protected clear(): void {
    this.#items = [];
    this.#dropped = 0;
  }

  protected override end(failure: unknown): void {
    this.#stopListening();
    super.end(failure);
  }

  #receive(delivery: Delivery): void {
    const message = jsonOf(delivery) as { method?: unknown; params?: unknown } | null | undefined;
    if (message === undefined) return; // Somebody sent to the topic what is no event.
    const { method, params } = message ?? {};
    this.#add({
      name: typeof method === 'string' ? method : delivery.destination.replace(/^\/topic\//, ''),
      data: params,
      cursor: delivery.cursor,
      gap: method === gapMethod ? ((params ?? {}) as { missed?: number }) : undefined,
    });
  }

  #add(item: EventItem<unknown>): void {
    this.#items.push(item as EventItem<Data>);
    this.serve();
    if (this.#items.length <= this.#limit) return;
    const lost = this.#items.shift()!;
    this.#dropped += lost.gap === undefined ? 1 : (lost.gap.missed ?? NaN);
  }

  #gap(): EventItem<Data> | undefined {
    const missed = this.#dropped;
    if (missed === 0) return undefined;
    this.#dropped = 0;
    return { ...gapItem, gap: missed > 0 ? { missed } : {} } as EventItem<Data>;
  }
}
