// One connection's view of the embedded broker: its subscriptions, its temporary queues, what it may still bring into being.

import { ConnectionError, LimitError, ProtocolError } from '../errors.js';
import { jsonHeaders } from '../json-headers.js';
import type { Limits } from '../limits.js';
import { quoted } from '../quotation.js';
import { detachText } from '../text.js';
import type {
  Broker,
  BrokerState,
  Capability,
  Delivery,
  Inbox,
  Message,
  OnDelivery,
  StateListener,
  SubscribeOptions,
  Subscription,
  Transaction,
} from './broker.js';
import { Consumer } from './consumer.js';
import { matchesTopic, parseDestination, topicTokens } from './destination.js';
import { EmbeddedSubscription } from './embedded-subscription.js';
import { EmbeddedTransaction } from './embedded-transaction.js';
import type { History, Missed } from './history.js';
import type { Quota } from './quota.js';
import type { Share } from './quotas.js';
import { type ReplyHost, ReplyNames, type ReplyOwner } from './reply-names.js';
import type { TopicTree } from './topics.js';
import { type QueueHost, WorkQueue } from './work-queue.js';

/** What a subscription costs beyond its destination, with what a queue of its own does, bytes; an estimate. */
const SUBSCRIPTION = 1024;

export interface LinkOptions {
  /** Becomes `delivery.origin` of all that this link sends. */
  origin?: unknown;
  /** Where the client comes from; all of one address together have limits.addressQueuedBytes. */
  address?: string;
  /** Where what is kept for it is counted, instead of a new share of its address. */
  quota?: Quota | undefined;
  /** Takes replies to a temporary queue that was named in a reply-to and never subscribed. */
  unsubscribedReply?: (delivery: Delivery) => void;
  /** Told of whatever comes to a reply address of this link, before it is delivered. */
  replied?: (delivery: Delivery) => void;
}

/** What a connection's link needs of the broker it is linked with. */
export interface LinkHost extends QueueHost, ReplyHost {
  readonly limits: QueueHost['limits'] &
    Pick<Limits, 'subscriptions' | 'prefetch' | 'transactionBytes' | 'destinations'>;
  readonly topics: TopicTree<EmbeddedSubscription>;
  readonly history: History;
  newName(): string;
  nextId(): string;
  /** Sends to all who watch a topic. Returns what a sender is to wait for, while some of them have no room. */
  publish(delivery: Delivery, name: string): Promise<void> | undefined;
  /**
   * Delivers to a queue that somebody listens to, or to a reply address; false: it is neither. True, or a promise that a
   * sender is to wait for: it has been sent.
   */
  deliver(delivery: Delivery, quota: Quota): boolean | Promise<void>;
  /** Keeps a message for a queue that nobody listens to. */
  enqueue(delivery: Delivery, quota: Quota): void;
  /** Throws LimitError if a client's messages may not bring these queues into being. */
  checkQueues(quota: Quota, made: readonly string[]): void;
  queue(destination: string): WorkQueue;
  hasQueue(destination: string): boolean;
}

/** What one connection may and has on the embedded broker, as a Broker. */
export class EmbeddedLink implements Broker, ReplyOwner {
  readonly can: ReadonlySet<Capability> = new Set(['resume', 'private-requests', 'acknowledge', 'transact']);
  state: BrokerState = 'up';
  private readonly subscriptions = new Set<EmbeddedSubscription>();
  /** Those that take messages from a queue. */
  private readonly consumers = new Map<EmbeddedSubscription, Consumer>();
  private readonly replies: ReplyNames;
  /** Open ones. */
  private readonly transactions = new Set<Transaction>();
  private readonly listeners = new Set<StateListener>();
  private readonly quota: Quota;

  constructor(
    private readonly broker: LinkHost,
    private readonly share: Share,
    private readonly options: LinkOptions,
  ) {
    this.quota = share.quota;
    this.replies = new ReplyNames(broker, this, this.quota.own, (destination, subscription) => {
      const consumer = this.consumers.get(subscription);
      return consumer !== undefined && broker.queue(destination).isExclusiveTo(consumer);
    });
  }

  send(message: Message): Promise<void> | undefined {
    return this.pass(this.prepare(message));
  }

  subscribe(destination: string, on: OnDelivery, options: SubscribeOptions = {}): Subscription {
    if (this.subscriptions.size >= this.broker.limits.subscriptions) throw this.tooManySubscriptions();
    const own = detachText(destination);
    const { kind, name } = parseDestination(own);
    if (kind === 'reply-queue')
      throw new ProtocolError(
        'ERR_DESTINATION',
        `/reply-queue/ addresses are for sending; subscribe /temp-queue/…, not ${quoted(own)}`,
      );
    const tokens = kind === 'topic' ? topicTokens(name, 'allowed') : undefined;
    const { own: room } = this.quota;
    const cost = SUBSCRIPTION + own.length;
    room.take(cost, 'this subscription');
    // Kept as long as the subscription, unlike the other options: headers would keep alive all that came with them.
    const { onEnd } = options;
    let leave = (): void => {};
    const keeper = kind === 'queue' ? undefined : this.keeper(own, on, options, (reason) => end(reason));
    const subscription = new EmbeddedSubscription(own, keeper?.take ?? on, () => {
      this.subscriptions.delete(subscription);
      this.replies.unsubscribe(own, subscription);
      leave();
      keeper?.clear();
      room.release(cost);
    });
    const end = (reason: Error): void => {
      subscription.close();
      onEnd?.(reason);
    };
    this.subscriptions.add(subscription);
    if (tokens !== undefined) leave = this.subscribeTopic(tokens, subscription, options.after);
    this.replies.subscribe(own, subscription);
    // Last: what waits there comes at once.
    if (kind === 'queue') leave = this.subscribeQueue(own, subscription, options);
    return subscription;
  }

  inbox(on: (delivery: Delivery) => void): Inbox {
    const local = '/temp-queue/inbox-' + this.broker.newName().slice(0, 8);
    const subscription = this.subscribe(local, on);
    try {
      return { address: this.replies.addressFor(local), close: () => subscription.close() };
    } catch (error) {
      subscription.close();
      throw error;
    }
  }

  begin(): Transaction {
    const { broker, quota } = this;
    const transaction: Transaction = new EmbeddedTransaction({
      limits: broker.limits,
      clock: broker.clock,
      quota,
      handOut: broker.handOut,
      prepare: (message) => this.checked(this.prepare(message)),
      check: (deliveries, bytes) => this.checkRoom(deliveries, bytes),
      send: (delivery) => this.pass(delivery),
      onEnd: () => this.transactions.delete(transaction),
    });
    this.transactions.add(transaction);
    return transaction;
  }

  /** The address at which others reach one of this link's temporary queues; undefined if it is not subscribed. */
  addressOf(local: string): string | undefined {
    return this.replies.subscriber(local) === undefined ? undefined : this.replies.addressFor(local);
  }

  /** Takes what comes to one of this link's reply addresses. Returns what its sender is to wait for, while it has no room. */
  deliverReply(local: string, delivery: Delivery): Promise<void> | undefined {
    const subscription = this.replies.subscriber(local);
    const { headers, body, replyTo, id, cursor, origin } = delivery;
    const localDelivery: Delivery = { destination: local, headers, body, replyTo, id, cursor, origin };
    this.options.replied?.(localDelivery);
    if (subscription !== undefined) return subscription.publish(localDelivery, this.broker.clock);
    if (local.startsWith('/temp-queue/')) this.options.unsubscribedReply?.(localDelivery);
    return undefined;
  }

  onState(listener: StateListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    if (this.state === 'closed') return Promise.resolve();
    this.state = 'closed';
    // At once: what one gives back must not go to another one that is about to end.
    this.broker.handOut.after(() => {
      for (const transaction of [...this.transactions]) transaction.abort();
      for (const subscription of [...this.subscriptions]) subscription.close();
    });
    this.replies.close();
    this.share.close();
    this.listeners.forEach((listener) => listener('closed'));
    return Promise.resolve();
  }

  /** The delivery that a message becomes; throws if this connection may not send it so. */
  private prepare({ destination, headers, body, replyTo }: Message): Delivery {
    if (this.state === 'closed') throw new ConnectionError('ERR_CLOSED', 'this connection has been closed');
    return {
      destination,
      headers,
      body,
      replyTo: replyTo === undefined ? undefined : this.replies.addressFor(replyTo),
      id: this.broker.nextId(),
      cursor: undefined,
      origin: this.options.origin,
    };
  }

  private pass(delivery: Delivery): Promise<void> | undefined {
    // Requests and their answers are most of what is sent; they need no look at the grammar.
    const sent = this.broker.deliver(delivery, this.quota);
    if (sent === false) return this.route(delivery);
    return sent === true ? undefined : sent;
  }

  /** Sends to what is neither a queue with consumers nor a reply address. */
  private route(delivery: Delivery): Promise<void> | undefined {
    const { kind, name } = parseDestination(delivery.destination);
    if (kind === 'topic') return this.broker.publish(delivery, name);
    if (kind === 'queue') this.broker.enqueue(delivery, this.quota);
    else if (kind === 'temp-queue') return this.deliverReply(delivery.destination, delivery);
    return undefined;
  }

  private checked(delivery: Delivery): Delivery {
    const { kind, name } = parseDestination(delivery.destination);
    if (kind === 'topic') topicTokens(name, 'refused');
    return delivery;
  }

  /** Keeps a topic's or temporary queue's deliveries until they are acknowledged, for this subscription alone. */
  private keeper(
    destination: string,
    on: OnDelivery,
    options: SubscribeOptions,
    end: (reason: Error) => void,
  ): { take(delivery: Delivery): void; clear(): void } | undefined {
    const prefetch = this.prefetch(options);
    if (prefetch === undefined) return undefined;
    const queue = new WorkQueue(destination, this.broker);
    queue.add(new Consumer(on, prefetch));
    return {
      take: (delivery) => {
        try {
          void queue.offer(delivery, this.quota);
        } catch (error) {
          // Who acknowledges nothing loses the subscription; whoever sent it hears nothing of that.
          end(error as Error);
        }
      },
      clear: () => queue.clear(),
    };
  }

  /** How much may be outstanding; undefined: nothing is acknowledged. */
  private prefetch({ ack = 'auto', prefetch = Infinity }: SubscribeOptions): number | undefined {
    return ack === 'auto' ? undefined : Math.max(1, Math.min(prefetch, this.broker.limits.prefetch));
  }

  private subscribeTopic(
    tokens: readonly string[],
    subscription: EmbeddedSubscription,
    after: string | undefined,
  ): () => void {
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
    if (gap !== undefined) {
      void subscription.deliver(gapDelivery(this.broker.nextId(), subscription.destination, kept, gap));
    }
    for (const event of events) void subscription.deliver(event);
    subscription.cursor = latest;
  }

  private subscribeQueue(
    destination: string,
    subscription: EmbeddedSubscription,
    options: SubscribeOptions,
  ): () => void {
    const queue = this.broker.queue(destination);
    const consumer = new Consumer((delivery) => subscription.deliver(delivery), this.prefetch(options));
    this.consumers.set(subscription, consumer);
    queue.add(consumer);
    return () => {
      this.consumers.delete(subscription);
      queue.remove(consumer);
    };
  }

  /** Whether all of these can be sent; throws LimitError if not. */
  private checkRoom(deliveries: readonly Delivery[], bytes: readonly number[]): void {
    const queues = new Map<string, { messages: number; bytes: number }>();
    deliveries.forEach(({ destination }, at) => {
      if (!destination.startsWith('/queue/')) return;
      const sum = queues.get(destination) ?? { messages: 0, bytes: 0 };
      queues.set(destination, { messages: sum.messages + 1, bytes: sum.bytes + bytes[at]! });
    });
    const made: string[] = [];
    for (const [destination, sum] of queues) {
      const queue = this.broker.hasQueue(destination)
        ? this.broker.queue(destination)
        : new WorkQueue(destination, this.broker);
      queue.checkRoom(sum.messages, sum.bytes);
      if (queue.isUnused) made.push(destination);
    }
    this.broker.checkQueues(this.quota, made);
  }

  private tooManySubscriptions(): LimitError {
    const most = this.broker.limits.subscriptions;
    const text = `this connection has reached limits.subscriptions, which is ${most}`;
    return new LimitError('ERR_SUBSCRIPTIONS', text, 'subscriptions');
  }
}

/** An event that says that events were lost; a JSON-RPC notification like all of them. */
function gapDelivery(id: string, destination: string, cursor: string, gap: Missed['gap']): Delivery {
  const body = JSON.stringify({ jsonrpc: '2.0', method: '$/gap', params: gap });
  return { destination, headers: jsonHeaders, body, id, cursor };
}
