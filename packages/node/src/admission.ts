// How many connections there may be: in all, from one address, and before they have said who they are.

export interface AdmissionLimits {
  /** Open connections. Default 10 000. */
  connections: number;
  /** Open connections from one address. Default 500. */
  connectionsPerAddress: number;
  /** Open connections that have not authenticated yet. Default 1000. */
  unauthenticated: number;
}

export const defaultAdmission: AdmissionLimits = {
  connections: 10_000,
  connectionsPerAddress: 500,
  unauthenticated: 1000,
};

/** A connection's place among the others. Doing something twice is doing it once. */
export interface Ticket {
  /** Its peer is known, so it no longer counts among the strangers. */
  authenticated(): void;
  /** It is closed. */
  leave(): void;
}

export class Admission {
  private readonly limits: AdmissionLimits;
  private readonly addresses = new Map<string, number>();
  private all = 0;
  private strangers = 0;

  constructor(limits: Partial<AdmissionLimits> = {}) {
    this.limits = { ...defaultAdmission, ...limits };
  }

  /** How many are open, and how many of them have not authenticated. */
  get counts(): { connections: number; unauthenticated: number } {
    return { connections: this.all, unauthenticated: this.strangers };
  }

  /** The limit that leaves no place for one more connection, if any. */
  full(address: string): keyof AdmissionLimits | undefined {
    const { connections, connectionsPerAddress, unauthenticated } = this.limits;
    if (this.all >= connections) return 'connections';
    if ((this.addresses.get(address) ?? 0) >= connectionsPerAddress) return 'connectionsPerAddress';
    if (this.strangers >= unauthenticated) return 'unauthenticated';
    return undefined;
  }

  limit(name: keyof AdmissionLimits): number {
    return this.limits[name];
  }

  enter(address: string): Ticket {
    this.all++;
    this.strangers++;
    this.addresses.set(address, (this.addresses.get(address) ?? 0) + 1);
    let known = false;
    let gone = false;
    const authenticated = (): void => {
      if (!known) this.strangers--;
      known = true;
    };
    const leave = (): void => {
      authenticated();
      if (!gone) this.release(address);
      gone = true;
    };
    return { authenticated, leave };
  }

  private release(address: string): void {
    this.all--;
    const left = this.addresses.get(address)! - 1;
    if (left === 0) this.addresses.delete(address);
    else this.addresses.set(address, left);
  }
}
