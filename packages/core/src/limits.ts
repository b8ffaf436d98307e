// Every bound on what others can make us hold, in one place, with its default. All are on unless changed.

import { LimitError } from './errors.js';

/** Bounds on what one peer, and all peers together, can make this side hold. */
export interface Limits {
  /** One header line of a STOMP frame, bytes. Default 8192. */
  headerLine: number;
  /** Header lines of a STOMP frame. Default 64. */
  headerCount: number;
  /** Command and headers of a STOMP frame together, bytes. Default 32768. */
  frameHead: number;
  /** Body of a message, STOMP frame or HTTP request; also one line or WebSocket message of JSON-RPC; bytes. Default 16 MiB. */
  body: number;
  /** EOLs in a row before CONNECT. Default 8. */
  leadingEols: number;
  /** Subscriptions of one connection. Default 1000. */
  subscriptions: number;
  /** Deliveries of one subscription that wait to be acknowledged; further messages wait in their queue. Default 1000. */
  prefetch: number;
  /** Deliveries that were refused by NACK before a message goes to the dead letters. Default 6. */
  deliveries: number;
  /** How long the first NACK keeps a message back; each further one doubles it; milliseconds. Default 100. */
  redeliveryDelay: number;
  /** The longest that a NACK keeps a message back, milliseconds. Default 30 000. */
  longestRedeliveryDelay: number;
  /** How long a message stays among the dead letters, milliseconds. Default 7 days. */
  deadLetterTime: number;
  /** Open transactions of one connection. Default 32. */
  transactions: number;
  /** Bytes waiting in one transaction. Default 16 MiB. */
  transactionBytes: number;
  /** Queues, dead letters' included, and temporary queues that one client's messages have brought into being. Default 1000. */
  destinations: number;
  /** Messages waiting in one queue. Default 100 000. */
  queueMessages: number;
  /** Bytes waiting in one queue. Default 32 MiB. */
  queueBytes: number;
  /**
   * Bytes kept for one client: messages that wait in queues and transactions, with the queues that are there because of them;
   * calls being worked on; what has come, from 4 KiB on, of a frame, line, WebSocket message or request by HTTP that is not
   * complete; subscriptions, names of transactions and reply addresses beyond 16 KiB. Default 64 MiB.
   */
  clientQueuedBytes: number;
  /** The same of all clients of one address, or IPv6 network (/64). Default 128 MiB. */
  addressQueuedBytes: number;
  /** The same of all clients together. Default 256 MiB. */
  queuedBytes: number;
  /** Calls of one connection being worked on at once; further ones are refused with -32000. Default 256. */
  calls: number;
  /** Calls of this side waiting for their answer at once; further ones are refused. Default 10 000. */
  pendingCalls: number;
  /** From a client's half-close of TCP, in bare JSON-RPC, to the last answer, milliseconds. Default 30 000. */
  halfClosedTime: number;
  /** Arrays and objects within each other in a JSON text. Default 512. */
  jsonDepth: number;
  /** Members of a JSON-RPC batch. Default 1000. */
  batch: number;
  /** Bytes written to one connection and not yet taken by it, by HTTP those behind another answer; more cuts it. Default 16 MiB. */
  writeBuffer: number;
  /** A connection that takes none of the bytes waiting for it for this long is cut, milliseconds. Default 10 000. */
  writeStall: number;
  /**
   * To CONNECTED, or to the end of a first login, from when a client could begin: from accept, or the end of the handshake of
   * TLS or WebSocket; milliseconds; an absolute deadline, so that dribbling does not move it. Default 10 000.
   */
  connectTime: number;
  /**
   * Of a frame, line or WebSocket message of which 4 KiB have come, the end or the next 64 KiB must come within this, at a
   * server; milliseconds. Default 60 000.
   */
  frameTime: number;
  /** Events kept for subscribers that come back. Default 10 000. */
  historyEvents: number;
  /** Bytes of events kept for subscribers that come back. Default 16 MiB. */
  historyBytes: number;
  /** How long an event is kept for subscribers that come back, milliseconds. Default 300 000. */
  historyTime: number;
  /** Events waiting for one iteration of `client.events`; more drops the oldest and says so. Default 1000. */
  eventBuffer: number;
}

/** The defaults. */
export const defaultLimits: Limits = {
  headerLine: 8192,
  headerCount: 64,
  frameHead: 32_768,
  body: 16 * 1024 * 1024,
  leadingEols: 8,
  subscriptions: 1000,
  prefetch: 1000,
  deliveries: 6,
  redeliveryDelay: 100,
  longestRedeliveryDelay: 30_000,
  deadLetterTime: 7 * 24 * 60 * 60 * 1000,
  transactions: 32,
  transactionBytes: 16 * 1024 * 1024,
  destinations: 1000,
  queueMessages: 100_000,
  queueBytes: 32 * 1024 * 1024,
  clientQueuedBytes: 64 * 1024 * 1024,
  addressQueuedBytes: 128 * 1024 * 1024,
  queuedBytes: 256 * 1024 * 1024,
  calls: 256,
  pendingCalls: 10_000,
  halfClosedTime: 30_000,
  jsonDepth: 512,
  batch: 1000,
  writeBuffer: 16 * 1024 * 1024,
  writeStall: 10_000,
  connectTime: 10_000,
  frameTime: 60_000,
  historyEvents: 10_000,
  historyBytes: 16 * 1024 * 1024,
  historyTime: 300_000,
  eventBuffer: 1000,
};

/** The error for a limit that was crossed, told as `more than 64 headers in a frame (limits.headerCount)`. */
export function limitError(limit: keyof Limits, value: number, what: string): LimitError {
  const code = 'ERR_' + limit.replace(/[A-Z]/g, '_$&').toUpperCase();
  return new LimitError(code, `more than ${value} ${what} (limits.${limit})`, limit);
}

/** Headers that a server adds to those of the sender. */
const ADDED = 16;

/**
 * The bounds of a client on what its server passes on. What one may send all must be able to receive, or a single message
 * would cut off whoever subscribes to it; and on its way its headers can grow to twice their length, by escapes that the
 * sender's version does not have, and the server adds its own.
 */
export function receivedLimits(limits: Limits): Limits {
  const headerLine = 2 * limits.headerLine;
  const frameHead = 2 * limits.frameHead + headerLine;
  return { ...limits, headerLine, headerCount: limits.headerCount + ADDED, frameHead };
}
