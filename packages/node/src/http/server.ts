// HTTP on connections that are already open: an http.Server that never listens and is given them. Routes only; what is
// behind a route has its own file or is passed in.

import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, defaultLimits, type Limits, systemClock } from '@sallyport/core';
import { type OriginCheck, refuseUpgrade } from '@sallyport/websocket/upgrade';
import type { Accepted } from '../acceptor.js';
import { answerEmpty, answerJson, answerText } from './answer.js';
import { Deadlines, defaultTimes, type HttpTimes } from './deadlines.js';
import { hostAllowed } from './host.js';
import { Page } from './page.js';
import { type Rpc, serveRpc } from './rpc.js';

export interface HttpServerOptions extends OriginCheck, Partial<HttpTimes> {
  /** Answers JSON-RPC texts at POST /rpc. */
  rpc?: Rpc;
  /** What GET /healthz says, as JSON. */
  health?: () => unknown;
  /** The directory whose files are served at /. */
  page?: string | URL;
  /** Takes requests to become something else, such as a WebSocket. The socket is the given connection's. */
  upgrade?: (request: IncomingMessage, socket: Socket, head: Buffer, accepted: Accepted) => void;
  /** The names this server answers to; see {@link HttpServer.allowedHosts}. */
  allowedHosts?: readonly string[];
  /** `body` and `writeStall`. */
  limits?: Partial<Limits>;
  clock?: Clock;
  /** Told of errors that became a 500. */
  onError?: (error: unknown) => void;
}

const HEAD_SIZE = 16 * 1024;
const HEADER_COUNT = 100;

interface Visit {
  accepted: Accepted;
  deadlines: Deadlines;
}

export class HttpServer {
  /**
   * The Host headers that are answered; others get 403. Undefined answers all. To be set to {@link loopbackHosts} when
   * listening on loopback, where a foreign name means that a page is trying to get in.
   */
  allowedHosts: readonly string[] | undefined;
  private readonly server: Server;
  private readonly visits = new Map<Socket, Visit>();
  private readonly page: Page | undefined;
  private readonly limits: Limits;
  private readonly times: HttpTimes;
  private readonly clock: Clock;
  private closing = false;
  private emptied: (() => void) | undefined;

  constructor(private readonly options: HttpServerOptions) {
    this.allowedHosts = options.allowedHosts;
    this.clock = options.clock ?? systemClock;
    this.limits = { ...defaultLimits, ...options.limits };
    this.times = timesOf(options);
    this.page = options.page === undefined ? undefined : new Page(options.page);
    // Node's own timers are off: those that never run, so that nobody relies on them; keep-alive, because ours does it.
    const off = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 };
    this.server = createServer({ maxHeaderSize: HEAD_SIZE, ...off });
    // One more than allowed is read, and then refused: Node itself would silently leave out what is too much.
    this.server.maxHeadersCount = HEADER_COUNT + 1;
    this.server.on('request', this.request).on('checkContinue', this.request);
    if (options.upgrade !== undefined) this.server.on('upgrade', this.upgrade);
  }

  /** Takes over a connection that speaks HTTP; its first bytes have been put back. */
  adopt(accepted: Accepted): void {
    const socket = accepted.socket as Socket;
    if (this.closing) return void socket.destroy();
    const deadlines = new Deadlines(socket, this.clock, this.times, this.limits.writeStall);
    this.visits.set(socket, { accepted, deadlines });
    socket.once('close', () => this.leave(socket));
    this.server.emit('connection', socket);
  }

  /** Takes no more requests; resolves when those there have been answered. Upgraded connections are not ours any more. */
  close(): Promise<void> {
    this.closing = true;
    for (const [socket, { deadlines }] of this.visits) if (deadlines.idle) socket.destroy();
    return new Promise((resolve) => {
      this.emptied = resolve;
      this.leave(undefined);
    });
  }

  /** Closes all connections at once. */
  destroy(): void {
    this.closing = true;
    for (const socket of this.visits.keys()) socket.destroy();
  }

  private readonly request = (request: IncomingMessage, response: ServerResponse): void => {
    const visit = this.visits.get(request.socket);
    if (visit === undefined) return void request.socket.destroy();
    visit.deadlines.request(request, response);
    response.once('close', () => this.closing && visit.deadlines.idle && request.socket.destroy());
    response.setHeader('keep-alive', `timeout=${Math.floor(this.times.keepAliveTime / 1000)}`);
    this.route(request, response, visit.accepted).catch((error: unknown) => this.failed(error, response));
  };

  private async route(request: IncomingMessage, response: ServerResponse, accepted: Accepted): Promise<void> {
    const { rpc, health, origins } = this.options;
    const { method } = request;
    const refusal = this.refusal(request);
    if (refusal !== undefined) return answerText(response, ...refusal);
    const path = pathOf(request);
    if (path === '/rpc' && rpc !== undefined) {
      return serveRpc(request, response, accepted, { rpc, origins, most: this.limits.body });
    }
    if (method !== 'GET' && method !== 'HEAD') return answerEmpty(response, 405, { allow: 'GET, HEAD' });
    if (path === '/healthz' && health !== undefined) return answerJson(response, JSON.stringify(health()));
    if (await this.page?.serve(path, request, response)) return;
    answerText(response, 404, 'there is nothing here');
  }

  private readonly upgrade = (request: IncomingMessage, stream: unknown, head: Buffer): void => {
    const socket = stream as Socket;
    const visit = this.visits.get(socket);
    if (visit === undefined) return void socket.destroy();
    this.visits.delete(socket);
    visit.deadlines.stop();
    const [status, text] = this.refusal(request) ?? [];
    if (status !== undefined) return refuseUpgrade(socket, `${status} ${STATUS_CODES[status]}`, text!);
    this.options.upgrade!(request, socket, head, visit.accepted);
  };

  /** What holds for every request, whatever it asks for. */
  private refusal({ headers, rawHeaders }: IncomingMessage): [status: number, text: string] | undefined {
    if (this.closing) return [503, 'the server is closing'];
    if (rawHeaders.length > 2 * HEADER_COUNT) return [431, `there are more than ${HEADER_COUNT} headers`];
    if (this.allowedHosts === undefined || hostAllowed(headers.host, this.allowedHosts)) return undefined;
    return [403, 'this host is not allowed (option `allowedHosts`)'];
  }

  private failed(error: unknown, response: ServerResponse): void {
    // A client that left in the middle of its request.
    if (response.destroyed) return;
    this.options.onError?.(error);
    if (response.headersSent) response.destroy();
    else answerText(response, 500, 'internal error');
  }

  private leave(socket: Socket | undefined): void {
    if (socket !== undefined) this.visits.delete(socket);
    if (this.visits.size === 0) this.emptied?.();
  }
}

/** The path of a request, as it was sent. */
function pathOf({ url = '' }: IncomingMessage): string {
  if (url.startsWith('/')) return url.split('?', 1)[0]!;
  // The absolute form, which proxies use and servers must accept (RFC 9112, section 3.2.2).
  return URL.canParse(url) ? new URL(url).pathname : url;
}

function timesOf(options: Partial<HttpTimes>): HttpTimes {
  const { headTime, requestTime, keepAliveTime } = defaultTimes;
  return {
    headTime: options.headTime ?? headTime,
    requestTime: options.requestTime ?? requestTime,
    keepAliveTime: options.keepAliveTime ?? keepAliveTime,
  };
}
