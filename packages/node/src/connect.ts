// A client over TCP, TLS or WebSocket, or of an oVirt host: what a Node program calls.

import { type ByteStream, ConnectionError, ProtocolError } from '@sallyport/core';
import {
  checkConnect,
  connectClient,
  type ConnectOptions,
  type Contract,
  type StompClient,
} from '@sallyport/core/client';
import { readAddress } from './address.js';
import { type NodeDialOptions, dial, dialOptionRules, placeOf, schemes } from './dial-url.js';
import { connectOvirt } from './ovirt/client/connect.js';
import { type OvirtConnectOptions, ovirtSchemes } from './ovirt/client/options.js';
import type { OvirtClient } from './ovirt/client/ovirt-client.js';
import { checkPems } from './pem.js';

/** Options of `connect` in Node. */
export type NodeConnectOptions = ConnectOptions & NodeDialOptions;

/** A URL of the vdsm of an oVirt host. */
export type OvirtUrl = `ovirt://${string}` | `ovirt+tls://${string}`;

/** Connects to the vdsm of an oVirt host: {@link connectOvirt}. */
export function connect<Api extends Contract = Contract>(
  url: OvirtUrl,
  options?: OvirtConnectOptions,
): Promise<OvirtClient<Api>>;
/**
 * Connects to a server by `tcp://`, `tls://`, `ws://` or `wss://` and keeps the connection up. Rejects with
 * ConnectionError if the server cannot be reached, with AuthError if it refuses us; rejects with a TypeError for a
 * wrong option.
 */
export function connect<Api extends Contract = Contract>(
  url: string | URL,
  options?: NodeConnectOptions,
): Promise<StompClient<Api>>;
export async function connect<Api extends Contract = Contract>(
  url: string | URL,
  options: NodeConnectOptions | OvirtConnectOptions = {},
): Promise<StompClient<Api> | OvirtClient<Api>> {
  const address = readAddress(url);
  const isOvirt = ovirtSchemes.includes(address.protocol);
  return isOvirt
    ? connectOvirt(address, options as OvirtConnectOptions)
    : connectHouse(address, options as NodeConnectOptions);
}

function connectHouse<Api extends Contract>(address: URL, options: NodeConnectOptions): Promise<StompClient<Api>> {
  checkConnect(address, [...schemes, ...ovirtSchemes], options, dialOptionRules);
  checkPems(options, 'connect');
  const connecting = connectClient<Api>({
    host: placeOf(address).host,
    ...options,
    dial: (): Promise<ByteStream> => dial(address, options),
  });
  const isPlain = ['tcp:', 'tls:'].includes(address.protocol);
  return isPlain ? connecting.catch((error: unknown) => refuse(address, error, options)) : connecting;
}

/** TCP connects to anything: what is no STOMP server hangs up on CONNECT, or says something else. */
function refuse({ host, protocol }: URL, error: unknown, { cert }: NodeConnectOptions): never {
  if (error instanceof ProtocolError && error.by === 'them') {
    const message = `${host} does not speak STOMP: ${error.message}`;
    throw new ProtocolError(String(error.code), message, { cause: error });
  }
  if (!(error instanceof ConnectionError) || error.code !== 'ERR_CONNECTION_LOST') throw error;
  // A port that takes only TLS cannot say so in clear text; many servers end without a word, who do not take a certificate.
  const hint =
    protocol === 'tcp:'
      ? 'if it takes TLS only, connect by tls://'
      : cert === undefined
        ? 'if it asks for a client certificate, say it by `cert` and `key`'
        : 'it may not take our certificate, `cert`';
  const message = `${host} closed the connection without an answer to CONNECT; ${hint}`;
  throw new ConnectionError(error.code, message, { cause: error });
}
