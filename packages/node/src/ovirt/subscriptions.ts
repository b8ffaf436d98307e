// Who of vdsm's dialect listens to what. One table for the whole server, and so every destination is a topic: whoever
// subscribes a name gets what is sent to it, somebody else's answers included.

/** One subscription of one connection. */
export interface OvirtSubscription {
  readonly destination: string;
  /** Sends a message of JSON to the subscriber. */
  deliver(text: string): void;
  /** Passes on what another client has sent, with its headers. */
  forward(headers: readonly string[], body: string | Uint8Array): void;
}

export class OvirtSubscriptions {
  private readonly byDestination = new Map<string, Set<OvirtSubscription>>();

  get isEmpty(): boolean {
    return this.byDestination.size === 0;
  }

  add(subscription: OvirtSubscription): void {
    const { destination } = subscription;
    const others = this.byDestination.get(destination);
    if (others === undefined) this.byDestination.set(destination, new Set([subscription]));
    else others.add(subscription);
  }

  remove(subscription: OvirtSubscription): void {
    const { destination } = subscription;
    const all = this.byDestination.get(destination);
    all?.delete(subscription);
    if (all?.size === 0) this.byDestination.delete(destination);
  }

  /** Those of exactly this name: answers and events go to them. */
  at(destination: string): readonly OvirtSubscription[] {
    return [...(this.byDestination.get(destination) ?? [])];
  }

  /** Those that what a client sends to this name goes to: `a` gets what is for `a.b`, but `a.b` not what is for `a`. */
  above(destination: string): readonly OvirtSubscription[] {
    const found: OvirtSubscription[] = [];
    for (let name = destination; name !== ''; name = name.slice(0, Math.max(0, name.lastIndexOf('.')))) {
      found.push(...this.at(name));
    }
    return found;
  }
}
