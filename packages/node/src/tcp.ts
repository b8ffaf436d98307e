// A TCP or TLS socket as a byte stream.

import type { Socket } from 'node:net';
import {
  type Alarm,
  Arrivals,
  type ByteStream,
  type Clock,
  ConnectionError,
  defaultLimits,
  Departures,
  type LimitError,
  type Limits,
  systemClock,
} from '@sallyport/core';
import { certificateRefused, describe } from './dial-error.js';
import { writeText } from './write-text.js';

export interface SocketStreamOptions {
  /** Where time comes from. */
  clock?: Clock;
  /** `writeBuffer` and `writeStall`. */
  limits?: Partial<Limits>;
}

/** After our end the other side gets this long to end too, milliseconds; then the socket is destroyed. */
const LINGER = 2000;

/**
 * A connected socket, plain or TLS, as a byte stream. What is sent during one turn leaves together. Strings are
 * counted by their length until they are written.
 *
 * The iteration throws `ERR_CONNECTION_LOST` when the connection breaks, and a LimitError (`ERR_WRITE_BUFFER`,
 * `ERR_WRITE_STALL`) when the other side does not read.
 */
export function socketStream(socket: Socket, options: SocketStreamOptions = {}): ByteStream {
  return new SocketStream(socket, options);
}

class SocketStream implements ByteStream {
  apart = false;
  readonly gone: Promise<void>;
  private readonly arrivals: Arrivals<Uint8Array>;
  private readonly departures: Departures;
  private readonly clock: Clock;
  private readonly limits: Limits;
  private readonly peer: string;
  private leave!: () => void;
  private closing = false;
  private ended = false;
  private cause: Error | undefined;
  private deadline: Alarm | undefined;
  /** Whether the system has its own copy as soon as a write is over; TLS may keep what it is given. */
  private readonly copies: boolean;

  constructor(
    private readonly socket: Socket,
    options: SocketStreamOptions,
  ) {
    this.clock = options.clock ?? systemClock;
    this.limits = { ...defaultLimits, ...options.limits };
    this.peer = `${socket.remoteAddress}:${socket.remotePort}`;
    this.copies = !('encrypted' in socket);
    this.arrivals = new Arrivals(socket);
    this.departures = new Departures(
      { write: this.write, schedule: process.nextTick, cut: (error) => this.cut(error) },
      { clock: this.clock, limits: this.limits, join: true, split: true, isApart: () => this.apart },
    );
    this.gone = new Promise((resolve) => (this.leave = resolve));
    this.listen();
  }

  send(item: Uint8Array | string): Promise<void> | undefined {
    return this.departures.add(item);
  }

  close(reason?: Error): Promise<void> {
    if (this.closing) return this.gone;
    this.closing = true;
    this.arrivals.drop(reason);
    if (reason === undefined) void this.finish();
    else this.socket.destroy();
    return this.gone;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.arrivals;
  }

  private listen(): void {
    const { socket } = this;
    if (socket.closed) return this.closed();
    socket.setNoDelay(true);
    // Without it Node ends our side as soon as the peer ends its own, and what it asked for would not be answered.
    socket.allowHalfOpen = true;
    socket.on('data', (chunk: Uint8Array) => this.arrivals.push(chunk));
    socket.on('end', () => {
      this.ended = true;
      // An alert that comes behind the handshake is told first, and is why there is an end.
      this.arrivals.end(this.cause && lost(this.peer, this.cause));
    });
    socket.on('error', (error) => (this.cause = error));
    socket.on('close', () => this.closed());
  }

  private readonly write = (batch: (string | Uint8Array)[], taken: () => void): void => {
    const { socket } = this;
    const last = batch.length - 1;
    if (last > 0) socket.cork();
    for (let at = 0; at < last; at++) socket.write(batch[at]!);
    // Called with an error, the end is near, and said by 'close'.
    const done = (error?: Error | null): void => {
      if (error === undefined || error === null) taken();
    };
    const item = batch[last]!;
    if (last === 0 && typeof item === 'string' && this.copies) writeText(socket, item, done);
    else socket.write(item, done);
    if (last > 0) socket.uncork();
  };

  /**
   * Ends in good order. What still comes in is read and thrown away: closing a socket with unread bytes makes the
   * system send a reset, which can overtake our last bytes, such as an ERROR frame (RFC 2525, section 2.17).
   */
  private async finish(): Promise<void> {
    this.deadline = this.clock.after(this.limits.writeStall, () => this.socket.destroy());
    await this.departures.end();
    if (this.socket.destroyed) return;
    this.deadline.cancel();
    this.deadline = this.clock.after(LINGER, () => this.socket.destroy());
    this.socket.end();
  }

  private cut(error: LimitError): void {
    this.closing = true;
    this.arrivals.drop(error);
    this.socket.destroy();
  }

  private closed(): void {
    this.deadline?.cancel();
    this.departures.drop();
    this.arrivals.end(this.ended ? undefined : lost(this.peer, this.cause));
    this.leave();
  }
}

function lost(peer: string, cause: Error | undefined): ConnectionError {
  const refused = cause && certificateRefused(cause, peer);
  if (refused !== undefined) return refused;
  const why = cause === undefined ? '' : `: ${describe(cause)}`;
  return new ConnectionError('ERR_CONNECTION_LOST', `the connection to ${peer} was lost${why}`, { cause });
}
