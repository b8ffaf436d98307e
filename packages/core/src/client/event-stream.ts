// Events as something to iterate: bounded, and honest about what was lost.

import type { Broker, Delivery } from '../broker/broker.js';
import { gapMethod, jsonOf } from '../jsonrpc/message.js';
import { BoundedIteration, type Gap } from './bounded-iteration.js';

/** An event, or word that some were lost before the next one. */
export interface EventItem<Data = unknown> {
  /** The name it was emitted by; of a gap, `$/gap`. */
  readonly name: string;
  /** What it was emitted with, as JSON has it; of a gap, undefined. */
  readonly data: Data;
  /** `epoch:offset`; hand it back as `after` to go on behind it. */
  readonly cursor: string | undefined;
  /** Set if this is a gap: events are gone. `missed` counts them if that is known. */
  readonly gap: Gap | undefined;
}

/** How events are watched. */
export interface EventsOptions {
  /** Go on behind this cursor, with what the server still has. */
  after?: string;
  /** Ends the iteration, which throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Events that may wait to be iterated; more drops the oldest, and says so by a gap. Default limits.eventBuffer, 1000. */
  buffer?: number | undefined;
}

/**
 * Events to iterate, in order: `for await (const { name, data, gap } of client.events('vm.*')) …`. Leaving the loop ends it.
 */
export class EventStream<Data = unknown> extends BoundedIteration<EventItem<Data>> {
  constructor(broker: Broker, pattern: string, { after, signal, buffer = 1000 }: EventsOptions = {}) {
    super(buffer);
    const on = (delivery: Delivery): void => this.#receive(delivery);
    this.follow(broker, broker.subscribe('/topic/' + pattern, on, { after, onEnd: (reason) => this.end(reason) }));
    this.heed(broker, signal, () => broker.can.has('resume'));
  }

  protected gapItem(gap: Gap): EventItem<Data> {
    return { name: gapMethod, data: undefined as Data, cursor: undefined, gap };
  }

  #receive(delivery: Delivery): void {
    const message = jsonOf(delivery) as { method?: unknown; params?: unknown } | null | undefined;
    if (message === undefined) return; // Somebody sent to the topic what is no event.
    const { method, params } = message ?? {};
    const isGap = method === gapMethod;
    this.add({
      name: typeof method === 'string' ? method : delivery.destination.replace(/^\/topic\//, ''),
      data: (isGap ? undefined : params) as Data,
      cursor: delivery.cursor,
      gap: isGap ? ((params ?? {}) as Gap) : undefined,
    });
  }
}
