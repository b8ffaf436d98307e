// The reply-to destinations of one connection, and the addresses that others see instead. Only a destination that this
// very connection listens to, alone, can be one, so that nobody can point an answer at somebody else; and the address is
// bound to the connection, not to a name that somebody else could subscribe later.

import { LimitError, ProtocolError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { Room } from '../room.js';
import { detachText } from '../text.js';
import type { Delivery } from './broker.js';
import { parseDestination } from './destination.js';
import type { EmbeddedSubscription } from './embedded-subscription.js';

/** Whoever takes what comes to a reply address: a connection. */
export interface ReplyOwner {
  /** Returns what the sender is to wait for, while there is no room. */
  deliverReply(local: string, delivery: Delivery): Promise<void> | undefined;
}

export interface ReplyAddress {
  owner: ReplyOwner;
  /** The destination as its owner calls it. */
  local: string;
}

/** What the names of a connection need of the broker it is linked with. */
export interface ReplyHost {
  readonly limits: Pick<Limits, 'destinations'>;
  /** Makes an address that others can send to; returns it. */
  openReplyAddress(address: ReplyAddress): string;
  closeReplyAddress(name: string): void;
  ownsReplyAddress(name: string, owner: ReplyOwner): boolean;
}

/** What a reply address costs beyond the name that its owner has for it, bytes; an estimate. */
const OVERHEAD = 384;

export class ReplyNames {
  /** By destination, the subscriptions that replies may go to: the last one gets them. */
  private readonly subscriptions = new Map<string, EmbeddedSubscription[]>();
  /** Local destination to the address that others see. */
  private readonly addresses = new Map<string, string>();

  constructor(
    private readonly broker: ReplyHost,
    private readonly owner: ReplyOwner,
    private readonly quota: Room,
    /** Whether a subscription is the only one of its queue. */
    private readonly isAlone: (destination: string, subscription: EmbeddedSubscription) => boolean,
  ) {}

  subscribe(local: string, subscription: EmbeddedSubscription): void {
    const others = this.subscriptions.get(local);
    if (others === undefined) this.subscriptions.set(local, [subscription]);
    else others.push(subscription);
  }

  unsubscribe(local: string, subscription: EmbeddedSubscription): void {
    const all = this.subscriptions.get(local) ?? [];
    const at = all.lastIndexOf(subscription);
    if (at !== -1) all.splice(at, 1);
    if (all.length === 0) this.forget(local);
  }

  subscriber(local: string): EmbeddedSubscription | undefined {
    return this.subscriptions.get(local)?.at(-1);
  }

  /** What others will see as `reply-to`; throws if it cannot be one. */
  addressFor(local: string): string {
    const known = this.addresses.get(local);
    if (known !== undefined) return known;
    if (local.startsWith('/reply-queue/') && this.broker.ownsReplyAddress(local, this.owner)) return local;
    this.check(local);
    if (this.addresses.size >= this.broker.limits.destinations) this.dropOldest();
    const own = detachText(local);
    this.quota.take(costOf(own), 'this reply-to');
    const address = this.broker.openReplyAddress({ owner: this.owner, local: own });
    this.addresses.set(own, address);
    return address;
  }

  close(): void {
    for (const [local, address] of this.addresses) {
      this.broker.closeReplyAddress(address);
      this.quota.release(costOf(local));
    }
    this.addresses.clear();
  }

  /** Some clients name a new temporary queue for each request and subscribe none of them. */
  private dropOldest(): void {
    for (const local of this.addresses.keys()) if (!this.subscriptions.has(local)) return this.forget(local);
    const most = this.broker.limits.destinations;
    const text = `this connection has reached limits.destinations, which is ${most}`;
    throw new LimitError('ERR_DESTINATIONS', text, 'destinations');
  }

  private forget(local: string): void {
    this.subscriptions.delete(local);
    const address = this.addresses.get(local);
    if (address === undefined) return;
    this.addresses.delete(local);
    this.broker.closeReplyAddress(address);
    this.quota.release(costOf(local));
  }

  private check(local: string): void {
    const { kind } = parseDestination(local);
    if (kind === 'temp-queue') return;
    const subscription = this.subscriber(local);
    if (subscription !== undefined && (kind === 'topic' || this.isAlone(local, subscription))) return;
    throw new ProtocolError(
      'ERR_REPLY_TO',
      'reply-to must be a /temp-queue/, or a destination that this connection alone has subscribed',
    );
  }
}

function costOf(local: string): number {
  return OVERHEAD + local.length;
}
