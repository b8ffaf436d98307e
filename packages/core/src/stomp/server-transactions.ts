// What one connection acknowledges, and its open transactions: in one, what is settled is out of reach, but comes back with
// ABORT.

import type { Broker, Message, Transaction } from '../broker/broker.js';
import { ProtocolError } from '../errors.js';
import type { Room } from '../room.js';
import type { Acknowledgements, Taken } from './acknowledgements.js';
import type { SettleEffect } from './server-effect.js';

/** What an open transaction costs beyond its name, bytes; an estimate. */
const OVERHEAD = 512;

export class ServerTransactions {
  /** Open ones, with what each has taken out of reach. */
  private readonly open = new Map<string, { work: Transaction; taken: Taken[] }>();

  constructor(
    private readonly broker: Broker,
    private readonly acknowledgements: Acknowledgements,
    private readonly quota?: Room,
  ) {}

  begin(name: string): undefined {
    const { broker } = this;
    if (broker.begin === undefined)
      throw new ProtocolError('ERR_STOMP_TRANSACTION', 'BEGIN: this broker has no transactions');
    this.quota?.take(costOf(name), 'this transaction');
    this.open.set(name, { work: broker.begin(), taken: [] });
  }

  /** Sends when it is committed. */
  send(name: string, message: Message): Promise<void> | undefined {
    return this.open.get(name)!.work.send(message);
  }

  /** At once, or with its transaction. */
  settle({ how, headers, transaction }: SettleEffect): undefined {
    const taken = this.acknowledgements.take(headers);
    if (transaction === undefined) for (const { delivery } of taken.deliveries.values()) delivery[how]!();
    else {
      const open = this.open.get(transaction)!;
      for (const { delivery } of taken.deliveries.values()) open.work[how](delivery);
      open.taken.push(taken);
    }
  }

  end(name: string, how: 'commit' | 'abort'): Promise<void> | undefined {
    const { work, taken } = this.open.get(name)!;
    this.open.delete(name);
    this.quota?.release(costOf(name));
    if (how === 'commit') return work.commit();
    work.abort();
    for (const { from, deliveries } of taken) from.restore(deliveries);
    return undefined;
  }

  /** The connection has ended. */
  close(): void {
    for (const [name, { work }] of this.open) {
      work.abort();
      this.quota?.release(costOf(name));
    }
    this.open.clear();
  }
}

function costOf(name: string): number {
  return OVERHEAD + name.length;
}
