// HTTP on connections that are already open: an http.Server that never listens and is given them. Routes only; what is
// behind a route has its own file or is passed in.

import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, systemClock } from '@sallyport/core';
import type { Share } from '@sallyport/core/broker';
import { type OriginCheck, refuseUpgrade } from '@sallyport/websocket/upgrade';
import type { Accepted } from '../acceptor.js';
import { defaultServerLimits, type ServerLimits } from '../limits.js';
import { Answer, answerJson, answerText, closeAfter, isLast } from './answer.js';
import { jsonRpc, xmlRpc as xmlRpcDialect } from './dialects.js';
import { answerFault } from './fault.js';
import { Page } from './page.js';
import { type RequestFault, requestFault } from './request-fault.js';
import { type Rpc, serveRpc } from './rpc.js';
import { Visit } from './visit.js';

export interface HttpServerOptions extends OriginCheck {
  /** Answers JSON-RPC texts at POST /rpc. */
  rpc?: Rpc;
  /** Answers XML-RPC documents at a path of its own. */
  xmlRpc?: { path: string; rpc: Rpc<Uint8Array> } | undefined;
  /** What GET /healthz says, as JSON. */
  health?: () => unknown;
  /** The directory whose files are served at /. */
  page?: string | URL;
  /** Takes requests to become something else, such as a WebSocket. The socket is the given connection's. */
  upgrade?: (request: IncomingMessage, socket: Socket, head: Buffer, accepted: Accepted) => void;
  /** The names this server answers to; see {@link HttpServer.allowedHosts}. */
  allowedHosts?: readonly string[];
  /** Opens the share of a connection, in which bodies count while they come in. Default: they do not count. */
  share?: (accepted: Accepted) => Share;
  limits?: Partial<ServerLimits> | undefined;
  clock?: Clock;
  /** Told of errors that became a 500. */
  onError?: (error: unknown) => void;
}

export class HttpServer {
  /**
   * The Host headers that are answered; others get 403. Undefined answers all. To be set to {@link loopbackHosts} when
   * listening on loopback, where a foreign name means that a page is trying to get in.
   */
  allowedHosts: readonly string[] | undefined;
  /** The pages that may connect; see {@link OriginCheck}. */
  origins: readonly string[] | undefined;
  private readonly server: Server<typeof IncomingMessage, typeof Answer>;
  private readonly visits = new Map<Socket, Visit>();
  private readonly page: Page | undefined;
  private readonly limits: ServerLimits;
  private readonly clock: Clock;
  private closing = false;
  private emptied: (() => void) | undefined;

  constructor(private readonly options: HttpServerOptions) {
    this.allowedHosts = options.allowedHosts;
    this.origins = options.origins;
    this.clock = options.clock ?? systemClock;
    this.limits = { ...defaultServerLimits, ...options.limits };
    this.page = options.page === undefined ? undefined : new Page(options.page);
    // Node's own timers are off: those that never run, so that nobody relies on them; keep-alive, because ours does it;
    // Host, because a request with two is as bad.
    const off = { headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0, requireHostHeader: false };
    const maxHeaderSize = Math.min(Math.ceil(this.limits.httpHead), 2 ** 30);
    this.server = createServer({ ServerResponse: Answer, maxHeaderSize, ...off });
    // All are read, which httpHead bounds, and too many refused by us: Node leaves out what is too much, or ends without
    // saying why, depending on its version.
    this.server.maxHeadersCount = 0;
    this.server.on('request', this.request).on('checkContinue', this.request).on('checkExpectation', this.request);
    this.server.on('clientError', this.fault);
    if (options.upgrade !== undefined) this.server.on('upgrade', this.upgrade);
  }

  /** Takes over a connection that speaks HTTP; its first bytes have been put back. */
  adopt(accepted: Accepted): void {
    const socket = accepted.socket as Socket;
    if (this.closing) return void socket.destroy();
    this.visits.set(socket, new Visit(accepted, this.clock, this.limits, this.options.share));
    socket.once('close', () => this.leave(socket));
    this.server.emit('connection', socket);
  }

  /** Takes no more requests; resolves when those there have been answered. Upgraded connections are not ours any more. */
  close(): Promise<void> {
    this.closing = true;
    for (const [socket, { deadlines, last }] of this.visits) {
      if (deadlines.idle) socket.destroy();
      else if (last !== undefined) closeAfter(last);
    }
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

  private readonly request = (request: IncomingMessage, response: Answer): void => {
    const visit = this.visits.get(request.socket);
    if (visit === undefined) return void request.socket.destroy();
    // Behind the last answer of a connection nothing is done (RFC 9112, section 9.6), though it may have been read already.
    if (isLast(visit.last)) return;
    visit.deadlines.request(request, response);
    visit.outgoing.expect(response);
    response.outgoing = visit.outgoing;
    response.once('close', () => this.closing && visit.deadlines.idle && request.socket.destroy());
    visit.last = response;
    if (this.closing) closeAfter(response);
    else if (response.shouldKeepAlive)
      response.setHeader('keep-alive', `timeout=${Math.floor(this.limits.keepAliveTime / 1000)}`);
    this.route(request, response, visit).catch((error: unknown) => this.failed(error, response));
  };

  private async route(request: IncomingMessage, response: Answer, visit: Visit): Promise<void> {
    const { origins, limits } = this;
    const { rpc, xmlRpc, health } = this.options;
    const { method } = request;
    const refusal = this.refusal(request, visit.accepted);
    if (refusal !== undefined) {
      // A host is not allowed, but nothing is wrong with how it was asked for.
      if (refusal[0] !== 403) closeAfter(response);
      return answerText(response, ...refusal);
    }
    const path = pathOf(request);
    if (path === '/rpc' && rpc !== undefined) {
      const elsewhere = xmlRpc && `XML-RPC is at ${xmlRpc.path}`;
      return serveRpc(request, response, visit, { dialect: jsonRpc, rpc, origins, most: limits.body, elsewhere });
    }
    if (path === xmlRpc?.path) {
      const route = { dialect: xmlRpcDialect, rpc: xmlRpc.rpc, origins, most: limits.xmlBody };
      return serveRpc(request, response, visit, { ...route, elsewhere: rpc && 'JSON-RPC is at /rpc' });
    }
    if (method === 'POST' && path === '/RPC2' && xmlRpc === undefined)
      return answerText(response, 404, 'XML-RPC is not spoken here (option `xmlRpc`)');
    if (method !== 'GET' && method !== 'HEAD')
      return answerText(response, 405, 'use GET or HEAD', { allow: 'GET, HEAD' });
    if (path === '/healthz' && health !== undefined) return answerJson(response, JSON.stringify(health()));
    // A file is read when its turn to leave has come.
    if (this.page !== undefined && !(await visit.outgoing.first(response))) return;
    if (await this.page?.serve(path, request, response)) return;
    answerText(response, 404, 'there is nothing here');
  }

  private readonly fault = (error: Error, stream: unknown): void => {
    const socket = stream as Socket;
    const visit = this.visits.get(socket);
    if (visit === undefined) return void socket.destroy();
    void answerFault(error, socket, visit, { limits: this.limits, clock: this.clock });
  };

  private readonly upgrade = (request: IncomingMessage, stream: unknown, head: Buffer): void => {
    const socket = stream as Socket;
    const visit = this.visits.get(socket);
    if (visit === undefined) return void socket.destroy();
    if (visit.deadlines.idle) return this.change(request, socket, head, visit);
    // An answer that is still due must not come in the middle of another protocol. With this listener the stream keeps what
    // comes meanwhile, up to its own bound, though Node's HTTP may resume it.
    const keep = (): void => {};
    socket.on('readable', keep);
    void visit.outgoing.emptied().then((isThere) => {
      if (!isThere) return;
      socket.off('readable', keep);
      // The stream has changed its ways in the next tick.
      setImmediate(() => !socket.writableEnded && this.change(request, socket, head, visit));
    });
  };

  /** Leaves HTTP, or returns to it. */
  private change(request: IncomingMessage, socket: Socket, head: Buffer, visit: Visit): void {
    if (socket.destroyed) return;
    if (!isWebSocket(request)) return this.takeBack(request, socket, head);
    this.leave(socket);
    const [status, text] = this.refusal(request, visit.accepted) ?? [];
    if (status !== undefined) return refuseUpgrade(socket, `${status} ${STATUS_CODES[status]}`, text!);
    this.options.upgrade!(request, socket, head, visit.accepted);
  }

  /**
   * Serves a request that would have liked another protocol, such as HTTP/2, without it: a server may ignore that (RFC 9110,
   * section 7.8). Node asks no one before it leaves HTTP, so it reads the request once more, without the wish.
   */
  private takeBack({ method, url, httpVersion, rawHeaders }: IncomingMessage, socket: Socket, head: Buffer): void {
    const lines = [`${method} ${url} HTTP/${httpVersion}`];
    for (let at = 0; at < rawHeaders.length; at += 2) {
      if (rawHeaders[at]!.toLowerCase() !== 'upgrade') lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}`);
    }
    socket.unshift(Buffer.concat([Buffer.from([...lines, '', ''].join('\r\n'), 'latin1'), head]));
    this.server.emit('connection', socket);
  }

  /** What holds for every request, whatever it asks for. */
  private refusal(request: IncomingMessage, { secure }: Accepted): RequestFault | undefined {
    if (this.closing) return [503, 'the server is closing'];
    return requestFault(request, { most: this.limits.httpHeaders, allowedHosts: this.allowedHosts, secure });
  }

  private failed(error: unknown, response: Answer): void {
    // A client that left in the middle of its request.
    if (response.destroyed) return;
    this.options.onError?.(error);
    if (response.headersSent) response.destroy();
    else answerText(response, 500, 'internal error');
  }

  private leave(socket: Socket | undefined): void {
    if (socket !== undefined) {
      this.visits.get(socket)?.leave();
      this.visits.delete(socket);
    }
    if (this.visits.size === 0) this.emptied?.();
  }
}

/** Whether a request wants to become a WebSocket (RFC 6455, section 4.2.1). */
function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** The path of a request, as it was sent. */
function pathOf({ url = '' }: IncomingMessage): string {
  if (url.startsWith('/')) return url.split('?', 1)[0]!;
  // The absolute form, which proxies use and servers must accept (RFC 9112, section 3.2.2).
  return URL.canParse(url) ? new URL(url).pathname : url;
}
