// A transaction on the embedded broker: everything that could be refused is refused before the first of it is done.

import { LimitError, ProtocolError } from '../errors.js';
import type { Limits } from '../limits.js';
import { type Delivery, detachDelivery, keptBytes, type Message, type Transaction } from './broker.js';
import type { Quota } from './quota.js';

export interface EmbeddedTransactionOptions {
  limits: Pick<Limits, 'transactionBytes'>;
  /** Whose room it takes while it is open. */
  quota: Quota;
  /** Makes a delivery of a message; throws if it could never be sent. */
  prepare(message: Message): Delivery;
  /** Throws if these, which take so many bytes, cannot all be sent now. */
  check(deliveries: readonly Delivery[], bytes: readonly number[]): void;
  send(delivery: Delivery): void;
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

  commit(): undefined {
    this.checkOpen();
    // The same bytes are taken again by the queues that keep them.
    this.end();
    try {
      this.options.check(this.deliveries, this.sizes);
    } catch (error) {
      this.release();
      throw error;
    }
    for (const delivery of this.deliveries) this.options.send(delivery);
    for (const { delivery, how } of this.settlements) delivery[how]?.();
    return undefined;
  }

  abort(): void {
    if (this.isOver) return;
    this.end();
    this.release();
  }

  private settle(delivery: Delivery, how: 'ack' | 'nack'): void {
    this.checkOpen();
    // What it takes to remember it.
    this.take(64);
    delivery.hold?.();
    this.settlements.push({ delivery, how });
  }

  private end(): void {
    this.isOver = true;
    this.options.quota.release(this.bytes);
  }

  private release(): void {
    for (const { delivery } of this.settlements) delivery.release?.();
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

  private checkOpen(): void {
    if (this.isOver) throw new ProtocolError('ERR_STOMP_TRANSACTION', 'this transaction is over', { by: 'us' });
  }
}
