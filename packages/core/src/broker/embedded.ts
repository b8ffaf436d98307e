// The broker inside the process: topics fan out, queues share out, replies go back to the connection that asked.
// Every connection has a link of its own, which is a Broker and knows what is this connection's alone.

import { type Clock, systemClock } from '../clock.js';
import { ConnectionError, LimitError, ProtocolError } from '../errors.js';
import { defaultLimits, type Limits } from '../limits.js';
import { jsonHeaders } from '../json-headers.js';
import { randomName } from '../random.js';
import { detachText } from '../text.js';
import {
  type Broker,
  type BrokerState,
  type Capability,
  type Delivery,
  detachDelivery,
  type Inbox,
  keptBytes,
  type Message,
  type StateListener,
  type SubscribeOptions,
  type Subscription,
} from './broker.js';
import { matchesTopic, parseDestination, topicTokens } from './destination.js';
import { History } from './history.js';
import { TopicTree } from './topics.js';
import { type Queued, WorkQueue } from './work-queue.js';

/** The limits the embedded broker keeps. */
export type BrokerLimits = Pick<
  Limits,
  | 'subscriptions'
  | 'destinations'
  | 'queueMessages'
  | 'queueBytes'
  | 'queuedBytes'
  | 'historyEvents'
  | 'historyBytes'
  | 'historyTime'
>;

export interface EmbeddedBrokerOptions {
  limits?: Partial<BrokerLimits>;
  clock?: Clock;
  /** Makes unguessable names; for tests. */
  newName?: () => string;
  /** Asked before a message waits in a queue that nobody listens to; true: it has been dealt with. */
  undeliverable?: (delivery: Delivery) => boolean;
}

export interface LinkOptions {
  /** Becomes `delivery.origin` of all that this link sends. */
  origin?: unknown;
  /** Takes replies to a temporary queue that was named in a reply-to and never subscribed. */
  unsubscribedReply?: (delivery: Delivery) => void;
}

interface ReplyAddress {
  link: EmbeddedLink;
  /** The destination as its owner calls it. */
  local: string;
}

export class EmbeddedBroker {
  readonly limits: BrokerLimits;
  readonly topics = new TopicTree<EmbeddedSubscription>();
  readonly history: History;
  readonly clock: Clock;
  readonly newName: () => string;
  private readonly queues = new Map<string, WorkQueue>();
  private readonly queued: Queued = { bytes: 0 };
  private readonly replyAddresses = new Map<string, ReplyAddress>();
  private readonly undeliverable: (delivery: Delivery) => boolean;
  private deliveries = 0;

  constructor(options: EmbeddedBrokerOptions = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.newName = options.newName ?? randomName;
    this.undeliverable = options.undeliverable ?? (() => false);
    this.history = new History(this.newName().slice(0, 8), this.limits, this.clock);
  }

  /** A connection's own view of the broker. */
  link(options: LinkOptions = {}): EmbeddedLink {
    return new EmbeddedLink(this, options);
  }

  nextId(): string {
    return String(++this.deliveries);
  }

  publish(delivery: Delivery, name: string): void {
    const tokens = topicTokens(name, 'refused');
    const kept = detachDelivery({ ...delivery, cursor: this.history.nextCursor });
    this.history.add(kept, tokens);
    this.topics.visit(tokens, (subscription) => subscription.deliver(kept));
  }

  /** Delivers to a queue that somebody listens to, or to a reply address; false: it is neither. */
  deliver(delivery: Delivery): boolean {
    const address = this.replyAddresses.get(delivery.destination);
    if (address !== undefined) {
      address.link.deliverReply(address.local, delivery);
      return true;
    }
    const queue = this.queues.get(delivery.destination);
    if (queue === undefined || !queue.hasListeners) return false;
    queue.offer(delivery);
    return true;
  }

  /** Keeps a message for a queue that nobody listens to. */
  enqueue(delivery: Delivery): void {
    if (this.undeliverable(delivery)) return;
    // Before a message is refused for want of room, what has expired in other queues makes some.
    if (this.queued.bytes + keptBytes(delivery) > this.limits.queuedBytes) this.dropUnusedQueues();
    this.queue(delivery.destination).offer(delivery);
  }

  queue(destination: string): WorkQueue {
    let queue = this.queues.get(destination);
    if (queue === undefined) {
      // Now and then, so that the cost of each queue stays constant.
      if (this.queues.size % 1000 === 999) this.dropUnusedQueues();
      queue = new WorkQueue(detachText(destination), this.limits, this.clock, this.queued);
      this.queues.set(detachText(destination), queue);
    }
    return queue;
  }

  hasQueue(destination: string): boolean {
    const queue = this.queues.get(destination);
    return queue !== undefined && !queue.isUnused;
  }

  leaveQueue(destination: string, listener: EmbeddedSubscription): void {
    const queue = this.queues.get(destination);
    queue?.remove(listener);
    if (queue?.isUnused) this.queues.delete(destination);
  }

  openReplyAddress(address: ReplyAddress): string {
    const name = '/reply-queue/' + this.newName();
    this.replyAddresses.set(name, address);
    return name;
  }

  closeReplyAddress(name: string): void {
    this.replyAddresses.delete(name);
  }

  ownsReplyAddress(name: string, link: EmbeddedLink): boolean {
    return this.replyAddresses.get(name)?.link === link;
  }

  private dropUnusedQueues(): void {
    for (const [name, queue] of this.queues) if (queue.isUnused) this.queues.delete(name);
  }
}

/** One subscription of one link. */
class EmbeddedSubscription implements Subscription {
  readonly ready = Promise.resolve();
  cursor: string | undefined;

  constructor(
    readonly destination: string,
    private readonly on: (delivery: Delivery) => void,
    private readonly onClose: () => void,
  ) {}

  deliver(delivery: Delivery): void {
    this.cursor = delivery.cursor ?? this.cursor;
    this.on(delivery);
  }

  close(): void {
    this.onClose();
  }
}

export class EmbeddedLink implements Broker {
  readonly can: ReadonlySet<Capability> = new Set(['resume', 'private-requests']);
  state: BrokerState = 'up';
  private readonly subscriptions = new Set<EmbeddedSubscription>();
  /** This link's own temporary queues and, by destination, its other subscriptions that replies may go to. */
  private readonly replySubscriptions = new Map<string, EmbeddedSubscription>();
  /** Local destination to the address that others see. */
  private readonly replyAddresses = new Map<string, string>();
  private readonly queuesNamed = new Set<string>();
  private readonly listeners = new Set<StateListener>();

  constructor(
    private readonly broker: EmbeddedBroker,
    private readonly options: LinkOptions,
  ) {}

  send(message: Message): undefined {
    if (this.state === 'closed') throw new ConnectionError('ERR_CLOSED', 'this connection has been closed');
    const { destination, headers, body } = message;
    const replyTo = message.replyTo === undefined ? undefined : this.replyAddress(message.replyTo);
    const id = this.broker.nextId();
    const delivery: Delivery = {
      destination,
      headers,
      body,
      replyTo,
      id,
      cursor: undefined,
      origin: this.options.origin,
    };
    // Requests and their answers are most of what is sent; they need no look at the grammar.
    if (this.broker.deliver(delivery)) return undefined;
    const { kind, name } = parseDestination(destination);
    if (kind === 'topic') this.broker.publish(delivery, name);
    else if (kind === 'queue') this.enqueue(delivery);
    else if (kind === 'temp-queue') this.deliverReply(destination, delivery);
    return undefined;
  }

  subscribe(destination: string, on: (delivery: Delivery) => void, options: SubscribeOptions = {}): Subscription {
    if (this.subscriptions.size >= this.broker.limits.subscriptions) throw this.tooMany('subscriptions');
    const own = detachText(destination);
    const { kind, name } = parseDestination(own);
    let leave = (): void => {};
    const subscription = new EmbeddedSubscription(own, on, () => {
      this.subscriptions.delete(subscription);
      if (this.replySubscriptions.get(own) === subscription) this.forgetReplies(own);
      leave();
    });
    if (kind === 'topic') leave = this.subscribeTopic(name, subscription, options.after);
    else if (kind === 'queue') leave = this.subscribeQueue(own, subscription);
    else if (kind === 'reply-queue')
      throw new ProtocolError('ERR_DESTINATION', '/reply-queue/ addresses are for sending; subscribe /temp-queue/…');
    this.subscriptions.add(subscription);
    this.replySubscriptions.set(own, subscription);
    return subscription;
  }

  inbox(on: (delivery: Delivery) => void): Inbox {
    const local = '/temp-queue/inbox-' + this.broker.newName().slice(0, 8);
    const subscription = this.subscribe(local, on);
    return { address: this.replyAddress(local), close: () => subscription.close() };
  }

  /** The address at which others reach one of this link's temporary queues; undefined if it is not subscribed. */
  addressOf(local: string): string | undefined {
    return this.replySubscriptions.has(local) ? this.replyAddress(local) : undefined;
  }

  deliverReply(local: string, delivery: Delivery): void {
    const subscription = this.replySubscriptions.get(local);
    const { headers, body, replyTo, id, cursor, origin } = delivery;
    const localDelivery: Delivery = { destination: local, headers, body, replyTo, id, cursor, origin };
    if (subscription !== undefined) subscription.deliver(localDelivery);
    else if (local.startsWith('/temp-queue/')) this.options.unsubscribedReply?.(localDelivery);
  }

  onState(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    if (this.state === 'closed') return Promise.resolve();
    this.state = 'closed';
    for (const subscription of [...this.subscriptions]) subscription.close();
    for (const address of this.replyAddresses.values()) this.broker.closeReplyAddress(address);
    this.listeners.forEach((listener) => listener('closed'));
    return Promise.resolve();
  }

  private subscribeTopic(name: string, subscription: EmbeddedSubscription, after: string | undefined): () => void {
    const tokens = topicTokens(name, 'allowed');
    const { topics, history } = this.broker;
    subscription.cursor = history.cursor;
    topics.add(tokens, subscription);
    if (after !== undefined) this.resume(subscription, tokens, after);
    return () => topics.remove(tokens, subscription);
  }

  private resume(subscription: EmbeddedSubscription, pattern: readonly string[], after: string): void {
    const latest = this.broker.history.cursor;
    const { events, gap, kept } = this.broker.history.after(after, (topic) => matchesTopic(pattern, topic));
    // Who is lost between the gap and what follows it must get that after all.
    if (gap !== undefined) subscription.deliver(gapDelivery(this.broker.nextId(), subscription.destination, kept, gap));
    for (const event of events) subscription.deliver(event);
    subscription.cursor = latest;
  }

  private subscribeQueue(destination: string, subscription: EmbeddedSubscription): () => void {
    this.broker.queue(destination).add(subscription);
    return () => this.broker.leaveQueue(destination, subscription);
  }

  private enqueue(delivery: Delivery): void {
    // One client must not use up the names that all share.
    if (!this.broker.hasQueue(delivery.destination)) {
      for (const name of this.queuesNamed) if (!this.broker.hasQueue(name)) this.queuesNamed.delete(name);
      if (this.queuesNamed.size >= this.broker.limits.destinations) throw this.tooMany('destinations');
      this.broker.enqueue(delivery);
      if (this.broker.hasQueue(delivery.destination)) this.queuesNamed.add(detachText(delivery.destination));
    } else {
      this.broker.enqueue(delivery);
    }
  }

  /**
   * What others will see as `reply-to`. Only a destination that this very connection listens to, alone, can be one, so
   * that nobody can point an answer at somebody else; and the address is bound to the connection, not to a name that
   * somebody else could subscribe later.
   */
  private replyAddress(local: string): string {
    const known = this.replyAddresses.get(local);
    if (known !== undefined) return known;
    if (local.startsWith('/reply-queue/') && this.broker.ownsReplyAddress(local, this)) return local;
    this.checkReplyDestination(local);
    if (this.replyAddresses.size >= this.broker.limits.destinations) this.dropOldestReplyAddress();
    const own = detachText(local);
    const address = this.broker.openReplyAddress({ link: this, local: own });
    this.replyAddresses.set(own, address);
    return address;
  }

  /** Some clients name a new temporary queue for each request and subscribe none of them. */
  private dropOldestReplyAddress(): void {
    for (const local of this.replyAddresses.keys()) {
      if (!this.replySubscriptions.has(local)) return this.forgetReplies(local);
    }
    throw this.tooMany('destinations');
  }

  private forgetReplies(local: string): void {
    this.replySubscriptions.delete(local);
    const address = this.replyAddresses.get(local);
    if (address === undefined) return;
    this.replyAddresses.delete(local);
    this.broker.closeReplyAddress(address);
  }

  private checkReplyDestination(local: string): void {
    const { kind } = parseDestination(local);
    if (kind === 'temp-queue') return;
    const subscription = this.replySubscriptions.get(local);
    const exclusive =
      kind === 'topic' || (subscription !== undefined && this.broker.queue(local).isExclusiveTo(subscription));
    if (subscription !== undefined && exclusive) return;
    throw new ProtocolError(
      'ERR_REPLY_TO',
      'reply-to must be a /temp-queue/, or a destination that this connection alone has subscribed',
    );
  }

  private tooMany(limit: 'subscriptions' | 'destinations'): LimitError {
    const value = this.broker.limits[limit];
    return new LimitError(
      `ERR_${limit.toUpperCase()}`,
      `this connection has reached limits.${limit}, which is ${value}`,
      limit,
    );
  }
}

/** An event that says that events were lost; a JSON-RPC notification like all of them. */
function gapDelivery(
  id: string,
  destination: string,
  cursor: string,
  gap: { after: string; missed?: number },
): Delivery {
  const body = JSON.stringify({ jsonrpc: '2.0', method: '$/gap', params: gap });
  return { destination, headers: jsonHeaders, body, id, cursor };
}
