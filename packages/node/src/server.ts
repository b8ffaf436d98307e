// The server: one port, and behind it one hub. Everything here is wiring; each part has its own file.

import { once } from 'node:events';
import { createServer as createNetServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { type ByteStream, defaultLimits, type MessageChannel } from '@sallyport/core';
import type { Contract } from '@sallyport/core/client';
import { type Implementation, lineChannel, type Methods, type UntypedMethods } from '@sallyport/core/jsonrpc';
import { type UpgradeSocket, webSocketUpgrade, type WebSocketServerLike } from '@sallyport/websocket/upgrade';
import { WebSocketServer } from 'ws';
import { readAuthorization } from './access.js';
import { Acceptor, type Accepted, type Outcomes } from './acceptor.js';
import { selfSigned } from './certificate.js';
import { defaultPort } from './dial-url.js';
import { loopbackHosts } from './http/host.js';
import { HttpServer } from './http/server.js';
import { Hub } from './hub.js';
import {
  checkListenOptions,
  checkServerOptions,
  isLoopback,
  type ListenOptions,
  type ServerOptions,
} from './server-options.js';
import type { Origin, Session } from './session.js';
import { socketStream } from './tcp.js';
import { TlsGate, type TlsGateOptions } from './tls.js';

/** Makes a server; {@link Server.listen} opens its port. Throws a TypeError that names a wrong option. */
export function createServer(options: ServerOptions = {}): Server {
  checkServerOptions(options);
  return new Server(options);
}

/** Where a server can be reached. */
export interface ServerAddress {
  host: string;
  port: number;
}

export class Server {
  private readonly hub: Hub;
  private readonly http: HttpServer;
  private acceptor: Acceptor | undefined;
  private net: NetServer | undefined;
  private gate: TlsGate | undefined;
  private closed = false;

  constructor(private readonly options: ServerOptions) {
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

  /** Publishes an event to everybody who watches its name, a dotted one such as `vm.started`. */
  emit(name: string, data?: unknown): void {
    this.hub.emit(name, data);
  }

  /** Opens the port. Throws a TypeError for wrong options; rejects with Node's error if the port cannot be had. */
  async listen(options: ListenOptions = {}): Promise<ServerAddress> {
    checkListenOptions(options);
    const { port = defaultPort, host = '127.0.0.1' } = options;
    if (this.closed) throw new Error('listen: this server has been closed; make another');
    if (this.net !== undefined) throw new Error('listen: this server listens already');
    if (!isLoopback(host) && this.options.authenticate === undefined && this.options.insecure !== true) {
      throw new TypeError(
        `listen: ${host} is beyond this machine and there is no option authenticate; set insecure to allow that`,
      );
    }
    const net = (this.net = createNetServer({ noDelay: true }, (socket) => this.acceptor!.accept(socket)));
    try {
      this.gate = await this.makeGate();
      this.acceptor = this.makeAcceptor(this.gate);
      this.http.allowedHosts = this.options.allowedHosts ?? (isLoopback(host) ? loopbackHosts : undefined);
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

  /** Takes another certificate and key; connections there are keep theirs. */
  reloadTls(options: TlsGateOptions): void {
    this.gate?.reload(options);
  }

  /** Closes the port and all connections, for good. */
  async close(): Promise<void> {
    this.closed = true;
    const { net } = this;
    const closed = net && new Promise<void>((resolve) => net.close(() => resolve()));
    this.acceptor?.close();
    // Before the hub: nothing must come to it any more by an upgrade.
    this.http.destroy();
    await this.hub.close();
    await closed;
    this.net = undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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
    const { tls, limits, sniffTime, handshakeTime, clock, log } = this.options;
    const required = tls === 'required' || (typeof tls === 'object' && tls.required === true);
    const { connections, connectionsPerAddress, unauthenticated } = limits ?? {};
    return new Acceptor({
      connections,
      connectionsPerAddress,
      unauthenticated,
      sniffTime,
      handshakeTime,
      clock,
      log,
      gate,
      tls: required ? 'required' : 'optional',
      handlers: {
        stomp: (accepted) => this.serveStomp(this.stream(accepted), came(accepted, 'stomp', 'tcp'), accepted),
        jsonrpc: (accepted) =>
          this.serveJsonRpc(
            lineChannel(this.stream(accepted), this.options.limits),
            came(accepted, 'jsonrpc', 'tcp'),
            accepted,
          ),
        http: (accepted) => this.http.adopt(accepted),
      },
    });
  }

  private makeHttpServer(): HttpServer {
    const { origins, page, limits, clock, headTime, requestTime, keepAliveTime } = this.options;
    const webSockets = this.makeUpgrade();
    return new HttpServer({
      origins,
      page,
      limits,
      clock,
      headTime,
      requestTime,
      keepAliveTime,
      onError: (error) => (this.options.onError ?? report)(error as Error, 'http'),
      health: () => ({ status: 'ok', sessions: this.hub.sessions.size }),
      rpc: (text, context) => {
        const { signal, authenticated } = context;
        const origin = { ...came(context, 'http', 'http'), origin: context.origin };
        return this.hub.answer(text, origin, readAuthorization(context.headers.authorization), {
          signal,
          authenticated,
        });
      },
      upgrade: (request, socket, head, accepted) => webSockets(accepted)(request, socket, head),
    });
  }

  private makeUpgrade(): (accepted: Accepted) => ReturnType<typeof webSocketUpgrade> {
    const { origins, limits, clock } = this.options;
    const server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      clientTracking: false,
      // A frame with the largest body, in one message, and its headers.
      maxPayload: (limits?.body ?? defaultLimits.body) + (limits?.frameHead ?? defaultLimits.frameHead),
    }) as unknown as WebSocketServerLike & { handleUpgrade(request: unknown, socket: UpgradeSocket): void };
    return (accepted) =>
      webSocketUpgrade({
        server,
        origins,
        limits,
        clock,
        schedule: process.nextTick,
        accept: (upgraded) => {
          const origin = {
            ...came(accepted, upgraded.protocol ? 'stomp' : 'jsonrpc', 'websocket'),
            origin: upgraded.origin,
          };
          if (upgraded.protocol !== undefined) this.serveStomp(upgraded.stream, origin, accepted);
          else
            this.serveJsonRpc(
              upgraded.messages,
              origin,
              accepted,
              readAuthorization(String(upgraded.request.headers['authorization'] ?? '')),
            );
        },
      });
  }

  private stream({ socket }: Accepted): ByteStream {
    const { clock, limits } = this.options;
    return socketStream(socket, { clock, limits });
  }

  private serveStomp(stream: ByteStream, origin: Origin, accepted: Accepted): void {
    void this.hub.serveStomp(stream, origin, accepted.authenticated);
  }

  /** Bare JSON-RPC has no words for a login: who comes by WebSocket may have said it in the upgrade's headers. */
  private serveJsonRpc(channel: MessageChannel, origin: Origin, accepted: Accepted, credentials = {}): void {
    void this.hub.serveJsonRpc(channel, { ...origin, ...credentials }, accepted.authenticated);
  }
}

/** What a handler throws is told to nobody else: its caller hears of an internal error. */
function report(error: Error, method: string): void {
  console.error(`sallyport: ${method} failed (option onError):`, error);
}

type Came = Pick<Accepted, 'secure' | 'remoteAddress' | 'peerCertificate'>;

function came(
  { secure, remoteAddress, peerCertificate }: Came,
  protocol: Origin['protocol'],
  transport: Origin['transport'],
): Origin {
  return { protocol, transport, secure, remoteAddress, peerCertificate };
}
