// The server's side of a WebSocket: who may open one, and which protocol it carries.

import type { ByteStream, MessageChannel, Room } from '@sallyport/core';
import { type Corkable, emitterMessages, emitterStream, type EmitterWebSocket } from './emitter.js';
import { handshakeFault, type Refusal, type UpgradeRequest } from './handshake.js';
import { type CountedSocket, MessageBytes } from './message-bytes.js';
import { originAllowed, type OriginCheck, requestHost } from './origin.js';
import type { PortOptions } from './port-channel.js';
import { type StompProtocol, stompProtocols } from './subprotocols.js';

export { type Corkable, emitterMessages, emitterStream, type EmitterWebSocket } from './emitter.js';
export type { UpgradeRequest } from './handshake.js';
export { originAllowed, type OriginCheck, requestHost } from './origin.js';
export { type StompProtocol, stompProtocols } from './subprotocols.js';

/** The connection below: Node's net.Socket or TLSSocket, as far as it is touched. */
export interface UpgradeSocket extends Corkable, CountedSocket {
  end(done?: () => void): unknown;
  end(text: string, done: () => void): unknown;
  destroy(): unknown;
}

/**
 * A WebSocketServer of the `ws` package. It must have been made with `noServer: true`, a `maxPayload` (limits.body), a
 * `maxFragments`, since each fragment costs more than its bytes, `perMessageDeflate: false` (what a few compressed bytes
 * grow to is held in memory) and `autoPong: false` (pings are answered here, within bounds).
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
  /**
   * To be called once it is known who this is: then messages may have their full length, and what has come of one that is not
   * whole counts against the quota.
   */
  admitted(quota?: Room): void;
}

/** What an upgrade gives: STOMP as a byte stream if the client named it, else bare JSON-RPC, one text per message. */
export type Upgraded<Request extends UpgradeRequest = UpgradeRequest> =
  | (Common<Request> & { protocol: StompProtocol; stream: ByteStream })
  | (Common<Request> & { protocol: undefined; messages: MessageChannel });

export interface UpgradeOptions<Request extends UpgradeRequest = UpgradeRequest> extends OriginCheck, PortOptions {
  server: WebSocketServerLike<Request>;
  /** The greatest message until `admitted` is called, bytes (limits.frameHead). Default: none but the server's. */
  firstMessages?: number;
  accept(upgraded: Upgraded<Request>): void;
}

/**
 * Makes the listener for an HTTP server's 'upgrade' event. Answers 400, 405 or 426 to what is no opening handshake, 403 to
 * other origins, 400 to unknown protocols.
 */
export function webSocketUpgrade<Request extends UpgradeRequest>(
  options: UpgradeOptions<Request>,
): (request: Request, socket: UpgradeSocket, head: Uint8Array) => void {
  return (request, socket, head) => {
    const fault = handshakeFault(request);
    if (fault !== undefined) return refuseUpgrade(socket, ...fault);
    const origin = header(request, 'origin');
    if (!originAllowed(origin, requestHost(request), options)) {
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
      const { firstMessages: first = Infinity, limits, clock } = options;
      const bounded = (channel: ByteStream | MessageChannel): ((quota?: Room) => void) => {
        const close = (reason: Error): void => void channel.close(reason);
        const bytes = new MessageBytes(socket, upgraded, { first, limits, clock, close });
        return (quota) => bytes.admit(quota);
      };
      if (protocol === undefined) {
        const messages = emitterMessages(upgraded, options, socket);
        options.accept({ origin, request, protocol, messages, admitted: bounded(messages) });
      } else {
        const stream = emitterStream(upgraded, { ...options, octets: socket }, socket);
        options.accept({ origin, request, protocol, stream, admitted: bounded(stream) });
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
export function refuseUpgrade(
  socket: Pick<UpgradeSocket, 'end' | 'destroy'>,
  ...[status, text, ...headers]: Refusal
): void {
  const isOtherVersion = headers.some((line) => line.startsWith('upgrade:'));
  const head = [
    `HTTP/1.1 ${status}`,
    ...headers,
    `connection: ${isOtherVersion ? 'upgrade, close' : 'close'}`,
    'content-type: text/plain; charset=utf-8',
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    // RFC 9110, section 6.6.1: on every 4xx.
    `date: ${new Date().toUTCString()}`,
    `content-length: ${text.length + 1}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}\n`, () => socket.destroy());
}
