// What the server is apart from its port: the broker, the methods, the sessions. Every protocol meets here.

import { type ByteStream, jsonHeaders, type MessageChannel, RpcError, systemClock } from '@sallyport/core';
import {
  type Delivery,
  EmbeddedBroker,
  type EmbeddedLink,
  isRequestQueue,
  privateRequestQueue,
  requestQueue,
} from '@sallyport/core/broker';
import { BrokerRpc, ErrorCode, type Methods, MethodTable, requestText } from '@sallyport/core/jsonrpc';
import {
  type HeartBeatOptions,
  MessageEncoder,
  serveStomp,
  type StompServerConnection,
  type StompServerOptions,
} from '@sallyport/core/stomp';
import { isNothing } from './access.js';
import { builtInMethods } from './built-in-methods.js';
import { endAndClose, type Served } from './drain.js';
import type { Arrival } from './arrival.js';
import { Entrance } from './entrance.js';
import { HttpRequests } from './http-requests.js';
import { serveJsonRpc } from './json-rpc-connection.js';
import { loginMethod } from './json-rpc-login.js';
import { OvirtHost } from './ovirt/host.js';
import type { OvirtDialect } from './ovirt/names.js';
import { defaultServerLimits } from './limits.js';
import type { LoginOptions } from './login.js';
import { Rights } from './rights.js';
import { ServiceCalls } from './service-calls.js';
import type { Session } from './session.js';

export interface HubOptions extends LoginOptions, HeartBeatOptions {
  /**
   * Serves clients of oVirt's dialect, too, as if this were one of its hosts. Each connection is told by what it says first;
   * those of ours are served as ever. Default: STOMP as the standard has it, alone.
   */
  dialect?: OvirtDialect | undefined;
  /** Default time for an answer to a call of this side, milliseconds. */
  timeout?: number | undefined;
  /**
   * Told of what handlers throw that is no RpcError, with the method; and that `authenticate` or `authorize` threw, but not
   * what: it might name a secret.
   */
  onError?: ((error: Error, method: string) => void) | undefined;
}

export class Hub {
  readonly broker: EmbeddedBroker;
  readonly methods = new MethodTable();
  /** Lets requests by HTTP in, and answers them. */
  readonly requests: HttpRequests;
  private readonly entrance: Entrance;
  private readonly rights: Rights;
  private readonly link: EmbeddedLink;
  private readonly rpc: BrokerRpc;
  private readonly messages = new MessageEncoder();
  private readonly serviceCalls: ServiceCalls;
  private readonly ovirt: OvirtHost | undefined;

  constructor(private readonly options: HubOptions) {
    const { limits, clock, wallClock, authorize } = options;
    const undeliverable = (delivery: Delivery): boolean => this.refuse(delivery);
    this.broker = new EmbeddedBroker({ limits, clock, wallClock, undeliverable });
    this.link = this.broker.link();
    this.serviceCalls = new ServiceCalls(clock ?? systemClock);
    this.entrance = new Entrance(options, this.broker.quotas);
    this.rights = new Rights(authorize);
    this.methods.add(
      builtInMethods({
        methods: this.methods,
        broker: this.broker,
        permit: (session, destination) => this.rights.permit(session, 'subscribe', destination),
        renew: (session, given) => this.entrance.renew(session, given),
      }),
      true,
    );
    this.rpc = new BrokerRpc(this.link, {
      ...this.rpcOptions(),
      methods: this.methods,
      authorize:
        authorize &&
        (({ principal, session }, method) =>
          // Whoever says anew who it is will be asked about by that.
          method === loginMethod || authorize({ principal, session: session as Session, action: 'call', method })),
      callerOf: (delivery) => (delivery.origin as Session | undefined) ?? this.self,
    });
    this.rpc.serve(requestQueue);
    const { dialect } = options;
    this.ovirt = dialect && this.host(dialect);
    // A host of oVirt has nothing but true to say where there is nothing to say.
    const nothing = dialect === undefined ? undefined : true;
    this.requests = new HttpRequests(
      this.entrance,
      this.rpc.dispatcher,
      { ...defaultServerLimits, ...limits },
      nothing,
    );
  }

  /** Those that have been let in, requests by HTTP excepted. */
  get sessions(): ReadonlySet<Session> {
    return this.entrance.sessions;
  }

  /** All connections, let in or not, except by HTTP. */
  get connections(): ReadonlyMap<Session, Served> {
    return this.entrance.connections;
  }

  implement(methods: Methods): void {
    this.methods.add(methods);
  }

  emit(name: string, data?: unknown): void {
    // Whoever emits by a timer need not stop it first: there is nobody any more who could miss anything.
    if (this.link.state === 'closed') return;
    void this.link.send({
      destination: '/topic/' + name,
      headers: jsonHeaders,
      body: requestText(undefined, name, data),
    });
  }

  /** All connections, in the order in which they are best told to go: services last, as others may still need them. */
  inLeavingOrder(): Served[] {
    const rank = ({ session }: Served): number => Number(this.serviceCalls.isService(session));
    return [...this.connections.values()].sort((one, other) => rank(one) - rank(other));
  }

  /** Whether an answer would be lost if this connection ended now. */
  isBusy(session: Session): boolean {
    return session.running.size > 0 || session.asked > 0 || this.serviceCalls.need(session);
  }

  /** Serves a connection that speaks STOMP, until it ends. */
  async serveStomp(stream: ByteStream, arrival: Arrival): Promise<Error | undefined> {
    const { origin } = arrival;
    const session = this.entrance.session(origin);
    let spoken: StompServerConnection | undefined;
    const connection = this.entrance.enter(session, arrival, {
      // Who has not said CONNECT is told nothing.
      end: (reason) => (spoken === undefined ? void stream.close() : spoken.fail(reason)),
      close: (reason) => stream.close(reason),
    });
    let link: EmbeddedLink | undefined;
    const options: StompServerOptions = {
      ...this.options,
      sessionId: session.id,
      opened: arrival.opened,
      server: 'Sallyport',
      messages: this.messages,
      quota: session.quota,
      // Messages of WebSocket have an end of their own.
      eolAfterFrames: origin.transport === 'tcp',
      permit: (action, message) => {
        this.serviceCalls.note(session, action, message);
        return this.rights.ask(session, link!, action, message);
      },
      authenticate: async (headers, stomp) => {
        spoken = stomp;
        // It was let in before it was known which dialect it speaks.
        if (link !== undefined) return link;
        const said = { login: headers.get('login'), passcode: headers.get('passcode'), token: headers.get('token') };
        await this.entrance.admit(connection, isNothing(said) ? arrival.given : said);
        link = this.broker.link({
          origin: session,
          quota: session.quota,
          // Whoever speaks now: it may have been handed over since it was let in.
          unsubscribedReply: (delivery) => spoken?.deliverUnsubscribed(delivery),
          replied: (delivery) => this.serviceCalls.replied(session, delivery),
        });
        this.attach(connection, link);
        return link;
      },
    };
    const { ovirt } = this;
    const isPlainStream = origin.transport === 'tcp';
    const outcome = await (ovirt && isPlainStream
      ? ovirt.serve(stream, session, options)
      : serveStomp(stream, options));
    await link?.close();
    this.entrance.leave(session);
    this.serviceCalls.leave(session);
    this.rpc.dispatcher.leave(session, outcome ?? new Error('the connection ended'));
    return outcome;
  }

  /** Serves a connection that speaks bare JSON-RPC, until it ends. */
  serveJsonRpc(channel: MessageChannel, arrival: Arrival): Promise<Error | undefined> {
    const { dispatcher } = this.rpc;
    return serveJsonRpc(channel, arrival, { entrance: this.entrance, dispatcher, options: this.rpcOptions() });
  }

  async close(): Promise<void> {
    await this.entrance.close();
    this.rpc.close();
    await this.link.close();
    this.broker.close();
  }

  private host(dialect: OvirtDialect): OvirtHost {
    const { broker, rights } = this;
    const { clock, limits, authenticate } = this.options;
    const { dispatcher } = this.rpc;
    return new OvirtHost({ dialect, broker, dispatcher, rights, asksWho: authenticate !== undefined, clock, limits });
  }

  private readonly self = { running: new Map() };

  private rpcOptions() {
    const { limits, clock, timeout, onError } = this.options;
    return { limits, clock, timeout, onError };
  }

  /** Gives a session its way back: requests to the private queue that the connection has subscribed. */
  private attach(connection: Served, link: EmbeddedLink): void {
    const { session } = connection;
    let rpc: BrokerRpc | undefined;
    const caller = () => (rpc ??= new BrokerRpc(this.broker.link(), this.rpcOptions()));
    const address = (): string => {
      const found = link.addressOf(privateRequestQueue);
      if (found === undefined) throw new RpcError(ErrorCode.methodNotFound, 'this client implements no methods');
      return found;
    };
    session.onEnd(() => rpc?.close());
    session.attach({
      call: async (method, params, options) => caller().call(address(), method, params, options),
      notify: async (method, params) => caller().notify(address(), method, params),
      close: (reason) => endAndClose(connection, reason),
    });
    this.entrance.sessions.add(session);
  }

  /** A request for a service that nobody serves is answered at once, rather than left to its time-out. */
  private refuse(delivery: Delivery): boolean {
    if (!isRequestQueue(delivery.destination)) return false;
    this.rpc.refuse(
      delivery,
      new RpcError(ErrorCode.methodNotFound, 'Method not found', `nobody serves ${delivery.destination}`),
    );
    return true;
  }
}
