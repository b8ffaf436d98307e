// How many connections there may be: in all, from one address, and before they have said who they are.

import type { ServerLimits } from './limits.js';
import { networkOf } from './network.js';

export type AdmissionLimits = Pick<ServerLimits, 'connections' | 'connectionsPerAddress' | 'unauthenticated'>;

/** A connection's place among the others. Doing something twice is doing it once. */
export interface Ticket {
  /** It came through a proxy, from an address that is known only now; returns the limit that leaves no place for it. */
  locate(address: string): 'connectionsPerAddress' | undefined;
  /** Its peer is known, so it no longer counts among the strangers. */
  authenticated(): void;
  /** It is closed. */
  leave(): void;
}

export class Admission {
  private readonly networks = new Map<string, number>();
  private all = 0;
  private strangers = 0;

  constructor(private readonly limits: AdmissionLimits) {}

  /** How many are open, and how many of them have not authenticated. */
  get counts(): { connections: number; unauthenticated: number } {
    return { connections: this.all, unauthenticated: this.strangers };
  }

  /** The limit that leaves no place for one more connection, if any; without an address, before that is known. */
  full(address?: string): keyof AdmissionLimits | undefined {
    const { connections, unauthenticated } = this.limits;
    if (this.all >= connections) return 'connections';
    if (address !== undefined && this.isCrowded(address)) return 'connectionsPerAddress';
    if (this.strangers >= unauthenticated) return 'unauthenticated';
    return undefined;
  }

  enter(address?: string): Ticket {
    this.all++;
    this.strangers++;
    let place = address;
    if (place !== undefined) this.count(place, 1);
    let known = false;
    let gone = false;
    const authenticated = (): void => {
      if (!known) this.strangers--;
      known = true;
    };
    const leave = (): void => {
      authenticated();
      if (gone) return;
      gone = true;
      this.all--;
      if (place !== undefined) this.count(place, -1);
    };
    const locate = (found: string): 'connectionsPerAddress' | undefined => {
      if (this.isCrowded(found)) return 'connectionsPerAddress';
      place = found;
      this.count(place, 1);
      return undefined;
    };
    return { authenticated, leave, locate };
  }

  private isCrowded(address: string): boolean {
    return (this.networks.get(networkOf(address)) ?? 0) >= this.limits.connectionsPerAddress;
  }

  private count(address: string, more: 1 | -1): void {
    const network = networkOf(address);
    const count = (this.networks.get(network) ?? 0) + more;
    if (count === 0) this.networks.delete(network);
    else this.networks.set(network, count);
  }
}
