// Everybody's share of what may be kept for them: a connection's within that of its address within that of all.

import type { Limits } from '../limits.js';
import { Quota } from './quota.js';

export type QuotaLimits = Pick<Limits, 'clientQueuedBytes' | 'addressQueuedBytes' | 'queuedBytes'>;

/** The share of one connection. */
export interface Share {
  readonly quota: Quota;
  /** The connection has ended; what is still kept for it goes on being counted. */
  close(): void;
}

export class Quotas {
  /** That of all together. */
  readonly all: Quota;
  /** By address, with how many connections it has. */
  private readonly addresses = new Map<string, { quota: Quota; connections: number }>();

  constructor(private readonly limits: QuotaLimits) {
    this.all = new Quota('queuedBytes', limits.queuedBytes);
  }

  /** The share of a connection that has come, from an address if there is one. */
  open(address?: string): Share {
    const parent = address === undefined ? this.all : this.enter(address);
    const quota = new Quota('clientQueuedBytes', this.limits.clientQueuedBytes, parent);
    return { quota, close: () => address !== undefined && this.leave(address) };
  }

  private enter(address: string): Quota {
    let entry = this.addresses.get(address);
    if (entry === undefined) {
      // Now and then, so that the cost of each connection stays constant.
      if (this.addresses.size % 1000 === 999) this.dropUnused();
      const quota = new Quota('addressQueuedBytes', this.limits.addressQueuedBytes, this.all);
      this.addresses.set(address, (entry = { quota, connections: 0 }));
    }
    entry.connections++;
    return entry.quota;
  }

  private leave(address: string): void {
    const entry = this.addresses.get(address)!;
    if (--entry.connections === 0 && entry.quota.used === 0) this.addresses.delete(address);
  }

  private dropUnused(): void {
    for (const [address, { quota, connections }] of this.addresses) {
      if (connections === 0 && quota.used === 0) this.addresses.delete(address);
    }
  }
}
