// One queue: each message goes to one of the consumers in turn, or waits, within bounds, until one is ready. What has to
// be acknowledged is kept until it is, and comes back otherwise.

import type { Alarm, Clock } from '../clock.js';
import { Deferred } from '../deferred.js';
import { LimitError } from '../errors.js';
import type { Limits } from '../limits.js';
import { type Delivery, keptBytes } from './broker.js';
import type { Consumer } from './consumer.js';
import { longestDestination } from './destination.js';
import { ExpiryWatch } from './expiry-watch.js';
import type { HandOut } from './hand-out.js';
import { expiryOf, type QueueItem, queueItem } from './queue-item.js';
import { Patience } from './patience.js';
import type { Quota } from './quota.js';
import { WaitingLine } from './waiting-line.js';

/** How long a sender waits for consumers to get on, milliseconds. */
const PATIENCE = 1000;

export type QueueLimits = Pick<
  Limits,
  'queueMessages' | 'queueBytes' | 'deliveries' | 'redeliveryDelay' | 'longestRedeliveryDelay' | 'deadLetterTime'
>;

/** What a queue needs of the broker it is in. */
export interface QueueHost {
  readonly limits: QueueLimits;
  readonly clock: Clock;
  readonly handOut: HandOut;
  /** Milliseconds since 1970. */
  wallClock(): number;
  /** Takes a message that was refused too often; it is no longer in the queue. */
  bury(item: QueueItem): void;
  /** There is neither message nor consumer left. */
  idle(queue: WorkQueue): void;
}

export class WorkQueue {
  private consumers: Consumer[] = [];
  private readonly line = new WaitingLine();
  /** Refused, and kept back for a while. */
  private readonly delayed = new Map<QueueItem, Alarm>();
  /** All that is kept: in line, delayed, and handed out without having been acknowledged. */
  private count = 0;
  private bytes = 0;
  private lastOrder = 0;
  private turn = 0;
  private isDispatching = false;
  private readonly expiry: ExpiryWatch;
  /** Who has it counted, while nobody listens. */
  private payer: Quota | undefined;
  /** Resolves when it is no longer half full. */
  private room: Deferred | undefined;
  private patience: Patience | undefined;

  constructor(
    readonly name: string,
    private readonly host: QueueHost,
  ) {
    this.expiry = new ExpiryWatch(host.clock, this.line, (items) => this.dropExpired(items));
  }

  get isUnused(): boolean {
    return this.consumers.length === 0 && this.count === 0;
  }

  get hasConsumers(): boolean {
    return this.consumers.length > 0;
  }

  /** Whether nobody but this one listens. */
  isExclusiveTo(consumer: Consumer): boolean {
    return this.consumers.length === 1 && this.consumers[0] === consumer;
  }

  add(consumer: Consumer): void {
    this.consumers.push(consumer);
    // It is there for the subscription now.
    this.unpay();
    this.dispatch();
  }

  /** What it has not acknowledged goes back to where it was, and to somebody else. */
  remove(consumer: Consumer): void {
    if (!this.consumers.includes(consumer)) return;
    consumer.leave();
    this.reclaim(consumer, consumer.returned);
    if (this.consumers.indexOf(consumer) < this.turn) this.turn--;
    this.consumers = this.consumers.filter((one) => one !== consumer);
    this.dispatch();
    this.payForLeft();
    this.tellIfUnused();
  }

  /** Forgets everything; nobody is told. */
  clear(): void {
    for (const alarm of this.delayed.values()) alarm.cancel();
    const items = [...this.line.take(() => true), ...this.delayed.keys()];
    for (const { outstanding } of this.consumers) {
      items.push(...outstanding.keys());
      outstanding.clear();
    }
    this.delayed.clear();
    this.expiry.stop();
    items.forEach((item) => this.forget(item));
    this.unpay();
  }

  /**
   * Gives a message to the next consumer, or keeps it at `quota`'s expense. Throws LimitError if there is no room. Returns
   * what a sender is to wait for, while consumers are at work and it is half full.
   */
  offer(delivery: Delivery, quota: Quota): Promise<void> | undefined {
    const at = this.line.length === 0 && !this.isDispatching ? this.nextReady() : -1;
    // Requests are most of what is sent; the one who answers them is waiting.
    if (at !== -1 && this.consumers[at]!.prefetch === undefined && !delivery.headers.has('expires')) {
      this.take(at, delivery);
      return undefined;
    }
    const expires = this.expiryOf(delivery);
    if (expires <= this.host.clock.now()) return undefined;
    if (this.isFullFor(1, keptBytes(delivery))) this.expiry.look();
    this.check('queueMessages', this.count + 1);
    if (!this.hasConsumers && this.payer === undefined) {
      quota.take(queueCost(this.name), 'this queue');
      this.pay(quota);
    }
    const item = queueItem(delivery, quota, ++this.lastOrder, expires);
    this.check('queueBytes', this.bytes + item.bytes, item);
    this.count++;
    this.bytes += item.bytes;
    this.line.push(item);
    this.dispatch();
    // What went straight into a hand waits for nothing but its acknowledgement.
    if (this.line.length > 0) this.expiry.watch(item);
    return this.isHalfFull && this.hasConsumers ? this.pressure() : undefined;
  }

  /** Whoever sent them to the dead letters, they do not stay there for ever. */
  private expiryOf({ headers }: Delivery): number {
    const { clock, wallClock, limits } = this.host;
    const expires = expiryOf(headers, clock, wallClock);
    return isDeadLetters(this.name) ? Math.min(expires, clock.now() + limits.deadLetterTime) : expires;
  }

  private isFullFor(messages: number, bytes: number): boolean {
    const { queueMessages, queueBytes } = this.host.limits;
    return this.count + messages > queueMessages || this.bytes + bytes > queueBytes;
  }

  private get isHalfFull(): boolean {
    const { queueMessages, queueBytes } = this.host.limits;
    return this.count * 2 > queueMessages || this.bytes * 2 > queueBytes;
  }

  private pressure(): Promise<void> | undefined {
    this.patience ??= new Patience(this.host.clock, PATIENCE);
    return this.patience.wait((this.room ??= new Deferred()).promise);
  }

  /** Whether so much more can be kept; throws LimitError if not. */
  checkRoom(messages: number, bytes: number): void {
    if (this.isFullFor(messages, bytes)) this.expiry.look();
    this.check('queueMessages', this.count + messages);
    this.check('queueBytes', this.bytes + bytes);
  }

  private dispatch(): void {
    // A consumer that acknowledges at once, or sends to its own queue, comes here while it is being handed something.
    if (this.isDispatching || this.host.handOut.defers(this.resume)) return;
    this.isDispatching = true;
    try {
      for (let at = 0; this.line.length > 0 && (at = this.nextReady()) !== -1;) {
        const item = this.line.shift()!;
        if (item.expires !== Infinity && item.expires <= this.host.clock.now()) this.forget(item);
        else this.hand(at, item);
      }
    } finally {
      this.isDispatching = false;
    }
  }

  /** Where the next consumer in turn is that is ready, or -1. */
  private nextReady(): number {
    const { length } = this.consumers;
    for (let step = 0; step < length; step++) {
      const at = (this.turn + step) % length;
      if (this.consumers[at]!.isReady) return at;
    }
    return -1;
  }

  private take(at: number, delivery: Delivery): void {
    this.turn = at + 1;
    this.consumers[at]!.take(delivery, this.resume);
  }

  private readonly resume = (): void => this.dispatch();

  private hand(at: number, item: QueueItem): void {
    const consumer = this.consumers[at]!;
    const attempt = ++item.attempts;
    const again = attempt > 1 ? attempt : undefined;
    if (consumer.prefetch === undefined) {
      this.forget(item);
      this.take(at, again === undefined ? item.delivery : { ...item.delivery, attempt: again });
      return;
    }
    consumer.outstanding.set(item, attempt);
    const settle = (how: (item: QueueItem) => void) => (): void => {
      // Once, and only by whom it is with now.
      if (consumer.outstanding.get(item) !== attempt) return;
      consumer.outstanding.delete(item);
      consumer.held.delete(item);
      how(item);
      this.dispatch();
      this.payForLeft();
      this.tellIfUnused();
    };
    const delivery: Delivery = {
      ...item.delivery,
      attempt: again,
      ack: settle((done) => this.forget(done)),
      nack: settle((refused) => this.refuse(refused)),
      hold: () => void (consumer.outstanding.get(item) === attempt && consumer.held.add(item)),
      release: () => void (consumer.held.delete(item) && consumer.isGone && this.takeBack(consumer, item)),
    };
    this.take(at, delivery);
  }

  private takeBack(consumer: Consumer, item: QueueItem): void {
    this.reclaim(consumer, [item]);
    this.dispatch();
    this.payForLeft();
    this.tellIfUnused();
  }

  /** What was not acknowledged keeps it there. */
  private payForLeft(): void {
    if (this.hasConsumers || this.payer !== undefined) return;
    const left = this.line.any ?? this.delayed.keys().next().value;
    if (left === undefined) return;
    left.quota.charge(queueCost(this.name));
    this.pay(left.quota);
  }

  private pay(quota: Quota): void {
    this.payer = quota;
    quota.queues++;
  }

  private unpay(): void {
    const { payer } = this;
    if (payer === undefined) return;
    this.payer = undefined;
    payer.queues--;
    payer.release(queueCost(this.name));
  }

  private reclaim({ outstanding }: Consumer, items: readonly QueueItem[]): void {
    for (const item of items) {
      outstanding.delete(item);
      this.line.insert(item);
      this.expiry.watch(item);
    }
  }

  /** It comes again, later each time: at once would be thousands of times a second. */
  private refuse(item: QueueItem): void {
    const { deliveries, redeliveryDelay, longestRedeliveryDelay } = this.host.limits;
    if (++item.refusals >= deliveries && hasDeadLetters(this.name)) {
      this.forget(item);
      return this.host.bury(item);
    }
    const delay = Math.min(redeliveryDelay * 2 ** (item.refusals - 1), longestRedeliveryDelay);
    const alarm = this.host.clock.after(delay, () => {
      this.delayed.delete(item);
      this.line.insert(item);
      this.dispatch();
      this.expiry.watch(item);
    });
    this.delayed.set(item, alarm);
  }

  private forget(item: QueueItem): void {
    this.count--;
    this.bytes -= item.bytes;
    item.quota.release(item.bytes);
    if (this.room === undefined || this.isHalfFull) return;
    this.room.resolve();
    this.room = undefined;
  }

  private dropExpired(items: readonly QueueItem[]): void {
    items.forEach((item) => this.forget(item));
    this.tellIfUnused();
  }

  /** Tells the broker once it is there for nobody and nothing. */
  tellIfUnused(): void {
    if (!this.isUnused) return;
    this.unpay();
    this.expiry.stop();
    this.host.idle(this);
  }

  private check(limit: 'queueMessages' | 'queueBytes', value: number, item?: QueueItem): void {
    const most = this.host.limits[limit];
    if (value <= most) return;
    item?.quota.release(item.bytes);
    throw new LimitError('ERR_QUEUE_FULL', `${this.name} is full: limits.${limit} is ${most}`, limit);
  }
}

/** What a queue costs beyond its name and messages, bytes; an estimate. */
const QUEUE = 1200;

/** About how many bytes a queue takes while nobody listens to it. */
export function queueCost(name: string): number {
  return QUEUE + name.length;
}

const DEAD_LETTERS = '/queue/dead-letter.';

/** Where messages go that were refused too often; cut where its name would be too long to be subscribed. */
export function deadLettersOf(destination: string): string {
  return (DEAD_LETTERS + destination.replace(/^\/[^/]*\//, '')).slice(0, longestDestination);
}

/** What is refused among the dead letters stays there; what was one subscription's own is not for others to read. */
function hasDeadLetters(destination: string): boolean {
  return destination.startsWith('/queue/') && !isDeadLetters(destination);
}

function isDeadLetters(destination: string): boolean {
  return destination.startsWith(DEAD_LETTERS);
}
