// Dialling: a host and a port become a byte stream, over TCP or TLS.

import { isIP, type Socket, connect as connectTcp } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { type ByteStream, ConnectionError, systemClock } from '@sallyport/core';
import { dialError, lateError } from './dial-error.js';
import { socketStream, type SocketStreamOptions } from './tcp.js';

export interface DialOptions extends SocketStreamOptions {
  /** A name or an address. Default localhost. */
  host?: string;
  port: number;
  /** Gives up; the promise rejects with its reason. */
  signal?: AbortSignal;
  /** How long connecting, TLS included, may take, milliseconds. Default 10 000. */
  timeout?: number;
}

/** The rest is Node's: `ca`, `cert`, `key`, `pfx`, `passphrase`, `rejectUnauthorized`, `minVersion`, … */
export interface DialTlsOptions extends DialOptions, Omit<ConnectionOptions, 'host' | 'port' | 'timeout' | 'signal'> {
  /** The name that the server's certificate must have, and that it is asked for (SNI). Default the host. */
  servername?: string;
  /** The protocols we are ready to speak. Default STOMP. A server that knows nothing of ALPN is accepted. */
  ALPNProtocols?: string[];
}

const TIMEOUT = 10_000;

/** Finds a server that vanished while neither side sends heart-beats, milliseconds. */
const KEEP_ALIVE = 60_000;

/** Connects over TCP. Rejects with a ConnectionError: `ERR_CONNECT`, `ERR_CONNECT_TIMEOUT`. */
export async function dialTcp(options: DialOptions): Promise<ByteStream> {
  const { host = 'localhost', port } = options;
  options.signal?.throwIfAborted();
  const socket = connectTcp({ host, port, noDelay: true });
  await opened(socket, 'connect', options);
  return socketStream(socket, options);
}

/**
 * Connects over TLS. Rejects with a ConnectionError: `ERR_CONNECT`, `ERR_CONNECT_TIMEOUT`, `ERR_TLS_CERTIFICATE` if we
 * do not trust the server's certificate, `ERR_TLS_CLIENT_CERTIFICATE` if the server does not take ours or misses it, `ERR_TLS_ALPN`
 * if the server wants to speak another protocol.
 */
export async function dialTls(options: DialTlsOptions): Promise<ByteStream> {
  const { clock, limits, signal, timeout: _timeout, host = 'localhost', ...tls } = options;
  signal?.throwIfAborted();
  // Node sends no server name by itself, and addresses are not names (RFC 6066, section 3).
  const servername = tls.servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = connectTls({ ALPNProtocols: ['stomp'], ...tls, host, servername });
  await opened(socket, 'secureConnect', options);
  checkAlpn(socket, tls.ALPNProtocols ?? ['stomp'], place(options));
  return socketStream(socket, { clock, limits });
}

/** Resolves once the socket says so; else destroys it and says why. */
function opened(socket: Socket, event: 'connect' | 'secureConnect', options: DialOptions): Promise<void> {
  const { signal, timeout = TIMEOUT, clock = systemClock } = options;
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown): void => {
      alarm.cancel();
      signal?.removeEventListener('abort', aborted);
      socket.off(event, ready).off('error', failed).off('close', closed);
      if (error === undefined) return resolve();
      socket.on('error', () => {}).destroy();
      reject(error);
    };
    const ready = (): void => {
      socket.setKeepAlive(true, KEEP_ALIVE);
      settle();
    };
    const failed = (cause: Error): void => settle(connectError(socket, options, cause));
    const closed = (): void => settle(connectError(socket, options, new Error('the server closed the connection')));
    const aborted = (): void => settle(signal?.reason ?? new Error('aborted'));
    const alarm = clock.after(timeout, () => settle(lateError(place(options), timeout)));
    socket.on(event, ready).on('error', failed).on('close', closed);
    signal?.addEventListener('abort', aborted);
  });
}

function connectError(
  socket: Socket,
  options: DialOptions & Pick<DialTlsOptions, 'cert' | 'pfx'>,
  cause: Error,
): Error {
  const scheme = 'encrypted' in socket ? 'tls' : 'tcp';
  const hasCert = options.cert !== undefined || options.pfx !== undefined;
  return dialError(cause, { where: place(options), scheme, hasCert });
}

/** The server decides, but only among what we offered (RFC 7301, section 3.2); else we talk to another service. */
function checkAlpn(socket: TLSSocket, offered: readonly string[], where: string): void {
  const chosen = socket.alpnProtocol;
  if (!chosen || offered.includes(chosen)) return;
  socket.destroy();
  const text = `${where} wants to speak ${chosen}, not ${offered.join(' or ')} (ALPN): is it the right port?`;
  throw new ConnectionError('ERR_TLS_ALPN', text);
}

function place({ host = 'localhost', port }: DialOptions): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
