// One queue: each message goes to one of the listeners in turn, or waits, within bounds, until there is one.

import type { Clock } from '../clock.js';
import { LimitError } from '../errors.js';
import type { Limits } from '../limits.js';
import { type Delivery, detachDelivery, keptBytes } from './broker.js';

/** Whoever takes messages from a queue. */
export interface Listener {
  deliver(delivery: Delivery): void;
}

interface Waiting {
  delivery: Delivery;
  bytes: number;
  expires: number;
}

/** Bytes that wait in all queues of a broker. */
export interface Queued {
  bytes: number;
}

type QueueLimits = Pick<Limits, 'queueMessages' | 'queueBytes' | 'queuedBytes'>;

export class WorkQueue {
  private readonly listeners: Listener[] = [];
  private waiting: Waiting[] = [];
  private bytes = 0;
  private turn = 0;
  /** When the first of those waiting expires. */
  private firstExpiry = Infinity;

  constructor(
    private readonly name: string,
    private readonly limits: QueueLimits,
    private readonly clock: Clock,
    private readonly queued: Queued = { bytes: 0 },
  ) {}

  get isUnused(): boolean {
    this.dropExpired();
    return this.listeners.length === 0 && this.waiting.length === 0;
  }

  get hasListeners(): boolean {
    return this.listeners.length > 0;
  }

  /** Whether nobody but this one listens. */
  isExclusiveTo(listener: Listener): boolean {
    return this.listeners.length === 1 && this.listeners[0] === listener;
  }

  add(listener: Listener): void {
    this.listeners.push(listener);
    const { waiting } = this;
    this.waiting = [];
    this.count(-this.bytes);
    this.firstExpiry = Infinity;
    const now = this.clock.now();
    for (const { delivery, expires } of waiting) if (expires > now) listener.deliver(delivery);
  }

  remove(listener: Listener): void {
    const at = this.listeners.indexOf(listener);
    if (at !== -1) this.listeners.splice(at, 1);
  }

  /** Gives a message to the next listener, or keeps it. Throws LimitError if the queue is full. */
  offer(delivery: Delivery): void {
    const { listeners } = this;
    if (listeners.length === 0) return this.keep(delivery);
    if (this.turn >= listeners.length) this.turn = 0;
    listeners[this.turn++]!.deliver(delivery);
  }

  private keep(delivery: Delivery): void {
    const bytes = keptBytes(delivery);
    const { queueMessages, queueBytes } = this.limits;
    if (this.waiting.length >= queueMessages || this.bytes + bytes > queueBytes) this.dropExpired();
    this.check('queueMessages', this.waiting.length + 1);
    this.check('queueBytes', this.bytes + bytes);
    this.check('queuedBytes', this.queued.bytes + bytes);
    const time = Number(delivery.headers.get('expiration') ?? Infinity);
    const expires = Number.isFinite(time) && time > 0 ? this.clock.now() + time : Infinity;
    this.waiting.push({ delivery: detachDelivery(delivery), bytes, expires });
    this.count(bytes);
    this.firstExpiry = Math.min(this.firstExpiry, expires);
  }

  private dropExpired(): void {
    const now = this.clock.now();
    if (this.firstExpiry > now) return;
    this.waiting = this.waiting.filter(({ expires }) => expires > now);
    this.count(this.waiting.reduce((sum, { bytes }) => sum + bytes, 0) - this.bytes);
    this.firstExpiry = this.waiting.reduce((first, { expires }) => Math.min(first, expires), Infinity);
  }

  private count(more: number): void {
    this.bytes += more;
    this.queued.bytes += more;
  }

  private check(limit: keyof QueueLimits, value: number): void {
    if (value <= this.limits[limit]) return;
    throw new LimitError(
      'ERR_QUEUE_FULL',
      `${this.name} is full: nobody listens and limits.${limit} is ${this.limits[limit]}`,
      limit,
    );
  }
}
