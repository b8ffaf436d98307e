// A transaction on the embedded broker: everything that could be refused is refused before the first of it is done.

import type { Clock } from '../clock.js';
import { LimitError, ProtocolError } from '../errors.js';
import { FairTurn } from '../fair-turn.js';
import type { Limits } from '../limits.js';
import { type Delivery, detachDelivery, keptBytes, type Message, type Transaction } from './broker.js';
import type { HandOut } from './hand-out.js';
import type { Quota } from './quota.js';

/** What it takes to remember an ACK or NACK, bytes; an estimate. */
const SETTLEMENT = 64;

export interface EmbeddedTransactionOptions {
  limits: Pick<Limits, 'transactionBytes'>;
  clock: Clock;
  /** Whose room it takes while it is open. */
  quota: Quota;
  /** When what it gives back is handed out. */
  handOut: HandOut;
  /** Makes a delivery of a message; throws if it could never be sent. */
  prepare(message: Message): Delivery;
  /** Throws if these, which take so many bytes, cannot all be sent now. */
  check(deliveries: readonly Delivery[], bytes: readonly number[]): void;
  send(delivery: Delivery): Promise<void> | undefined;
  /** Called once it has been committed or aborted. */
  onEnd(): void;
}

export class EmbeddedTransaction implements Transaction {
  private readonly deliveries: Delivery[] = [];
  private readonly sizes: number[] = [];
  private readonly settlements: { delivery: Delivery; how: 'ack' | 'nack' }[] = [];
  private bytes = 0;
  private isOver = false;

  constructor(private readonly options: EmbeddedTransactionOptions) {}

  send(message: Message): undefined {
    this.checkOpen();
    const delivery = detachDelivery(this.options.prepare(message));
    this.take(keptBytes(delivery));
    this.deliveries.push(delivery);
    this.sizes.push(keptBytes(delivery));
    return undefined;
  }

  ack(delivery: Delivery): void {
    this.settle(delivery, 'ack');
  }

  nack(delivery: Delivery): void {
    this.settle(delivery, 'nack');
  }

  commit(): Promise<void> | undefined {
    this.checkOpen();
    try {
      this.options.check(this.deliveries, this.sizes);
    } catch (error) {
      this.abort();
      throw error;
    }
    this.end();
    const isEvent = ({ destination }: Delivery): boolean => destination.startsWith('/topic/');
    // What could be refused comes first, and at once: nobody else takes the room that has just been found.
    this.deliveries.forEach((delivery, at) => isEvent(delivery) || void this.pass(delivery, at));
    for (const { delivery, how } of this.settlements) delivery[how]?.();
    this.free(SETTLEMENT * this.settlements.length);
    return this.deliveries.some(isEvent) ? this.publish(isEvent) : undefined;
  }

  abort(): void {
    if (this.isOver) return;
    this.end();
    this.free(this.bytes);
    this.options.handOut.after(() => this.settlements.forEach(({ delivery }) => delivery.release?.()));
  }

  private end(): void {
    this.isOver = true;
    this.options.onEnd();
  }

  /** Nothing can go wrong with these; but each may go to thousands, and those who cannot keep up must be heard of meanwhile. */
  private async publish(isEvent: (delivery: Delivery) => boolean): Promise<void> {
    const turn = new FairTurn(this.options.clock);
    for (const [at, delivery] of this.deliveries.entries()) {
      if (!isEvent(delivery)) continue;
      await this.pass(delivery, at);
      await turn.next();
    }
  }

  /** Sends; whoever keeps it takes as many bytes as it frees here. */
  private pass(delivery: Delivery, at: number): Promise<void> | undefined {
    this.free(this.sizes[at]!);
    return this.options.send(delivery);
  }

  private settle(delivery: Delivery, how: 'ack' | 'nack'): void {
    this.checkOpen();
    this.take(SETTLEMENT);
    delivery.hold?.();
    this.settlements.push({ delivery, how });
  }

  private take(bytes: number): void {
    const most = this.options.limits.transactionBytes;
    if (this.bytes + bytes > most) {
      const text = `more than ${most} bytes in a transaction (limits.transactionBytes)`;
      throw new LimitError('ERR_TRANSACTION_BYTES', text, 'transactionBytes');
    }
    this.options.quota.take(bytes);
    this.bytes += bytes;
  }

  private free(bytes: number): void {
    this.options.quota.release(bytes);
    this.bytes -= bytes;
  }

  private checkOpen(): void {
    if (this.isOver) throw new ProtocolError('ERR_STOMP_TRANSACTION', 'this transaction is over', { by: 'us' });
  }
}
