// A client over the platform's own WebSocket: what a page calls.

import { ConnectionError, Deferred } from '@sallyport/core';
import {
  checkConnect,
  connectClient,
  type ConnectOptions,
  type Contract,
  type StompClient,
} from '@sallyport/core/client';
import { type WebSocketLike, webSocketStream } from './stream.js';
import { stompProtocols } from './subprotocols.js';

/**
 * Connects to a server by `ws://` or `wss://` and keeps the connection up. Rejects with ConnectionError if the server
 * cannot be reached, with AuthError if it refuses us, with a TypeError for a wrong option.
 */
export async function connect<Api extends Contract = Contract>(
  url: string | URL,
  options: ConnectOptions = {},
): Promise<StompClient<Api>> {
  const address = new URL(url);
  checkConnect(address, ['ws:', 'wss:'], options);
  const dial = async () => {
    const socket = await open(new WebSocket(address, [...stompProtocols]), address);
    return webSocketStream(socket, options);
  };
  return connectClient<Api>({ host: address.hostname, ...options, dial });
}

/** A WebSocket that is being opened. */
interface Opening extends WebSocketLike {
  onopen: unknown;
  onclose: unknown;
}

/** Resolves when a WebSocket is open. A browser does not tell why one is not: pages must not learn about networks. */
export function open<Socket extends Opening>(socket: Socket, url: URL): Promise<Socket> {
  const opened = new Deferred<Socket>();
  socket.onopen = () => opened.resolve(socket);
  socket.onclose = () => opened.reject(new ConnectionError('ERR_CONNECT', `no WebSocket connection to ${url.origin}`));
  return opened.promise;
}
