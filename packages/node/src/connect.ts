// A client over TCP, TLS or WebSocket: what a Node program calls.

import type { ByteStream } from '@sallyport/core';
import {
  checkConnect,
  connectClient,
  type ConnectOptions,
  type Contract,
  type StompClient,
} from '@sallyport/core/client';
import { type NodeDialOptions, dial, dialOptionRules, schemes } from './dial-url.js';

/** Options of `connect` in Node. */
export type NodeConnectOptions = ConnectOptions & NodeDialOptions;

/**
 * Connects to a server by `tcp://`, `tls://`, `ws://` or `wss://` and keeps the connection up. Rejects with
 * ConnectionError if the server cannot be reached, with AuthError if it refuses us; rejects with a TypeError for a
 * wrong option.
 */
export async function connect<Api extends Contract = Contract>(
  url: string | URL,
  options: NodeConnectOptions = {},
): Promise<StompClient<Api>> {
  const address = new URL(url);
  checkConnect(address, schemes, options, dialOptionRules);
  return connectClient<Api>({
    host: hostOf(address),
    ...options,
    dial: (): Promise<ByteStream> => dial(address, options),
  });
}

/** The name without the brackets of an IPv6 address. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
