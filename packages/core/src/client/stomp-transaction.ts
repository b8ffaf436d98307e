// A transaction of a client, on the connection that it was begun on.

import type { Delivery, Message, Transaction } from '../broker/broker.js';
import { ConnectionError, ProtocolError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { checkOptions, type OptionRules } from '../options.js';
import type { StompDelivery } from './stomp-subscription.js';
import type { StompConnection } from '../stomp/client.js';
import type { Body } from '../text.js';

/** A message as one writes it by hand. */
export interface PlainMessage {
  /** Such as `/queue/work`. */
  readonly destination: string;
  /** More headers of SEND. */
  readonly headers?: HeaderRecord;
  /** A text, or bytes. */
  readonly body: Body;
  /** Where answers go: a destination that we listen to. */
  readonly replyTo?: string;
}

const messageRules: OptionRules = { destination: 'string', headers: 'object', body: 'any', replyTo: 'string' };

/** Throws a TypeError that names a part of a message which is unknown or not of its type. */
export function checkMessage(message: Message | PlainMessage): void {
  checkOptions(message, messageRules, 'send');
}

/** Messages sent and deliveries settled all together, or not at all, on the connection that it was begun on. */
export class StompTransaction implements Transaction {
  readonly #connection: StompConnection;
  readonly #id: string;
  #isOver = false;

  constructor(connection: StompConnection) {
    this.#connection = connection;
    this.#id = connection.nextName('t');
    void connection.frame('BEGIN', { transaction: this.#id });
  }

  /** Throws for what {@link StompBroker.send} throws for; the server's refusal is told by the commit. */
  send(message: Message | PlainMessage): Promise<void> | undefined {
    this.#check();
    checkMessage(message);
    const { destination, headers, body, replyTo } = message;
    const own = { destination, 'reply-to': replyTo, transaction: this.#id };
    return this.#connection.frame('SEND', { ...HeaderList.from(headers).toRecord(), ...own }, body);
  }

  /** Throws ConnectionError if the delivery came by a connection that was lost: it comes again. */
  ack(delivery: Delivery): void {
    this.#settle('ACK', delivery);
  }

  /** As {@link ack}. */
  nack(delivery: Delivery): void {
    this.#settle('NACK', delivery);
  }

  /** Resolves when the server has done all of it; rejects, and says why, if it has done, or may have done, nothing. */
  async commit(): Promise<void> {
    this.#check();
    this.#isOver = true;
    await this.#connection.confirmed('COMMIT', { transaction: this.#id });
  }

  /** Nothing of it happens, unless it has been committed. */
  abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#connection.frame('ABORT', { transaction: this.#id });
  }

  /** On another connection the same id would be another message's. */
  #settle(how: 'ACK' | 'NACK', delivery: Delivery): void {
    this.#check();
    if ((delivery as Partial<StompDelivery>).isHeldBy?.(this.#connection) === false)
      throw new ConnectionError('ERR_CONNECTION_LOST', 'this delivery is settled, or its connection has ended');
    this.#connection.settle(how, delivery.headers, this.#id);
  }

  #check(): void {
    if (this.#isOver) throw new ProtocolError('ERR_STOMP_TRANSACTION', 'this transaction is over', { by: 'us' });
  }
}
