// One subscription of one link to the embedded broker.

import type { Clock } from '../clock.js';
import type { Delivery, OnDelivery, Subscription } from './broker.js';
import { Patience } from './patience.js';

/** How long whoever sends to a topic waits for a subscriber that has no room, milliseconds. */
const PATIENCE = 250;

export class EmbeddedSubscription implements Subscription {
  readonly ready = Promise.resolve();
  cursor: string | undefined;
  private isOpen = true;
  private patience: Patience | undefined;

  constructor(
    readonly destination: string,
    /** Where deliveries go: to whoever subscribed, or to a queue that keeps them until they are acknowledged. */
    private readonly on: OnDelivery,
    private readonly onClose: () => void,
  ) {}

  deliver(delivery: Delivery): unknown {
    if (!this.isOpen) return;
    this.cursor = delivery.cursor ?? this.cursor;
    return this.on(delivery);
  }

  /** Delivers; what it returns is for the sender to wait for. */
  publish(delivery: Delivery, clock: Clock): Promise<void> | undefined {
    const full = this.deliver(delivery);
    if (!(full instanceof Promise)) return undefined;
    return (this.patience ??= new Patience(clock, PATIENCE)).wait(full);
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onClose();
  }
}
