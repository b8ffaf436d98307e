// What is known of a connection when it comes to be served: where it is from, and what it has said of itself by HTTP.

import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import type { Quota } from '@sallyport/core/broker';
import type { Accepted } from './acceptor.js';
import { type Given, readAuthorization } from './access.js';
import type { Origin, TlsOrigin } from './session.js';

/** A connection that has come to be served, or a request by HTTP. */
export interface Arrival {
  readonly origin: Origin;
  /** What it has said of itself by HTTP: in its request, or in that for a WebSocket. */
  readonly given: Given;
  /** From when the time to log in counts, by the server's clock. */
  readonly opened: number;
  /** Aborted when it is gone. */
  readonly gone: AbortSignal;
  /** Aborted when it will say nothing more, though it may still listen. */
  readonly ended: AbortSignal;
  /** To be called once it is known who it is, with where what is kept for it is counted; again when that is said anew. */
  admitted(quota?: Quota): void;
}

/** What HTTP says beside. */
export interface HttpWords {
  /** The page's origin. */
  origin?: string | undefined;
  authorization?: string | undefined;
  /** Aborted when it is gone; default: with its connection. */
  gone?: AbortSignal;
}

export function arrivalOf(
  accepted: Accepted,
  protocol: Origin['protocol'],
  transport: Origin['transport'],
  { origin, authorization, gone }: HttpWords = {},
): Arrival {
  const { socket } = accepted;
  const { secure, remoteAddress, peerCertificate, opened } = accepted;
  const tls = tlsOf(accepted);
  return {
    origin: { protocol, transport, secure, remoteAddress, remote: remoteAddress, origin, tls, peerCertificate },
    given: readAuthorization(authorization),
    opened,
    gone: gone ?? signalOf(socket, 'close', socket.closed),
    ended: gone ?? signalOf(socket, 'end', socket.readableEnded),
    admitted: () => accepted.authenticated(),
  };
}

function tlsOf({ socket, peerCertificate, alpn, ca }: Accepted): TlsOrigin | undefined {
  if (!('authorized' in socket)) return undefined;
  // It is false where no name was given, which Node's types do not know.
  const servername = (socket.servername as string | false) || undefined;
  const told = { authorized: socket.authorized, peerCertificate, servername, alpn };
  // Pages of it, for whoever looks for it.
  return Object.defineProperty(told as TlsOrigin, 'ca', { value: ca });
}

function signalOf(socket: Socket, event: 'close' | 'end', isOver: boolean): AbortSignal {
  const over = new AbortController();
  // As many requests as a connection has in the pipeline may wait for their login.
  setMaxListeners(0, over.signal);
  if (isOver) over.abort();
  else socket.once(event, () => over.abort());
  return over.signal;
}
