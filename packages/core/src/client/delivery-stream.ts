// A subscription as something to iterate.

import type { Delivery } from '../broker/broker.js';
import { defaultLimits, limitError } from '../limits.js';
import { Iteration } from './iteration.js';
import type { StompBroker } from './stomp-broker.js';
import type { StompSubscribeOptions } from './stomp-subscription.js';

/**
 * Deliveries in the order they come. Those that wait to be iterated are bounded: with an `ack` mode by its `prefetch`, with
 * `auto` by limits.eventBuffer; when that is crossed the subscription ends, and the iteration throws ERR_EVENT_BUFFER behind
 * the last one that came. What waits when it is closed comes again, here or elsewhere, if it was to be acknowledged.
 */
export class DeliveryStream extends Iteration<Delivery> {
  readonly #waiting: Delivery[] = [];

  constructor(
    broker: StompBroker,
    destination: string,
    options: StompSubscribeOptions = {},
    most = defaultLimits.eventBuffer,
  ) {
    super();
    const { ack = 'auto' } = options;
    const on = (delivery: Delivery): void => {
      this.#waiting.push(delivery);
      this.serve();
      if (ack !== 'auto' || this.#waiting.length <= most) return;
      this.end(limitError('eventBuffer', most, `messages wait to be iterated; ask for ack: 'client-individual'`));
    };
    const onEnd = (reason: Error): void => {
      this.end(reason);
      options.onEnd?.(reason);
    };
    this.follow(broker, broker.subscribe(destination, on, { ...options, onEnd }));
  }

  protected take(): Delivery | undefined {
    return this.#waiting.shift();
  }

  protected clear(): void {
    this.#waiting.length = 0;
  }
}
