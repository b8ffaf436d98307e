// A message in a queue: what it costs, when it expires, how often it has been tried, and the hand it is in.

import type { Clock } from '../clock.js';
import type { HeaderList } from '../header-list.js';
import { type Delivery, detachDelivery, keptBytes } from './broker.js';
import type { Quota } from './quota.js';

export interface QueueItem {
  readonly delivery: Delivery;
  readonly bytes: number;
  /** Whose bytes these are. */
  readonly quota: Quota;
  /** By the clock; Infinity: never. */
  readonly expires: number;
  /** Its place among all that came to this queue. */
  readonly order: number;
  /** How often it has been delivered. */
  attempts: number;
  /** How often it came back by NACK. */
  refusals: number;
}

/** Makes an item; throws LimitError if its sender has no room left. */
export function queueItem(delivery: Delivery, quota: Quota, order: number, expires: number): QueueItem {
  const bytes = keptBytes(delivery);
  quota.take(bytes);
  return {
    delivery: detachDelivery(delivery),
    bytes,
    quota,
    expires,
    order,
    attempts: (delivery.attempt ?? 1) - 1,
    refusals: 0,
  };
}

/**
 * When a message expires, by the clock: `expiration` milliseconds after it came, as RabbitMQ has it, or at `expires`,
 * milliseconds since 1970, as ActiveMQ has it. 0 and what is no number mean never.
 */
export function expiryOf(headers: HeaderList, clock: Clock, wallClock: () => number): number {
  const time = Number(headers.get('expiration'));
  const after = time > 0 ? clock.now() + time : Infinity;
  const moment = Number(headers.get('expires'));
  const at = moment > 0 ? clock.now() + moment - wallClock() : Infinity;
  return Math.min(after, at);
}
