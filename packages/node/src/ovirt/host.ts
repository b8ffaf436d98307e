// A server as a vdsm host: what all connections of that dialect share, and the way that events come to them.

import { type ByteStream, type Clock, systemClock } from '@sallyport/core';
import type { Delivery, EmbeddedBroker } from '@sallyport/core/broker';
import { type Dispatcher, jsonOf, requestText } from '@sallyport/core/jsonrpc';
import type { StompServerOptions } from '@sallyport/core/stomp';
import { defaultServerLimits, type ServerLimits } from '../limits.js';
import type { Rights } from '../rights.js';
import type { Session } from '../session.js';
import { serveBothDialects } from './connection.js';
import { eventNameText, readEventName } from './event-name.js';
import { namesOf, type OvirtDialect, type OvirtNames } from './names.js';
import { OvirtSubscriptions } from './subscriptions.js';

export interface OvirtHostOptions {
  dialect: OvirtDialect;
  broker: EmbeddedBroker;
  dispatcher: Dispatcher;
  rights: Rights;
  /** Whether somebody is asked who comes. */
  asksWho: boolean;
  clock?: Clock | undefined;
  limits?: Partial<ServerLimits> | undefined;
}

export class OvirtHost {
  private readonly names: OvirtNames;
  private readonly subscriptions = new OvirtSubscriptions();
  private readonly clock: Clock;
  private readonly limits: ServerLimits;

  constructor(private readonly options: OvirtHostOptions) {
    this.names = namesOf(options.dialect);
    this.clock = options.clock ?? systemClock;
    this.limits = { ...defaultServerLimits, ...options.limits };
    options.broker.link().subscribe('/topic/#', (delivery) => this.event(delivery));
  }

  /** Serves a connection of either dialect until it ends. */
  serve(stream: ByteStream, session: Session, stomp: StompServerOptions): Promise<Error | undefined> {
    const { names, subscriptions, clock, limits } = this;
    const { dispatcher, rights, asksWho } = this.options;
    return serveBothDialects(stream, {
      stomp,
      names,
      subscriptions,
      dispatcher,
      caller: session,
      permit: (action, destination) => rights.permit(session, action, destination),
      needsNoConnect: !asksWho || session.peerCertificate !== undefined,
      secure: session.secure,
      clock,
      limits,
    });
  }

  /** An event with a name of vdsm's form goes to whoever of its clients listens, too; the receiver is for them to fill in. */
  private event(delivery: Delivery): void {
    const name = readEventName(delivery.destination.slice('/topic/'.length));
    if (name === undefined) return;
    const listeners = this.subscriptions.at(this.names.events);
    if (listeners.length === 0) return;
    const { params } = (jsonOf(delivery) ?? {}) as { params?: unknown };
    const told = typeof params === 'object' && params !== null && !Array.isArray(params) ? params : { data: params };
    const text = requestText(undefined, eventNameText({ ...name, receiver: '' }), {
      ...told,
      notify_time: Math.round(this.clock.now()),
    });
    for (const listener of listeners) listener.deliver(text);
  }
}
