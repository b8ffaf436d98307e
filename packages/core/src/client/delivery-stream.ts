// A subscription as something to iterate.

import { type Broker, type Delivery, detachDelivery, type OnDelivery, type Subscription } from '../broker/broker.js';
import { detachText } from '../text.js';
import { defaultLimits, limitError } from '../limits.js';
import { Iteration } from './iteration.js';
import type { StompSubscribeOptions } from './stomp-subscription.js';

/** What it subscribes at. */
interface Source extends Broker {
  subscribe(destination: string, on: OnDelivery, options?: StompSubscribeOptions): Subscription;
}

/**
 * Deliveries in the order they come. Those that wait to be iterated are bounded: with an `ack` mode by its `prefetch`, with
 * `auto` by limits.eventBuffer; when that is crossed the subscription ends, and the iteration throws ERR_EVENT_BUFFER behind
 * the last one that came. What waits when it is closed comes again, here or elsewhere, if it was to be acknowledged.
 */
export class DeliveryStream<Item extends Delivery = Delivery> extends Iteration<Item> {
  readonly #waiting: Item[] = [];

  constructor(
    broker: Source,
    destination: string,
    options: StompSubscribeOptions = {},
    most = defaultLimits.eventBuffer,
  ) {
    super();
    const { ack = 'auto' } = options;
    const on = (delivery: Delivery): void => {
      this.#waiting.push(delivery as Item);
      this.serve();
      const last = this.#waiting.length - 1;
      if (ack !== 'auto' || last < 0) return;
      // Whoever waits might wait for long, and its chunk with it.
      this.#waiting[last] = detached(delivery as Item);
      if (last < most) return;
      this.end(limitError('eventBuffer', most, `messages wait to be iterated; ask for ack: 'client-individual'`));
    };
    const onEnd = (reason: Error): void => {
      this.end(reason);
      options.onEnd?.(reason);
    };
    this.follow(broker, broker.subscribe(destination, on, { ...options, onEnd }));
  }

  protected take(): Item | undefined {
    return this.#waiting.shift();
  }

  protected clear(): void {
    this.#waiting.length = 0;
  }
}

/** What was cut from the head of its frame is all of that, as long as it is not copied. */
function detached<Item extends Delivery>(delivery: Item): Item {
  const { id, cursor, replyTo } = delivery;
  const names = { id: detachText(id), cursor: cursor && detachText(cursor), replyTo: replyTo && detachText(replyTo) };
  return { ...delivery, ...detachDelivery(delivery), ...names };
}
