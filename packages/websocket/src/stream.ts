// A WebSocket as a byte stream or a message channel: what comes in, what goes out, and how it ends.

import {
  type Alarm,
  AuthError,
  type ByteStream,
  type Channel,
  type Clock,
  ConnectionError,
  decodeText,
  defaultLimits,
  encodeText,
  LimitError,
  type Limits,
  type MessageChannel,
  ProtocolError,
  SallyportError,
  systemClock,
} from '@sallyport/core';
import { Arrivals } from './arrivals.js';
import { Departures, type Piece } from './departures.js';
import { StandardPort, type WebSocketLike, type WebSocketPort } from './port.js';

export interface WebSocketOptions {
  /** Where time comes from. */
  clock?: Clock;
  /** `writeBuffer`, `writeStall` and, for messages, `body`. */
  limits?: Partial<Limits>;
  /** Runs at the end of the turn, when everything sent during it leaves. Default queueMicrotask. */
  schedule?: (run: () => void) => void;
}

/** A server gets this long to answer our close frame, milliseconds; then the connection is torn down. */
const GRACE = 2000;

/** The bytes that pages cannot refuse to take in, since they cannot hold the server back. */
const UNREAD = 64 * 1024 * 1024;

/**
 * An open WebSocket as a byte stream: boundaries and kinds of messages mean nothing. Strings sent during one turn leave
 * as one text message; bytes leave as text if they are UTF-8 (STOMP over WebSocket is text), else as a binary message.
 */
export function webSocketStream(socket: WebSocketLike, options: WebSocketOptions = {}): ByteStream {
  return portStream(new StandardPort(socket, options.clock ?? systemClock), options);
}

/** An open WebSocket as a message channel: one text per message; binary messages are taken if they are UTF-8. */
export function webSocketMessages(socket: WebSocketLike, options: WebSocketOptions = {}): MessageChannel {
  return portMessages(new StandardPort(socket, options.clock ?? systemClock), options);
}

/** {@link webSocketStream} over any port. */
export function portStream(port: WebSocketPort, options: WebSocketOptions = {}): ByteStream {
  const receive = (data: string | Uint8Array): Uint8Array => (typeof data === 'string' ? encodeText(data) : data);
  return new WebSocketChannel<Uint8Array, Piece>(port, receive, { ...options, join: true });
}

/** {@link webSocketMessages} over any port. */
export function portMessages(port: WebSocketPort, options: WebSocketOptions = {}): MessageChannel {
  const most = options.limits?.body ?? defaultLimits.body;
  const receive = (data: string | Uint8Array): string => {
    if (data.length > most)
      throw new LimitError('ERR_BODY', `a message is longer than ${most} bytes (limits.body)`, 'body');
    return typeof data === 'string' ? data : messageText(data);
  };
  return new WebSocketChannel<string, string>(port, receive, { ...options, join: false });
}

class WebSocketChannel<Incoming extends string | Uint8Array, Outgoing extends Piece> implements Channel<
  Incoming,
  Outgoing
> {
  private readonly arrivals: Arrivals<Incoming>;
  private readonly departures: Departures;
  private readonly clock: Clock;
  private readonly gone: Promise<void>;
  private leave!: () => void;
  private closing = false;
  private failing = false;
  private grace: Alarm | undefined;
  private cause: unknown;

  constructor(
    private readonly port: WebSocketPort,
    private readonly receive: (data: string | Uint8Array) => Incoming,
    options: WebSocketOptions & { join: boolean },
  ) {
    this.clock = options.clock ?? systemClock;
    this.arrivals = new Arrivals<Incoming>(port);
    this.departures = new Departures(
      {
        write: (batch, taken) => port.send(options.join ? batch.map(asText) : batch, taken),
        schedule: options.schedule ?? queueMicrotask,
        cut: (error) => this.fail(error),
      },
      { clock: this.clock, limits: { ...defaultLimits, ...options.limits }, join: options.join, split: false },
    );
    this.gone = new Promise((resolve) => (this.leave = resolve));
    port.listen({
      message: (data) => this.take(data),
      error: (cause) => (this.cause = cause),
      close: (code, reason) => this.ended(code, reason),
    });
  }

  send(item: Outgoing): Promise<void> | undefined {
    return this.departures.add(item);
  }

  close(reason?: Error): Promise<void> {
    if (this.closing) return this.gone;
    if (reason !== undefined) this.fail(reason);
    else {
      this.closing = true;
      this.arrivals.drop();
      void this.departures.end().then(() => this.farewell(1000, ''));
    }
    return this.gone;
  }

  [Symbol.asyncIterator](): AsyncIterator<Incoming> {
    return this.arrivals;
  }

  private take(data: string | Uint8Array): void {
    if (data.length === 0 && typeof data !== 'string') return;
    try {
      this.arrivals.push(this.receive(data));
    } catch (error) {
      this.fail(error as Error);
    }
    if (this.arrivals.waiting > UNREAD && !this.port.pauses) this.fail(unread());
  }

  /** Tears down: nothing queued is sent, nothing unread is read. */
  private fail(reason: Error): void {
    if (this.failing) return;
    this.closing = this.failing = true;
    this.arrivals.drop(reason);
    this.departures.drop();
    // Whoever takes nothing would not get our close frame either.
    if (isStuck(reason)) this.port.terminate();
    this.farewell(closeCode(reason), reason instanceof SallyportError ? String(reason.code) : '');
  }

  private farewell(code: number, reason: string): void {
    this.grace?.cancel();
    this.grace = this.clock.after(GRACE, () => {
      this.port.terminate();
      this.ended(1006, '');
    });
    this.port.close(code, reason);
  }

  private ended(code: number, reason: string): void {
    this.grace?.cancel();
    this.departures.drop();
    this.arrivals.end(isOrderly(code) ? undefined : lost(code, reason, this.cause));
    this.leave();
  }
}

/** Bytes as text where that is possible: many STOMP clients look only at text messages. */
function asText(piece: Piece): Piece {
  if (typeof piece === 'string') return piece;
  try {
    return decodeText(piece);
  } catch {
    return piece;
  }
}

function messageText(data: Uint8Array): string {
  try {
    return decodeText(data);
  } catch (cause) {
    throw new ProtocolError('ERR_UTF8', 'a binary message is not UTF-8, as JSON is (RFC 8259, section 8.1)', { cause });
  }
}

/** Normal closure, going away, and no code at all (RFC 6455, section 7.4.1). */
function isOrderly(code: number): boolean {
  return code === 1000 || code === 1001 || code === 1005;
}

function isStuck(reason: Error): boolean {
  return reason instanceof LimitError && reason.limit.startsWith('write');
}

/** The close code for an error, by what the other side should make of it (RFC 6455, section 7.4.1). */
function closeCode(reason: Error): number {
  if (isStuck(reason)) return 1013;
  if (reason instanceof ProtocolError) return 1002;
  if (reason instanceof LimitError) return 1009;
  if (reason instanceof AuthError) return 1008;
  return 1011;
}

function lost(code: number, reason: string, cause: unknown): ConnectionError {
  const why = reason === '' ? '' : `, ${reason}`;
  return new ConnectionError('ERR_CONNECTION_LOST', `the WebSocket ended with close code ${code}${why}`, { cause });
}

function unread(): LimitError {
  return new LimitError('ERR_UNREAD', `more than ${UNREAD} bytes came in and were not read`, 'unread');
}
