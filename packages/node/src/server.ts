// The server: one port, and behind it one hub. Everything here is wiring; each part has its own file.

import { once } from 'node:events';
import { createServer as createNetServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import {
  type ByteStream,
  type Clock,
  ConnectionError,
  RpcError,
  SallyportError,
  systemClock,
  Unfinished,
} from '@sallyport/core';
import type { Quota } from '@sallyport/core/broker';
import type { Contract } from '@sallyport/core/client';
import {
  ErrorCode,
  errorText,
  type Implementation,
  lineChannel,
  type LineOptions,
  type Methods,
  type UntypedMethods,
} from '@sallyport/core/jsonrpc';
import { type UpgradeSocket, webSocketUpgrade, type WebSocketServerLike } from '@sallyport/websocket/upgrade';
import { WebSocketServer } from 'ws';
import { Acceptor, type Accepted } from './acceptor.js';
import { type Arrival, arrivalOf } from './arrival.js';
import { selfSigned } from './certificate.js';
import { defaultPort } from './dial-url.js';
import { Drain, LAST_WORDS } from './drain.js';
import { loopbackHosts } from './http/host.js';
import type { RpcContext } from './http/rpc.js';
import { HttpServer } from './http/server.js';
import { Hub } from './hub.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { networkOf } from './network.js';
import { checkPems } from './pem.js';
import type { Outcomes } from './rejections.js';
import {
  checkDoors,
  checkDrainOptions,
  checkListenOptions,
  checkReach,
  checkServerOptions,
  type DrainOptions,
  isLoopback,
  type ListenOptions,
  type ServerOptions,
  xmlRpcPath,
} from './server-options.js';
import type { Session } from './session.js';
import { socketStream } from './tcp.js';
import { TlsGate, type TlsGateOptions } from './tls.js';

/** Makes a server; {@link Server.listen} opens its port. Throws a TypeError that names a wrong option. */
export function createServer<Principal>(options: ServerOptions<Principal> = {}): Server {
  checkServerOptions(options as ServerOptions);
  return new Server(options as ServerOptions);
}

/** Tells that connecting again will help (IANA's registry of close codes). */
const SERVICE_RESTART = 1012;

/** The longest that closing takes where nobody is in the way of it, milliseconds. */
const CLOSE_TIME = 3000;

/** Where a server can be reached. */
export interface ServerAddress {
  /** An IP address, as the system has it. */
  host: string;
  /** The port, which is another than asked for if that was 0. */
  port: number;
}

/** What {@link createServer} makes: one port for all protocols, with methods, events, and the connections there are. */
export class Server {
  private readonly hub: Hub;
  private readonly http: HttpServer;
  private acceptor: Acceptor | undefined;
  private net: NetServer | undefined;
  private gate: TlsGate | undefined;
  private closed = false;
  private closing: Promise<void> | undefined;
  private draining: Promise<void> | undefined;
  private drainage: Drain | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly clock: Clock;
  private readonly limits: ServerLimits;
  /** The names that are answered unless there is a list of them. */
  private usualHosts: readonly string[] | undefined;

  /** Takes options as they are; {@link createServer} looks whether they are right. */
  constructor(private readonly options: ServerOptions) {
    this.clock = options.clock ?? systemClock;
    this.limits = { ...defaultServerLimits, ...options.limits };
    this.hub = new Hub({ ...options, onError: options.onError ?? report });
    this.http = this.makeHttpServer();
  }

  /** The connections there are now, those by HTTP excepted. */
  get sessions(): ReadonlySet<Session> {
    return this.hub.sessions;
  }

  /** How many connections ended up where since the start: by protocol, or by why they were refused. */
  get outcomes(): Readonly<Outcomes> | undefined {
    return this.acceptor?.outcomes;
  }

  /** Where it listens; undefined while it does not. */
  get address(): ServerAddress | undefined {
    const address = this.net?.address() as AddressInfo | null | undefined;
    return address ? { host: address.address, port: address.port } : undefined;
  }

  /** The certificate that clients are shown, PEM, where this server made it up. */
  certificate: string | undefined;

  /**
   * Adds methods: `{ host: { getStats } }` is `host.getStats`. Throws a TypeError if one exists already. Params have the
   * types they are annotated with, or those of a contract: `implement<Api>({ … })`.
   */
  implement(methods: UntypedMethods): void;
  implement<Own extends Contract = never>(
    methods: [Own] extends [never] ? Methods : Implementation<NoInfer<Own>>,
  ): void;
  implement(methods: Methods): void {
    this.hub.implement(methods);
  }

  /**
   * Publishes an event to everybody who watches its name, a dotted one such as `vm.started`. Throws ProtocolError
   * `ERR_DESTINATION` for a name that is none. Does nothing once the server has been closed.
   */
  emit(name: string, data?: unknown): void {
    this.hub.emit(name, data);
  }

  /**
   * Opens the port. Rejects with a TypeError for wrong options, which has the code `ERR_INSECURE` where everybody could come in
   * from beyond this machine; with `ERR_LISTENING` or `ERR_CLOSED` at the wrong time; with Node's error if the port cannot be had.
   */
  async listen(options: ListenOptions = {}): Promise<ServerAddress> {
    checkListenOptions(options);
    const { port = defaultPort, host = '127.0.0.1' } = options;
    if (this.closed) throw new ConnectionError('ERR_CLOSED', 'listen: this server has been closed; make another');
    if (this.net !== undefined)
      throw new SallyportError('ERR_LISTENING', 'listen: this server listens already; make another for another port');
    checkReach(host, this.options);
    const net = (this.net = createNetServer({ noDelay: true }, (socket) => this.accept(socket)));
    try {
      this.gate = await this.makeGate();
      this.acceptor = this.makeAcceptor(this.gate);
      this.usualHosts = isLoopback(host) ? loopbackHosts : undefined;
      this.allow(this.options);
      net.listen({ port, host, backlog: 4096 });
      await once(net, 'listening');
    } catch (error) {
      this.net = undefined;
      throw error;
    }
    // Such as that there is no file descriptor left to accept with; without a listener it would end the process.
    net.on('error', (error) => this.options.log?.('warn', `the port: ${error.message}`));
    return this.address!;
  }

  /**
   * Takes another certificate and key, and another `ca`; connections there are keep theirs, and stay: `session.tls.ca` says by
   * which authorities they came. Throws a TypeError for what is none.
   */
  reloadTls(options: TlsGateOptions): void {
    checkPems(options, 'reloadTls');
    this.gate?.reload(options);
  }

  /**
   * Takes other lists of pages and names that are let in; connections there are stay. Throws a TypeError for one that could
   * never match, and changes nothing.
   */
  allow({ origins, allowedHosts }: Pick<ServerOptions, 'origins' | 'allowedHosts'>): void {
    checkDoors({ origins, allowedHosts }, 'allow');
    this.http.origins = origins;
    this.http.allowedHosts = allowedHosts ?? this.usualHosts;
  }

  /**
   * Empties the server, then closes it: no new connections; calls that are being worked on are answered; clients are told
   * to connect again, one after another, spread over the time. Whoever is still there when it is over is cut. Resolves when
   * all are closed; {@link close} ends it at once.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkDrainOptions(options);
    await (this.draining ??= this.empty(options.over ?? this.limits.drainTime));
  }

  /** Closes the port and all connections, for good. */
  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  /** As {@link close}: `await using server = …`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.acceptor!.accept(socket);
  }

  private async empty(over: number): Promise<void> {
    this.stopListening();
    let isHttpEmpty = false;
    void this.http.close().then(() => (isHttpEmpty = true));
    const { connections } = this.hub;
    const isBusy = (session: Session): boolean => this.hub.isBusy(session);
    const isEmpty = (): boolean => connections.size === 0 && isHttpEmpty;
    this.drainage = new Drain(this.hub.inLeavingOrder(), over, { isBusy, isEmpty }, this.clock);
    await this.drainage.done;
    // Whoever has not left has been told, and has had the time to hear it.
    if (connections.size > 0 && this.closing === undefined) this.destroy();
    await this.close();
  }

  private async end(): Promise<void> {
    const { net, drainage } = this;
    const closed = net && new Promise<void>((resolve) => net.close(() => resolve()));
    this.stopListening();
    drainage?.stop();
    // Before the hub: nothing must come to it any more by an upgrade.
    this.http.destroy();
    // Those that neither read nor close; who was being emptied has been told before.
    const alarm = this.clock.after(drainage === undefined ? CLOSE_TIME : LAST_WORDS, () => this.destroy());
    await this.hub.close();
    await closed;
    alarm.cancel();
    this.net = undefined;
  }

  private stopListening(): void {
    this.closed = true;
    this.net?.close();
    this.acceptor?.close();
  }

  private destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private async makeGate(): Promise<TlsGate | undefined> {
    const { tls } = this.options;
    if (tls === undefined) return undefined;
    if (typeof tls === 'object') return new TlsGate(tls);
    const pair = await selfSigned();
    this.certificate = pair.cert;
    return new TlsGate(pair);
  }

  private makeAcceptor(gate: TlsGate | undefined): Acceptor {
    const { tls, limits, clock, log, proxies, dialect } = this.options;
    const required = tls === 'required' || (typeof tls === 'object' && tls.required === true);
    return new Acceptor({
      isVdsm: dialect !== undefined,
      proxies,
      limits,
      clock,
      log,
      gate,
      tls: required ? 'required' : 'optional',
      handlers: {
        stomp: (accepted) => this.serveStomp(this.stream(accepted), arrivalOf(accepted, 'stomp', 'tcp')),
        jsonrpc: (accepted) => this.serveLines(this.stream(accepted), arrivalOf(accepted, 'jsonrpc', 'tcp')),
        http: (accepted) => this.http.adopt(accepted),
      },
    });
  }

  private makeHttpServer(): HttpServer {
    const { origins, page, limits, clock } = this.options;
    const webSockets = this.makeUpgrade();
    const arrivalBy = ({ accepted, headers, origin, signal }: RpcContext): Arrival =>
      arrivalOf(accepted, 'http', 'http', { origin, authorization: headers.authorization, gone: signal });
    const { requests } = this.hub;
    const path = xmlRpcPath(this.options);
    return new HttpServer({
      origins,
      page,
      limits,
      clock,
      onError: (error) => (this.options.onError ?? report)(error as Error, 'http'),
      share: ({ remoteAddress }) => this.hub.broker.quotas.open(networkOf(remoteAddress)),
      health: () => ({ status: 'ok', sessions: this.hub.sessions.size }),
      rpc: (context) => requests.admit(arrivalBy(context), context.accepted),
      xmlRpc:
        path === undefined
          ? undefined
          : { path, rpc: (context) => requests.admitXml(arrivalBy(context), context.accepted) },
      upgrade: (request, socket, head, accepted) => webSockets(accepted)(request, socket, head),
    });
  }

  private makeUpgrade(): (accepted: Accepted) => ReturnType<typeof webSocketUpgrade> {
    const { limits, clock } = this.options;
    const { body, frameHead, fragments } = { ...defaultServerLimits, ...limits };
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      // A frame with the largest body, in one message, and its headers.
      maxPayload: body + frameHead,
      maxFragments: fragments,
      // Of one message, while it comes in: each costs more than its bytes.
      maxBufferedChunks: 65_536,
      // They are answered by the channel, within bounds.
      autoPong: false,
      // For the client to close its side; the types do not know it yet.
      ...{ closeTimeout: 2000 },
    }) as unknown as WebSocketServerLike & { handleUpgrade(request: unknown, socket: UpgradeSocket): void };
    return (accepted) =>
      webSocketUpgrade({
        server,
        origins: this.http.origins,
        limits,
        clock,
        schedule: process.nextTick,
        firstMessages: Math.min(frameHead, body),
        closeCode: () => (this.drainage === undefined ? 1000 : SERVICE_RESTART),
        accept: (upgraded) => {
          const { authorization } = upgraded.request.headers;
          const words = { origin: upgraded.origin, authorization: authorization as string | undefined };
          const came = arrivalOf(accepted, upgraded.protocol ? 'stomp' : 'jsonrpc', 'websocket', words);
          // Before that it may have been served as HTTP for long.
          const arrival = { ...came, opened: this.clock.now() };
          const admitted = (quota?: Quota): void => {
            upgraded.admitted(quota);
            arrival.admitted();
          };
          if (upgraded.protocol !== undefined) this.serveStomp(upgraded.stream, { ...arrival, admitted });
          else void this.hub.serveJsonRpc(upgraded.messages, { ...arrival, admitted });
        },
      });
  }

  private stream({ socket }: Accepted): ByteStream {
    const { clock, limits } = this.options;
    return socketStream(socket, { clock, limits });
  }

  private serveStomp(stream: ByteStream, arrival: Arrival): void {
    void this.hub.serveStomp(stream, arrival);
  }

  /** Until it is known who it is, a line may not be longer than a login. */
  private serveLines(stream: ByteStream, arrival: Arrival): void {
    const { limits, clock } = this;
    const reach: LineOptions = { body: Math.min(limits.frameHead, limits.body) };
    const channel = lineChannel(stream, reach);
    const admitted = (quota?: Quota): void => {
      reach.body = limits.body;
      reach.unfinished ??= new Unfinished({
        quota,
        clock,
        limits,
        what: 'line',
        onStall: ({ message }) => {
          void channel.send(errorText(null, new RpcError(ErrorCode.overloaded, message)));
          void channel.close();
        },
      });
      arrival.admitted();
    };
    void this.hub.serveJsonRpc(channel, { ...arrival, admitted });
  }
}

/** What a handler throws is told to nobody else: its caller hears of an internal error. */
function report(error: Error, method: string): void {
  console.error(`sallyport: ${method} failed (option onError):`, error);
}
