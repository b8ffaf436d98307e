// What must be so of messages in queues, told again in the simplest way: each message that was confirmed is in one state.

import { check } from '../../target.js';

/** Kept small, so that few steps reach them. */
export const limits = {
  deliveries: 3,
  redeliveryDelay: 100,
  longestRedeliveryDelay: 150,
  deadLetterTime: 600,
  prefetch: 4,
  transactions: 2,
  transactionBytes: 5000,
  clientQueuedBytes: 8000,
};

export const DEAD = '/queue/dead-letter.';

export type State = 'waiting' | 'out' | 'done' | 'lost';

/** A message that was confirmed, or might have been. */
export interface Item {
  readonly id: string;
  destination: string;
  state: State;
  order: number;
  attempts: number;
  refusals: number;
  /** It is kept back until then. */
  notBefore: number;
  expires: number;
  /** Where it is, if it is out. */
  holder?: Holding | undefined;
}

/** A subscription, with what it has been given and has not settled, in that order. */
export interface Holding {
  readonly id: string;
  readonly destination: string;
  readonly ack: 'auto' | 'client' | 'client-individual';
  readonly prefetch: number;
  isOpen: boolean;
  /** By what an ACK calls it. */
  unsettled: Map<string, Item>;
  /** The names of all it has been given, in that order. */
  given: string[];
}

export class Model {
  readonly items = new Map<string, Item>();
  private lastOrder = 0;

  constructor(private readonly now: () => number) {}

  add(id: string, destination: string, lasts: number): void {
    const expires = lasts > 0 ? this.now() + lasts : Infinity;
    const order = ++this.lastOrder;
    this.items.set(id, { id, destination, state: 'waiting', order, attempts: 0, refusals: 0, notBefore: 0, expires });
  }

  /** It came to a subscription. */
  delivered(id: string, name: string, holding: Holding, attempt: number | undefined): Item {
    const item = this.items.get(id);
    check(item !== undefined, `${id} was delivered, and never confirmed`);
    check(item.state === 'waiting', `${id} was delivered, and is ${item.state}`);
    check(item.destination === holding.destination, `${id} of ${item.destination} came to ${holding.destination}`);
    check(item.notBefore <= this.now(), `${id} came before its time`);
    check(item.expires > this.now(), `${id} came when it had expired`);
    item.attempts++;
    check((attempt ?? 1) === item.attempts, `${id} says delivery ${attempt}, and it is number ${item.attempts}`);
    if (holding.ack === 'auto') {
      item.state = 'done';
      return item;
    }
    item.state = 'out';
    item.holder = holding;
    holding.unsettled.set(name, item);
    holding.given = [...holding.given.filter((one) => one !== name), name];
    const out = this.outOf(holding);
    check(out <= holding.prefetch, `${out} are out at once, and ${holding.prefetch} may be`);
    return item;
  }

  acknowledge(item: Item): void {
    item.state = 'done';
    item.holder = undefined;
  }

  refuse(item: Item): void {
    item.holder = undefined;
    item.state = 'waiting';
    const isDead = item.destination.startsWith(DEAD);
    if (++item.refusals >= limits.deliveries && !isDead) {
      item.destination = DEAD + item.destination.replace('/queue/', '');
      item.expires = this.now() + limits.deadLetterTime;
      item.order = ++this.lastOrder;
      item.refusals = item.notBefore = 0;
    } else {
      const delay = limits.redeliveryDelay * 2 ** (item.refusals - 1);
      item.notBefore = this.now() + Math.min(delay, limits.longestRedeliveryDelay);
    }
  }

  /** A subscription has ended: what it had comes back, except what an open transaction will settle. */
  returned(holding: Holding, held: ReadonlySet<Item> = new Set()): void {
    holding.isOpen = false;
    for (const item of this.items.values()) if (item.holder === holding && !held.has(item)) this.back(item);
    holding.unsettled.clear();
  }

  /** It can be had by somebody else. */
  back(item: Item): void {
    item.holder = undefined;
    item.state = 'waiting';
    item.notBefore = 0;
  }

  lost(id: string): void {
    this.items.get(id)!.state = 'lost';
  }

  /** What was handed out came before all that might have been. */
  checkOrder(delivered: readonly Item[]): void {
    for (const item of this.items.values()) {
      if (!this.isAvailable(item)) continue;
      const later = delivered.find(({ destination, order }) => destination === item.destination && order > item.order);
      check(later === undefined, `${later?.id} was delivered before ${item.id}`);
    }
  }

  /** Whether something could be handed out now, and was not. */
  checkNobodyWaits(holdings: readonly Holding[]): void {
    for (const item of this.items.values()) {
      if (!this.isAvailable(item)) continue;
      const ready = holdings.find((one) => one.destination === item.destination && this.hasRoom(one));
      check(ready === undefined, `${item.id} waits in ${item.destination}, and ${ready?.id} is ready`);
    }
  }

  /** What must be found when all is over. */
  get kept(): string[] {
    const left = [...this.items.values()].filter(({ state, expires }) => state === 'waiting' && expires > this.now());
    return left.map(({ id }) => id).sort();
  }

  private isAvailable({ state, notBefore, expires }: Item): boolean {
    return state === 'waiting' && notBefore <= this.now() && expires > this.now();
  }

  private hasRoom(holding: Holding): boolean {
    return holding.isOpen && (holding.ack === 'auto' || this.outOf(holding) < holding.prefetch);
  }

  private outOf(holding: Holding): number {
    return [...this.items.values()].filter(({ holder }) => holder === holding).length;
  }
}
