// Every bound on what others can make a server hold, or wait for: those of core, and those of the port.

import { defaultLimits, type Limits } from '@sallyport/core';

/** All limits of a server. Sizes are bytes, times are milliseconds. */
export interface ServerLimits extends Limits {
  /** Open connections. Default 10 000. */
  connections: number;
  /** Open connections from one address, or IPv6 network (/64). Default 500. */
  connectionsPerAddress: number;
  /** Open connections that have not authenticated yet. Default 1000. */
  unauthenticated: number;
  /** The first bytes of a connection, from which it must be clear what it speaks. Default 64. */
  sniffBytes: number;
  /** From accept, and again from the end of the TLS handshake, until it is clear what a connection speaks. Default 5000. */
  sniffTime: number;
  /** A TLS handshake. Default 10 000. */
  handshakeTime: number;
  /** The head of the first HTTP request, from accept, or from the end of the TLS handshake. Default 10 000. */
  headTime: number;
  /**
   * An HTTP request with its body, from where `headTime` or `keepAliveTime` begins; anew if an answer is leaving when it is
   * over. Default 30 000.
   */
  requestTime: number;
  /** The head of the next HTTP request, from the last answer. Default 5000. */
  keepAliveTime: number;
  /** Request line and headers of an HTTP request. Default 16 KiB. */
  httpHead: number;
  /** Headers of an HTTP request. Default 100. */
  httpHeaders: number;
  /** Body of a request by XML-RPC. Default 4 MiB. */
  xmlBody: number;
  /** Arrays and structs within each other in XML-RPC. Default 64. */
  xmlDepth: number;
  /** Fragments of one WebSocket message. Default 1024. */
  fragments: number;
  /** How long the answer to a refused login is kept back. Default 1000. */
  loginPause: number;
  /** Refused logins of one connection. Default 5. */
  loginFailures: number;
  /** How long {@link Server.drain} takes at most. Default 5000. */
  drainTime: number;
  /** A TCP connection that is silent for this long is probed, so that peers that vanished are found. Default 60 000. */
  tcpKeepAlive: number;
}

/** The defaults. */
export const defaultServerLimits: ServerLimits = {
  ...defaultLimits,
  connections: 10_000,
  connectionsPerAddress: 500,
  unauthenticated: 1000,
  sniffBytes: 64,
  sniffTime: 5000,
  handshakeTime: 10_000,
  headTime: 10_000,
  requestTime: 30_000,
  keepAliveTime: 5000,
  httpHead: 16 * 1024,
  httpHeaders: 100,
  xmlBody: 4 * 1024 * 1024,
  xmlDepth: 64,
  fragments: 1024,
  loginPause: 1000,
  loginFailures: 5,
  drainTime: 5000,
  tcpKeepAlive: 60_000,
};
