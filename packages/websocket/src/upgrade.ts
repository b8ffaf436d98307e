// The server's side of a WebSocket: who may open one, and which protocol it carries.

import type { ByteStream, MessageChannel } from '@sallyport/core';
import { type Corkable, emitterMessages, emitterStream, type EmitterWebSocket } from './emitter.js';
import { originAllowed, type OriginCheck } from './origin.js';
import type { PortOptions } from './port-channel.js';
import { type StompProtocol, stompProtocols } from './subprotocols.js';

export { type Corkable, emitterMessages, emitterStream, type EmitterWebSocket } from './emitter.js';
export { originAllowed, type OriginCheck } from './origin.js';
export { type StompProtocol, stompProtocols } from './subprotocols.js';

/** The request that asks for a WebSocket: Node's IncomingMessage, as far as it is looked at. */
export interface UpgradeRequest {
  readonly headers: Record<string, string | string[] | undefined>;
  readonly url?: string;
}

/** The connection below: Node's net.Socket or TLSSocket, as far as it is touched. */
export interface UpgradeSocket extends Corkable {
  end(text: string, done: () => void): unknown;
  destroy(): unknown;
}

/**
 * A WebSocketServer of the `ws` package. It must have been made with `noServer: true`, a `maxPayload` (limits.body) and
 * `perMessageDeflate: false`: what a few compressed bytes grow to is held in memory.
 */
export interface WebSocketServerLike<Request extends UpgradeRequest = UpgradeRequest> {
  handleUpgrade(
    request: Request,
    socket: UpgradeSocket,
    head: Uint8Array,
    done: (socket: EmitterWebSocket) => void,
  ): void;
}

interface Common<Request> {
  /** The page that opened it, if a page did. */
  origin: string | undefined;
  request: Request;
}

/** What an upgrade gives: STOMP as a byte stream if the client named it, else bare JSON-RPC, one text per message. */
export type Upgraded<Request extends UpgradeRequest = UpgradeRequest> =
  | (Common<Request> & { protocol: StompProtocol; stream: ByteStream })
  | (Common<Request> & { protocol: undefined; messages: MessageChannel });

export interface UpgradeOptions<Request extends UpgradeRequest = UpgradeRequest> extends OriginCheck, PortOptions {
  server: WebSocketServerLike<Request>;
  accept(upgraded: Upgraded<Request>): void;
}

/** Makes the listener for an HTTP server's 'upgrade' event. Answers 403 to other origins, 400 to unknown protocols. */
export function webSocketUpgrade<Request extends UpgradeRequest>(
  options: UpgradeOptions<Request>,
): (request: Request, socket: UpgradeSocket, head: Uint8Array) => void {
  return (request, socket, head) => {
    const origin = header(request, 'origin');
    if (!originAllowed(origin, header(request, 'host'), options)) {
      return refuseUpgrade(socket, '403 Forbidden', 'this origin is not allowed (option `origins`)');
    }
    const asked = header(request, 'sec-websocket-protocol');
    const protocol = asked === undefined ? undefined : chooseProtocol(asked.split(','));
    if (asked !== undefined && protocol === undefined) {
      return refuseUpgrade(
        socket,
        '400 Bad Request',
        `the known subprotocols are ${stompProtocols.join(', ')}; without one it is JSON-RPC`,
      );
    }
    // By itself ws answers with the client's first wish; it sees only the one we have chosen.
    if (protocol !== undefined) request.headers['sec-websocket-protocol'] = protocol;
    options.server.handleUpgrade(request, socket, head, (upgraded) => {
      if (protocol === undefined) {
        options.accept({ origin, request, protocol, messages: emitterMessages(upgraded, options, socket) });
      } else {
        options.accept({ origin, request, protocol, stream: emitterStream(upgraded, options, socket) });
      }
    });
  };
}

/** The best of the subprotocols asked for, whatever the client's own order. */
export function chooseProtocol(asked: Iterable<string>): StompProtocol | undefined {
  const names = new Set([...asked].map((name) => name.trim()));
  return stompProtocols.find((known) => names.has(known));
}

function header(request: UpgradeRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** Answers a request that will not become a WebSocket, and closes its connection. */
export function refuseUpgrade(socket: Pick<UpgradeSocket, 'end' | 'destroy'>, status: string, text: string): void {
  const head = [
    `HTTP/1.1 ${status}`,
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    'x-content-type-options: nosniff',
    `content-length: ${text.length + 1}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}\n`, () => socket.destroy());
}
