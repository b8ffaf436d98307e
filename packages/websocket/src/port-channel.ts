// A socket of `ws` as a byte stream or a message channel: what comes in, what goes out, and how it ends.

import {
  type Alarm,
  Arrivals,
  type ByteStream,
  type Channel,
  type Clock,
  defaultLimits,
  Departures,
  type MessageChannel,
  systemClock,
} from '@sallyport/core';
import { closeCode, closeReason, endOf, isStuck } from './close-codes.js';
import { asBytes, asText, bitsOf, messageReader, partsOf, type Payload } from './payload.js';
import { Pongs } from './pongs.js';
import type { WebSocketPort } from './port.js';
import type { WebSocketOptions } from './stream.js';

/** Options of channels over a WebSocket that can be paused. */
export interface PortOptions extends WebSocketOptions {
  /** Runs at the end of the turn, when everything sent during it leaves. Default queueMicrotask. */
  schedule?: (run: () => void) => void;
  /** The close code of an end in good order. Default 1000. */
  closeCode?: () => number;
  /** The connection below, which tells of octets before they make up a message. */
  octets?: { on(event: 'data', listener: () => void): unknown } | undefined;
}

/** A peer gets this long to answer our close frame, milliseconds; then the connection is torn down. */
const GRACE = 2000;

/** What {@link webSocketStream} is for the platform's own WebSocket. */
export function portStream(port: WebSocketPort, options: PortOptions = {}): ByteStream {
  return new PortChannel<Uint8Array, Payload>(port, asBytes, { ...options, join: true });
}

/** What {@link webSocketMessages} is for the platform's own WebSocket. */
export function portMessages(port: WebSocketPort, options: PortOptions = {}): MessageChannel {
  const receive = messageReader(options.limits?.body ?? defaultLimits.body);
  return new PortChannel<string, string>(port, receive, { ...options, join: false });
}

class PortChannel<Incoming extends Payload, Outgoing extends Payload> implements Channel<Incoming, Outgoing> {
  longestMessage = Infinity;
  heardAt: number | undefined;
  private readonly arrivals: Arrivals<Incoming>;
  private readonly departures: Departures;
  private readonly pongs: Pongs;
  private readonly clock: Clock;
  private readonly whenGone: Promise<void>;
  private leave!: () => void;
  private closing = false;
  private failing = false;
  private grace: Alarm | undefined;
  private cause: unknown;

  constructor(
    private readonly port: WebSocketPort,
    private readonly receive: (data: Payload) => Incoming,
    private readonly options: PortOptions & { join: boolean },
  ) {
    this.clock = options.clock ?? systemClock;
    this.arrivals = new Arrivals<Incoming>(port);
    const limits = { ...defaultLimits, ...options.limits };
    this.departures = new Departures(
      {
        write: (batch, taken, moved) => this.write(options.join ? this.messagesOf(batch) : batch, taken, moved),
        schedule: options.schedule ?? ((run) => queueMicrotask(run)),
        cut: (error) => this.fail(error),
      },
      { clock: this.clock, limits, join: options.join, split: false },
    );
    const pongGate = {
      pong: (data: Uint8Array, taken: () => void) => port.pong(data, taken),
      isBusy: () => this.departures.isBusy,
      cut: (error: Error) => this.fail(error),
    };
    this.pongs = new Pongs(pongGate, this.clock, limits.writeStall);
    this.whenGone = new Promise((resolve) => (this.leave = resolve));
    options.octets?.on('data', () => (this.heardAt = this.clock.now()));
    port.listen({
      message: (data) => this.take(data),
      ping: (data) => this.failing || this.pongs.answer(data),
      error: (cause) => this.broken(cause),
      close: (code, reason) => this.ended(code, reason),
    });
  }

  send(item: Outgoing): Promise<void> | undefined {
    return this.departures.add(item);
  }

  close(reason?: Error): Promise<void> {
    if (this.closing) return this.whenGone;
    if (reason !== undefined) this.fail(reason);
    else {
      this.closing = true;
      this.arrivals.drop();
      void this.departures.end().then(() => this.farewell(this.options.closeCode?.() ?? 1000, ''));
    }
    return this.whenGone;
  }

  [Symbol.asyncIterator](): AsyncIterator<Incoming> {
    return this.arrivals;
  }

  /** What is large goes bit by bit, so that it is seen whether the other side takes any of it. */
  private write(messages: readonly Payload[], taken: () => void, moved: () => void): void {
    const bits = bitsOf(messages);
    if (bits === undefined) return this.port.send(messages, taken);
    const next = (at: number): void => {
      const { data, isText, isLast } = bits[at]!;
      this.port.fragment(data, isText, isLast, () => {
        if (at + 1 === bits.length) return taken();
        moved();
        if (!this.failing) next(at + 1);
      });
    };
    next(0);
  }

  private messagesOf(batch: readonly Payload[]): Payload[] {
    const texts = batch.map(asText);
    return this.longestMessage === Infinity ? texts : texts.flatMap((text) => partsOf(text, this.longestMessage));
  }

  private take(data: Payload): void {
    if (data.length === 0) return;
    try {
      this.arrivals.push(this.receive(data));
    } catch (error) {
      this.fail(error as Error);
    }
  }

  /** Tears down: nothing queued is sent, nothing unread is read. */
  private fail(reason: Error): void {
    if (this.failing) return;
    this.closing = this.failing = true;
    this.arrivals.drop(reason);
    this.departures.drop();
    // Whoever takes nothing would not get our close frame either.
    if (isStuck(reason)) this.port.terminate();
    this.farewell(closeCode(reason), closeReason(reason));
  }

  /** The other side broke a rule of WebSocket, and has been told; or the connection is lost. The end is to follow. */
  private broken(cause: unknown): void {
    this.cause = cause;
    this.closing = this.failing = true;
    this.stop(1006, '');
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
    this.stop(code, reason);
    this.leave();
  }

  /** Nothing more goes out; what has come in can still be read. */
  private stop(code: number, reason: string): void {
    this.pongs.stop();
    this.departures.drop();
    this.arrivals.end(endOf(code, reason, this.cause));
  }
}
