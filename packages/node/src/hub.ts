// What the server is apart from its port: the broker, the methods, the sessions. Every protocol meets here.

import {
  AuthError,
  type ByteStream,
  type Clock,
  defaultLimits,
  jsonHeaders,
  type Limits,
  type MessageChannel,
  randomName,
  RpcError,
  systemClock,
  TimeoutError,
} from '@sallyport/core';
import {
  EmbeddedBroker,
  type EmbeddedLink,
  isRequestQueue,
  type Message,
  privateRequestQueue,
  requestQueue,
} from '@sallyport/core/broker';
import {
  BrokerRpc,
  ErrorCode,
  idOf,
  jsonOf,
  JsonRpcPeer,
  type Methods,
  MethodTable,
  parseJson,
  errorText,
  requestText,
} from '@sallyport/core/jsonrpc';
import { type HeartBeatOptions, MessageEncoder, serveStomp } from '@sallyport/core/stomp';
import { admit, type Authenticate, type Authorize, type Credentials, permit } from './access.js';
import { builtInMethods } from './built-in-methods.js';
import { type Origin, Session } from './session.js';

export interface HubOptions extends HeartBeatOptions {
  authenticate?: Authenticate | undefined;
  authorize?: Authorize | undefined;
  limits?: Partial<Limits> | undefined;
  clock?: Clock | undefined;
  /** Default time for an answer to a call of this side, milliseconds. */
  timeout?: number | undefined;
  /** Told of what handlers throw that is no RpcError. */
  onError?: ((error: Error, method: string) => void) | undefined;
}

/** What is known of an HTTP request beside its text. */
export interface Visit {
  /** Aborted when the client leaves before its answer. */
  readonly signal: AbortSignal;
  /** To be called once the client is known. */
  authenticated(): void;
}

export class Hub {
  readonly broker: EmbeddedBroker;
  readonly sessions = new Set<Session>();
  readonly methods = new MethodTable();
  /** All that is being served, whether it has been let in or not. */
  private readonly connections = new Set<{ close(): Promise<void> }>();
  private readonly link: EmbeddedLink;
  private readonly rpc: BrokerRpc;
  private readonly messages = new MessageEncoder();

  constructor(private readonly options: HubOptions) {
    const { limits, clock } = options;
    this.broker = new EmbeddedBroker({ limits, clock, undeliverable: (delivery) => this.refuse(delivery) });
    this.link = this.broker.link();
    this.methods.add(
      builtInMethods(this.methods, this.broker, (session, destination) =>
        this.permit(session, 'subscribe', destination),
      ),
    );
    const { authorize } = options;
    this.rpc = new BrokerRpc(this.link, {
      ...this.rpcOptions(),
      methods: this.methods,
      authorize:
        authorize &&
        ((caller, method) =>
          authorize({ principal: caller.principal, session: caller as Session, action: 'call', method })),
      callerOf: (delivery) => (delivery.origin as Session | undefined) ?? this.self,
    });
    this.rpc.serve(requestQueue);
  }

  implement(methods: Methods): void {
    this.methods.add(methods);
  }

  emit(name: string, data?: unknown): void {
    this.link.send({ destination: '/topic/' + name, headers: jsonHeaders, body: requestText(undefined, name, data) });
  }

  /** Serves a connection that speaks STOMP, until it ends. */
  async serveStomp(stream: ByteStream, came: Origin, admitted: () => void): Promise<Error | undefined> {
    const session = new Session(randomName(), came);
    this.connections.add(stream);
    const { options } = this;
    let link: EmbeddedLink | undefined;
    const outcome = await serveStomp(stream, {
      ...options,
      limits: options.limits,
      clock: options.clock,
      sessionId: session.id,
      server: 'Sallyport',
      messages: this.messages,
      permit: (action, message) => this.mayDo(session, link!, action, message),
      authenticate: async (headers, connection) => {
        session.principal = await this.admit(came, {
          login: headers.get('login'),
          passcode: headers.get('passcode'),
          token: headers.get('token'),
        });
        link = this.broker.link({
          origin: session,
          unsubscribedReply: (delivery) => connection.deliverUnsubscribed(delivery),
        });
        admitted();
        this.attach(session, link, stream);
        return link;
      },
    });
    this.connections.delete(stream);
    this.leave(session, outcome);
    return outcome;
  }

  /** Serves a connection that speaks bare JSON-RPC, until it ends. */
  async serveJsonRpc(channel: MessageChannel, came: Credentials, admitted: () => void): Promise<Error | undefined> {
    const session = new Session(randomName(), came);
    this.connections.add(channel);
    try {
      session.principal = await this.admit(came, {});
    } catch (error) {
      this.connections.delete(channel);
      void channel.send(errorText(null, new RpcError(ErrorCode.forbidden, (error as Error).message)));
      await channel.close();
      return error as Error;
    }
    admitted();
    const peer = new JsonRpcPeer(channel, { ...this.rpcOptions(), dispatcher: this.rpc.dispatcher, caller: session });
    session.attach({
      call: (method, params, options) => peer.call(method, params, options),
      notify: (method, params) => peer.notify(method, params),
      forward: (text) => void channel.send(text),
      close: (reason) => channel.close(reason),
    });
    this.sessions.add(session);
    const outcome = await peer.run();
    this.connections.delete(channel);
    this.leave(session, outcome);
    return outcome;
  }

  /** Answers one text that came by HTTP. Rejects with AuthError if the credentials are refused. */
  async answer(
    text: string,
    came: Origin,
    credentials: Partial<Credentials>,
    visit: Visit,
  ): Promise<string | undefined> {
    const session = new Session(randomName(), came);
    session.principal = await this.admit(came, credentials);
    visit.authenticated();
    visit.signal.addEventListener('abort', () => this.rpc.dispatcher.leave(session, new Error('the client has left')));
    let message: unknown;
    try {
      message = parseJson(text);
    } catch (error) {
      return errorText(null, error);
    }
    return this.rpc.dispatcher.receive(message, session);
  }

  async close(): Promise<void> {
    await Promise.all([...this.connections].map((connection) => connection.close()));
    this.rpc.close();
    await this.link.close();
  }

  private readonly self = { running: new Map() };

  private rpcOptions() {
    const { limits, clock, timeout, onError } = this.options;
    return { limits, clock, timeout, onError };
  }

  /** Asks who it is. Whoever answers that may be slow, or never answer: then the connection is not kept for it. */
  private admit(came: Origin, credentials: Partial<Credentials>): Promise<unknown> {
    const { authenticate, limits, clock = systemClock } = this.options;
    if (authenticate === undefined) return Promise.resolve();
    const time = limits?.connectTime ?? defaultLimits.connectTime;
    return new Promise((resolve, reject) => {
      const alarm = clock.after(time, () => {
        reject(new TimeoutError('ERR_CONNECT_TIME', `authenticate took longer than ${time} ms (limits.connectTime)`));
      });
      admit(authenticate, { ...came, ...credentials })
        .finally(() => alarm.cancel())
        .then(resolve, reject);
    });
  }

  /** What a connection may send and subscribe. A call that it may not make is answered; anything else ends it. */
  private mayDo(
    session: Session,
    link: EmbeddedLink,
    action: 'send' | 'subscribe',
    message: Message,
  ): Promise<void | 'answered'> | undefined {
    const { destination, replyTo } = message;
    const isServiceCall = action === 'send' && destination !== requestQueue && isRequestQueue(destination);
    const isAnswerable = isServiceCall && replyTo !== undefined && this.options.authorize !== undefined;
    return isAnswerable ? this.permitCall(session, link, message) : this.permit(session, action, destination);
  }

  private async permitCall(session: Session, link: EmbeddedLink, message: Message): Promise<void | 'answered'> {
    try {
      await this.permit(session, 'send', message.destination);
    } catch {
      const refusal = errorText(idOf(jsonOf(message)), new RpcError(ErrorCode.forbidden, 'not allowed'));
      link.send({ destination: message.replyTo!, headers: jsonHeaders, body: refusal });
      return 'answered';
    }
  }

  private permit(session: Session, action: 'send' | 'subscribe', destination: string): Promise<void> | undefined {
    const { authorize } = this.options;
    const isRequests = isRequestQueue(destination);
    // Calls of the server's own methods are asked for by method; those of a service by the queue of its requests.
    if (destination === requestQueue && action === 'send') return undefined;
    // The server's own methods are its own to serve.
    if (destination === requestQueue)
      throw new AuthError('ERR_FORBIDDEN', `not allowed: serve ${requestQueue}; a service has a name of its own`);
    if (destination.startsWith('/temp-queue/') || destination.startsWith('/reply-queue/')) return undefined;
    const wanted = isRequests && action === 'subscribe' ? 'serve' : action;
    return permit(authorize, { principal: session.principal, session, action: wanted, destination });
  }

  /** Gives a session its way back: requests to the private queue that the connection has subscribed. */
  private attach(session: Session, link: EmbeddedLink, stream: ByteStream): void {
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
      close: (reason) => stream.close(reason),
    });
    this.sessions.add(session);
  }

  private leave(session: Session, reason: Error | undefined): void {
    this.sessions.delete(session);
    session.detach();
    this.rpc.dispatcher.leave(session, reason ?? new Error('the connection ended'));
  }

  /** A request for a service that nobody serves is answered at once, rather than left to its time-out. */
  private refuse(delivery: Parameters<BrokerRpc['refuse']>[0]): boolean {
    if (!isRequestQueue(delivery.destination)) return false;
    this.rpc.refuse(
      delivery,
      new RpcError(ErrorCode.methodNotFound, 'Method not found', `nobody serves ${delivery.destination}`),
    );
    return true;
  }
}
