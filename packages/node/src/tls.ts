// TLS on a connection that is already open: a tls.Server that never listens and is fed with sockets.

import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { Clock } from '@sallyport/core';
import type { ClientHello } from './client-hello.js';

/** The protocols spoken inside TLS. A client that offers others only is refused in the handshake (RFC 7301, 3.2). */
export const alpnProtocols: readonly string[] = ['http/1.1', 'stomp'];

/** Node's options: `cert`, `key`, `ca`, `pfx`, `passphrase`, `minVersion`, `SNICallback`, … */
export interface TlsGateOptions extends SecureContextOptions, Pick<TlsOptions, 'SNICallback'> {
  /** Ask clients for a certificate, to be signed by `ca`. Default false. */
  requestCert?: boolean;
  /** Refuse clients without a good certificate, if they are asked for one. Default true. */
  rejectUnauthorized?: boolean;
  /** The names of this server. Clients that ask for another (SNI), or for none, are refused. Default: any will do. */
  serverNames?: readonly string[];
  /** Refuse clients that name no protocol (ALPN). Default false: their first bytes tell. */
  requireAlpn?: boolean;
}

/** Why a client is not let into the handshake, and the alert that tells it (RFC 8446, section 6.2). */
export interface HandshakeRefusal {
  why: 'serverName' | 'noAlpn';
  alert: number;
}

const UNRECOGNIZED_NAME = 112;
const NO_APPLICATION_PROTOCOL = 120;

/** After our alert the client gets this long to end, milliseconds. */
const LINGER = 2000;

export class TlsGate {
  /** What the certificates of clients are verified by who come now. */
  ca: TlsGateOptions['ca'];
  private readonly server: Server;
  private readonly waiting = new Map<string, (secured: TLSSocket) => void>();
  private serverNames: readonly string[];
  private requireAlpn: boolean;

  constructor(options: TlsGateOptions) {
    const { serverNames = [], requireAlpn = false, ...others } = options;
    this.ca = others.ca;
    this.serverNames = serverNames;
    this.requireAlpn = requireAlpn;
    this.server = createServer({ ...withoutRenegotiation(others), ALPNProtocols: [...alpnProtocols] });
    this.server.on('secureConnection', (secured) => this.finish(secured));
    // Node only tells; a socket whose handshake failed or took too long stays open until somebody closes it.
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /**
   * Shakes hands on a connection; its first bytes must have been put back, and it must not be flowing. Calls `done` when
   * it is secured; if that fails, the connection is destroyed.
   */
  secure(socket: Socket, done: (secured: TLSSocket) => void): void {
    // Node does not say which connection a TLSSocket was made from; both know the places of both ends.
    const place = placeOf(socket);
    this.waiting.set(place, done);
    socket.once('close', () => {
      if (this.waiting.get(place) === done) this.waiting.delete(place);
    });
    // In TLS 1.3 who does not trust our certificate may just end, without a word: nothing is left to be said then.
    socket.allowHalfOpen = false;
    this.server.emit('connection', socket);
  }

  /** Takes new keys and certificates for the connections to come; those there are keep theirs. */
  reload({ serverNames, requireAlpn, ...options }: TlsGateOptions): void {
    this.server.setSecureContext(withoutRenegotiation(options));
    this.ca = options.ca;
    this.serverNames = serverNames ?? this.serverNames;
    this.requireAlpn = requireAlpn ?? this.requireAlpn;
  }

  /** Whether clients are to be asked what they want before they are let into the handshake. */
  get isStrict(): boolean {
    return this.requireAlpn || this.serverNames.length > 0;
  }

  /** Why a client is not let into the handshake, if it is not. */
  refusal({ serverName, hasAlpn }: ClientHello): HandshakeRefusal | undefined {
    if (!this.isOurs(serverName)) return { why: 'serverName', alert: UNRECOGNIZED_NAME };
    if (this.requireAlpn && !hasAlpn) return { why: 'noAlpn', alert: NO_APPLICATION_PROTOCOL };
    return undefined;
  }

  private isOurs(name: string | undefined): boolean {
    const { serverNames } = this;
    return serverNames.length === 0 || serverNames.some((one) => one.toLowerCase() === name?.toLowerCase());
  }

  private finish(secured: TLSSocket): void {
    const place = placeOf(secured);
    const done = this.waiting.get(place);
    this.waiting.delete(place);
    if (done === undefined) return void secured.destroy();
    secured.allowHalfOpen = true;
    done(secured);
  }
}

/** Tells a client why it is not let into the handshake, in the clear as that has not begun, and ends (section 6). */
export function sendAlert(socket: Socket, alert: number, clock: Clock): void {
  const late = clock.after(LINGER, () => socket.destroy());
  socket.once('close', () => late.cancel());
  // Closed with something unread, the system would send a reset that can overtake the alert.
  socket.resume().end(Uint8Array.of(21, 3, 3, 0, 2, FATAL, alert));
}

const FATAL = 2;

/** Each renegotiation costs a server ten times what it costs the client, and could change what was decided on. */
function withoutRenegotiation<Options extends SecureContextOptions>(options: Options): Options {
  return { ...options, secureOptions: (options.secureOptions ?? 0) | constants.SSL_OP_NO_RENEGOTIATION };
}

function placeOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join('|');
}
