// The subscriptions of one connection by the client's ids for them, which it may make long.

import type { Subscription } from '../broker/broker.js';
import type { Room } from '../room.js';

/** What a session keeps of a subscription beside its id, bytes; an estimate. */
const OVERHEAD = 512;

export class ServerSubscriptions {
  private readonly byId = new Map<string, Subscription | undefined>();

  constructor(private readonly quota: Room | undefined) {}

  /** Makes one; throws LimitError if there is no room for it. */
  open(id: string, make: () => Subscription): Subscription {
    this.quota?.take(costOf(id), 'this subscription');
    this.byId.set(id, undefined);
    const subscription = make();
    this.byId.set(id, subscription);
    return subscription;
  }

  close(id: string): void {
    if (!this.byId.has(id)) return;
    this.byId.get(id)?.close();
    this.byId.delete(id);
    this.quota?.release(costOf(id));
  }

  /** The connection has ended, and its broker has closed all of them. */
  clear(): void {
    for (const id of this.byId.keys()) this.quota?.release(costOf(id));
    this.byId.clear();
  }
}

/** It is kept by itself, and in what every MESSAGE begins with. */
function costOf(id: string): number {
  return OVERHEAD + 2 * id.length;
}
