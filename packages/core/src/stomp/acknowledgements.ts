// The messages of one connection that wait for ACK or NACK, found by what each version calls them.

import type { Delivery } from '../broker/broker.js';
import { ProtocolError } from '../errors.js';
import type { HeaderList } from '../header-list.js';
import type { Version } from './version.js';

export const ackModes = ['auto', 'client', 'client-individual'] as const;

/** How a subscription is acknowledged; `client`: one ACK is for all before it, too. */
export type StompAckMode = (typeof ackModes)[number];

/** Some deliveries of one subscription, in the order sent, by what the client calls them. */
export interface Taken {
  readonly from: Unsettled;
  readonly deliveries: ReadonlyMap<string, Sent>;
}

interface Sent {
  readonly delivery: Delivery;
  /** Its number among all that were sent to the subscription. */
  readonly order: number;
}

export class Acknowledgements {
  private readonly subscriptions = new Map<string, Unsettled>();
  private readonly byPlace = new Map<string, Unsettled>();
  private places = 0;

  constructor(private readonly version: Version) {}

  open(subscription: string, mode: StompAckMode): Unsettled {
    const unsettled = new Unsettled(String(++this.places), mode, this.version);
    this.subscriptions.set(subscription, unsettled);
    this.byPlace.set(unsettled.place, unsettled);
    return unsettled;
  }

  close(subscription: string): void {
    this.byPlace.delete(this.subscriptions.get(subscription)?.place ?? '');
    this.subscriptions.delete(subscription);
  }

  /** What an ACK or NACK is about, which from now on is settled. Throws ProtocolError ERR_STOMP_ACK for nothing. */
  take(headers: HeaderList): Taken {
    const id = headers.get(this.version === '1.2' ? 'id' : 'message-id')!;
    for (const unsettled of this.candidates(id, headers.get('subscription'))) {
      const deliveries = unsettled.take(id);
      if (deliveries !== undefined) return { from: unsettled, deliveries };
    }
    throw new ProtocolError('ERR_STOMP_ACK', 'no message of that id waits for its acknowledgement');
  }

  /** STOMP 1.2 has one id for all, 1.1 names the subscription, 1.0 need not. */
  private candidates(id: string, subscription: string | undefined): Iterable<Unsettled> {
    if (this.version !== '1.2' && subscription === undefined) return this.subscriptions.values();
    const named =
      this.version === '1.2' ? this.byPlace.get(id.split('-', 1)[0]!) : this.subscriptions.get(subscription!);
    return named === undefined ? [] : [named];
  }
}

/** What has been sent to one subscription and not been settled, in that order. */
export class Unsettled {
  private deliveries = new Map<string, Sent>();
  private isInOrder = true;
  /** The greatest number that was settled. */
  private settled = -1;
  private last = 0;

  constructor(
    /** Which of the connection's subscriptions it is; begins the ids of 1.2, which stand alone. */
    readonly place: string,
    private readonly mode: StompAckMode,
    private readonly version: Version,
  ) {}

  /** Remembers a delivery; returns the value of the header `ack` of its MESSAGE, which 1.2 has (STOMP 1.2, MESSAGE). */
  add(delivery: Delivery): string | undefined {
    const order = ++this.last;
    const id = `${this.place}-${order}`;
    this.deliveries.set(this.version === '1.2' ? id : delivery.id, { delivery, order });
    return this.version === '1.2' ? id : undefined;
  }

  /** What an id stands for: in the mode `client` everything before it, too. Undefined: nothing that is known. */
  take(id: string): ReadonlyMap<string, Sent> | undefined {
    const found = this.deliveries.get(id);
    if (found === undefined) return this.wasTaken(id) ? new Map() : undefined;
    if (this.isCumulative && !this.isInOrder) this.sort();
    const taken = new Map<string, Sent>();
    for (const [key, sent] of this.isCumulative ? this.deliveries : [[id, found] as const]) {
      taken.set(key, sent);
      this.deliveries.delete(key);
      if (key === id) break;
    }
    this.settled = Math.max(this.settled, numberOf(id));
    return taken;
  }

  /** Takes back what a transaction had taken that was aborted, to where it was: an ACK is for what was sent before. */
  restore(taken: ReadonlyMap<string, Sent>): void {
    for (const [id, sent] of taken) this.deliveries.set(id, sent);
    // A transaction may hold a thousand ACKs: order is made once for all of them, when somebody asks for it.
    this.isInOrder = false;
  }

  private sort(): void {
    this.deliveries = new Map([...this.deliveries].sort(([, a], [, b]) => a.order - b.order));
    this.isInOrder = true;
  }

  /** In 1.0 each ACK is for one message; from 1.1 on one of the mode `client` is for all before it (STOMP 1.1, SUBSCRIBE). */
  private get isCumulative(): boolean {
    return this.mode === 'client' && this.version !== '1.0';
  }

  /** Clients that acknowledge each message also do for those that a later ACK has been for. */
  private wasTaken(id: string): boolean {
    return this.isCumulative && numberOf(id) <= this.settled;
  }
}

/** The counting part of an id, our own or the broker's. */
function numberOf(id: string): number {
  return Number(id.slice(id.indexOf('-') + 1));
}
