// The broker inside the process: topics fan out, queues share out, replies go back to the connection that asked.
// Every connection has a link of its own, which is a Broker and knows what is this connection's alone.

import { type Clock, systemClock } from '../clock.js';
import { LimitError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import { randomName } from '../random.js';
import { detachText } from '../text.js';
import { type Delivery, detachDelivery } from './broker.js';
import { topicTokens } from './destination.js';
import { EmbeddedLink, type LinkHost, type LinkOptions } from './embedded-link.js';
import type { EmbeddedSubscription } from './embedded-subscription.js';
import { HandOut } from './hand-out.js';
import { History } from './history.js';
import type { QueueItem } from './queue-item.js';
import type { Quota } from './quota.js';
import { Quotas } from './quotas.js';
import type { ReplyAddress, ReplyOwner } from './reply-names.js';
import { TopicTree } from './topics.js';
import { deadLettersOf, queueCost, WorkQueue } from './work-queue.js';

/** The limits the embedded broker keeps. */
export type BrokerLimits = Pick<
  Limits,
  | 'subscriptions'
  | 'prefetch'
  | 'deliveries'
  | 'redeliveryDelay'
  | 'longestRedeliveryDelay'
  | 'deadLetterTime'
  | 'transactionBytes'
  | 'destinations'
  | 'queueMessages'
  | 'queueBytes'
  | 'clientQueuedBytes'
  | 'addressQueuedBytes'
  | 'queuedBytes'
  | 'historyEvents'
  | 'historyBytes'
  | 'historyTime'
>;

/** Options of a broker inside this process. */
export interface EmbeddedBrokerOptions {
  /** What it may keep; see `defaultLimits`. */
  limits?: Partial<BrokerLimits>;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
  /** Milliseconds since 1970, for the header `expires`. Default Date.now. */
  wallClock?: () => number;
  /** Makes unguessable names; for tests. */
  newName?: () => string;
  /** Asked before a message waits in a queue that nobody listens to; true: it has been dealt with. */
  undeliverable?: (delivery: Delivery) => boolean;
  /** Told of a message that was refused too often, when there is no room for it among the dead letters. */
  onLost?: (delivery: Delivery, why: Error) => void;
}

/** A broker inside this process; {@link EmbeddedBroker.link} gives each connection its own view of it. */
export class EmbeddedBroker implements LinkHost {
  readonly limits: BrokerLimits;
  readonly topics = new TopicTree<EmbeddedSubscription>();
  readonly history: History;
  readonly handOut = new HandOut();
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly newName: () => string;
  /** What may be kept for whom. */
  readonly quotas: Quotas;
  private readonly queues = new Map<string, WorkQueue>();
  private readonly replyAddresses = new Map<string, ReplyAddress>();
  private readonly undeliverable: (delivery: Delivery) => boolean;
  private readonly onLost: (delivery: Delivery, why: Error) => void;
  private deliveries = 0;
  private isClosed = false;

  constructor(options: EmbeddedBrokerOptions = {}) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.clock = options.clock ?? systemClock;
    this.wallClock = options.wallClock ?? Date.now;
    this.newName = options.newName ?? randomName;
    this.undeliverable = options.undeliverable ?? (() => false);
    this.onLost = options.onLost ?? (() => {});
    this.quotas = new Quotas(this.limits);
    this.history = new History(this.newName().slice(0, 8), this.limits, this.clock);
  }

  /** Bytes that wait in queues, transactions and hands, and of calls being worked on. */
  get queuedBytes(): number {
    return this.quotas.all.used;
  }

  /** A connection's own view of the broker. */
  link(options: LinkOptions = {}): EmbeddedLink {
    const { quota, address } = options;
    const share = quota === undefined ? this.quotas.open(address) : { quota, close: () => {} };
    return new EmbeddedLink(this, share, options);
  }

  /** Forgets all that waits, and waits for nothing itself. To be called when all links have been closed. */
  close(): void {
    this.isClosed = true;
    for (const queue of this.queues.values()) queue.clear();
    this.queues.clear();
  }

  nextId(): string {
    return String(++this.deliveries);
  }

  /** Sends to all who watch a topic. Returns what a sender is to wait for, while some of them have no room. */
  publish(delivery: Delivery, name: string): Promise<void> | undefined {
    const tokens = topicTokens(name, 'refused');
    const kept = detachDelivery({ ...delivery, cursor: this.history.nextCursor });
    this.history.add(kept, tokens);
    let slow: Promise<void>[] | undefined;
    this.topics.visit(tokens, (subscription) => {
      const wait = subscription.publish(kept, this.clock);
      if (wait !== undefined) (slow ??= []).push(wait);
    });
    return slow && Promise.all(slow).then(() => {});
  }

  /**
   * Delivers to a queue that somebody listens to, or to a reply address; false: it is neither. True, or a promise that a
   * sender is to wait for: it has been sent.
   */
  deliver(delivery: Delivery, quota: Quota): boolean | Promise<void> {
    const address = this.replyAddresses.get(delivery.destination);
    if (address !== undefined) return address.owner.deliverReply(address.local, delivery) ?? true;
    const queue = this.queues.get(delivery.destination);
    if (queue === undefined || !queue.hasConsumers) return false;
    return queue.offer(delivery, quota) ?? true;
  }

  /** Keeps a message for a queue that nobody listens to. */
  enqueue(delivery: Delivery, quota: Quota): void {
    if (this.isClosed || this.undeliverable(delivery)) return;
    if (!this.hasQueue(delivery.destination)) this.checkQueues(quota, [delivery.destination]);
    const queue = this.queue(delivery.destination);
    try {
      void queue.offer(delivery, quota);
    } finally {
      queue.tellIfUnused();
    }
  }

  /** One client must not use up the names that all share: neither by what it sends, nor by what becomes of it. */
  checkQueues(quota: Quota, made: readonly string[]): void {
    // What is there already may be more than that: it can come back from whoever left without acknowledging it.
    if (made.length === 0) return;
    const most = this.limits.destinations;
    if (quota.queues + made.length > most) {
      const text = `this connection has reached limits.destinations, which is ${most}`;
      throw new LimitError('ERR_DESTINATIONS', text, 'destinations');
    }
    // However often somebody comes again, what all of them leave behind is bounded by that.
    quota.check(made.reduce((sum, name) => sum + queueCost(name), 0));
  }

  queue(destination: string): WorkQueue {
    let queue = this.queues.get(destination);
    if (queue === undefined) {
      queue = new WorkQueue(detachText(destination), this);
      this.queues.set(queue.name, queue);
    }
    return queue;
  }

  hasQueue(destination: string): boolean {
    return this.queues.has(destination);
  }

  /** A queue is forgotten as soon as there is neither message nor consumer. */
  idle(queue: WorkQueue): void {
    if (this.queues.get(queue.name) === queue) this.queues.delete(queue.name);
  }

  /** Moves a message that was refused too often to the dead letters; they are its sender's. */
  bury({ delivery, quota, attempts }: QueueItem): void {
    const own = new Set(['original-destination', 'expiration', 'expires']);
    const kept = [...delivery.headers].filter(([name]) => !own.has(name)).flat();
    const headers = new HeaderList(['original-destination', delivery.destination, ...kept]);
    const destination = deadLettersOf(delivery.destination);
    const { body, replyTo, origin } = delivery;
    try {
      // The count of deliveries goes on, and tells how often it was tried.
      this.enqueue({ destination, headers, body, replyTo, origin, id: this.nextId(), attempt: attempts + 1 }, quota);
    } catch (error) {
      this.onLost(delivery, error as Error);
    }
  }

  openReplyAddress(address: ReplyAddress): string {
    const name = '/reply-queue/' + this.newName();
    this.replyAddresses.set(name, address);
    return name;
  }

  closeReplyAddress(name: string): void {
    this.replyAddresses.delete(name);
  }

  ownsReplyAddress(name: string, owner: ReplyOwner): boolean {
    return this.replyAddresses.get(name)?.owner === owner;
  }
}
