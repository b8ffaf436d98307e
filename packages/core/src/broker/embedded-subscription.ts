// One subscription of one link to the embedded broker.

import type { Delivery, OnDelivery, Subscription } from './broker.js';

export class EmbeddedSubscription implements Subscription {
  readonly ready = Promise.resolve();
  cursor: string | undefined;
  private isOpen = true;

  constructor(
    readonly destination: string,
    /** Where deliveries go: to whoever subscribed, or to a queue that keeps them until they are acknowledged. */
    private readonly on: OnDelivery,
    private readonly onClose: () => void,
  ) {}

  deliver(delivery: Delivery): Promise<void> | void {
    if (!this.isOpen) return;
    this.cursor = delivery.cursor ?? this.cursor;
    return this.on(delivery);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onClose();
  }
}
