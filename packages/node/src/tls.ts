// TLS on a connection that is already open: a tls.Server that never listens and is fed with sockets.

import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket, type TlsOptions } from 'node:tls';

/** The protocols spoken inside TLS. A client that offers others only is refused in the handshake (RFC 7301, 3.2). */
export const alpnProtocols: readonly string[] = ['http/1.1', 'stomp'];

/** Node's options: `cert`, `key`, `ca`, `pfx`, `passphrase`, `minVersion`, `SNICallback`, … */
export interface TlsGateOptions extends SecureContextOptions, Pick<TlsOptions, 'SNICallback'> {
  /** Ask clients for a certificate, to be signed by `ca`. Default false. */
  requestCert?: boolean;
  /** Refuse clients without a good certificate, if they are asked for one. Default true. */
  rejectUnauthorized?: boolean;
}

export class TlsGate {
  private readonly server: Server;
  private readonly waiting = new Map<string, (secured: TLSSocket) => void>();

  constructor(options: TlsGateOptions) {
    this.server = createServer({ ...options, ALPNProtocols: [...alpnProtocols] });
    this.server.on('secureConnection', (secured) => this.finish(secured));
    // Node only tells; a socket whose handshake failed or took too long stays open until somebody closes it.
    this.server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  /**
   * Shakes hands on a connection; its first bytes must have been put back, and it must not be flowing. Calls `done` when
   * it is secured; if that fails, the connection is destroyed.
   */
  secure(socket: Socket, done: (secured: TLSSocket) => void): void {
    // Node does not say which connection a TLSSocket was made from; both know the place of the client.
    const place = placeOf(socket);
    this.waiting.set(place, done);
    socket.once('close', () => {
      if (this.waiting.get(place) === done) this.waiting.delete(place);
    });
    this.server.emit('connection', socket);
  }

  /** Takes new keys and certificates for the connections to come; those there are keep theirs. */
  reload(options: SecureContextOptions): void {
    this.server.setSecureContext(options);
  }

  private finish(secured: TLSSocket): void {
    const place = placeOf(secured);
    const done = this.waiting.get(place);
    this.waiting.delete(place);
    if (done === undefined) secured.destroy();
    else done(secured);
  }
}

function placeOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress}|${remotePort}|${localPort}`;
}
