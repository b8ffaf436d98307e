// The platform's own WebSocket (in pages, Deno, Bun, Node 22) as a byte stream or a message channel. It can neither hold
// the server back nor tell when its buffer has room, so there is little to do; sockets of `ws` can, see port-channel.ts.

import {
  type Alarm,
  type ByteStream,
  type Channel,
  type Clock,
  defaultLimits,
  LimitError,
  limitError,
  type Limits,
  type MessageChannel,
  systemClock,
} from '@sallyport/core';
import { closeCode, closeReason, endOf } from './close-codes.js';
import { asBytes, asText, messageReader, type Payload } from './payload.js';

/** The part of the standard WebSocket that is used here; `ws` has it too. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

/** Options of channels over a WebSocket. */
export interface WebSocketOptions {
  /** Where time comes from. */
  clock?: Clock;
  /** `writeBuffer`, `writeStall` and, for messages, `body`. */
  limits?: Partial<Limits>;
}

/** Strings of one turn are joined up to this length: one message instead of many, without making giants. */
const JOIN = 64 * 1024;

/** The platform's own buffer may hold this much before we keep the rest, and senders wait. */
const BUFFERED = 1024 * 1024;

/** There is no drain event, so the buffer is looked at this often while it is full, milliseconds. */
const LOOK = 10;

/** A server gets this long to answer our close frame, milliseconds; then we wait no longer. */
const GRACE = 2000;

/** The bytes that are taken in and not read, before the connection is given up. */
const UNREAD = 64 * 1024 * 1024;

/**
 * An open WebSocket as a byte stream: boundaries and kinds of messages mean nothing. Strings sent during one turn leave
 * as one text message; bytes leave as text if they are UTF-8 (STOMP over WebSocket is text), else as a binary message.
 */
export function webSocketStream(socket: WebSocketLike, options: WebSocketOptions = {}): ByteStream {
  return new StandardChannel<Uint8Array, Payload>(socket, options, JOIN, asBytes);
}

/** An open WebSocket as a message channel: one text per message; binary messages are taken if they are UTF-8. */
export function webSocketMessages(socket: WebSocketLike, options: WebSocketOptions = {}): MessageChannel {
  const receive = messageReader(options.limits?.body ?? defaultLimits.body);
  return new StandardChannel<string, string>(socket, options, 0, receive);
}

class StandardChannel<Incoming extends Payload, Outgoing extends Payload> implements Channel<Incoming, Outgoing> {
  /** What is sent here is never cut: servers see octets. */
  readonly longestMessage = Infinity;
  readonly #socket: WebSocketLike;
  readonly #clock: Clock;
  readonly #limits: Limits;
  readonly #join: number;
  /** What has come and was not read. */
  #items: Incoming[] = [];
  #unread = 0;
  /** Nothing more is read: the end, or whoever read has enough. */
  #over = false;
  #failure: Error | undefined;
  #wake = (): void => {};
  /** What waits for the end of the turn, or for room in the platform's buffer. */
  #queue: Payload[] = [];
  #queued = 0;
  #leaving = false;
  #buffered = 0;
  #progress = 0;
  #room: Promise<void> | undefined;
  #makeRoom = (): void => {};
  #closing = false;
  #alarm: Alarm | undefined;
  #leave!: () => void;
  readonly #gone = new Promise<void>((resolve) => (this.#leave = resolve));

  constructor(socket: WebSocketLike, options: WebSocketOptions, join: number, receive: (payload: Payload) => Incoming) {
    this.#socket = socket;
    this.#clock = options.clock ?? systemClock;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#join = join;
    let cause: unknown;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }) => {
      try {
        this.#take(receive(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer)));
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    socket.addEventListener('error', (event) => (cause = (event as { error?: unknown }).error));
    socket.addEventListener('close', ({ code, reason }) => {
      this.#end(endOf(code, reason, cause));
      this.#leave();
    });
  }

  send(item: Outgoing): Promise<void> | undefined {
    if (this.#closing) return undefined;
    const last = this.#queue.at(-1);
    if (typeof item === 'string' && typeof last === 'string' && last.length + item.length <= this.#join)
      this.#queue[this.#queue.length - 1] = last + item;
    else this.#queue.push(item);
    this.#queued += item.length;
    if (!this.#leaving) {
      this.#leaving = true;
      queueMicrotask(() => this.#flush());
    }
    if (this.#queued + this.#socket.bufferedAmount <= BUFFERED) return undefined;
    // Nothing is cut for what one turn sends, such as one body of the greatest size.
    if (this.#queued > this.#limits.writeBuffer && this.#socket.bufferedAmount > BUFFERED) {
      this.#fail(limitError('writeBuffer', this.#limits.writeBuffer, 'bytes waiting; await what send() returns'));
    }
    return (this.#room ??= new Promise((resolve) => (this.#makeRoom = resolve)));
  }

  /** The platform sends what it has been given before it closes (WebSockets Standard, close). */
  close(reason?: Error): Promise<void> {
    if (reason !== undefined) this.#fail(reason);
    else if (!this.#closing) {
      this.#deliver();
      this.#quit(1000, '');
    }
    return this.#gone;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Incoming, undefined> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#unread -= item.length;
          yield item;
        } else if (this.#over) break;
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      // After a break the connection stays, for sending and for a close in good order.
      this.#over = true;
      this.#items = [];
    }
  }

  #take(item: Incoming): void {
    if (this.#over || item.length === 0) return;
    this.#items.push(item);
    this.#unread += item.length;
    this.#wake();
    if (this.#unread > UNREAD)
      throw new LimitError('ERR_UNREAD', `more than ${UNREAD} bytes came in and were not read`, 'unread');
  }

  /** Tears down: nothing queued is sent, nothing unread is read. */
  #fail(reason: Error): void {
    // Pages may send only 1000 and 3000 to 4999 (WebSockets Standard, close): 1009 becomes 4009.
    if (!this.#closing) this.#quit(closeCode(reason) + 3000, closeReason(reason), reason);
  }

  #quit(code: number, text: string, failure?: Error): void {
    this.#items = [];
    this.#end(failure);
    this.#alarm = this.#clock.after(GRACE, this.#leave);
    this.#socket.close(code, text);
  }

  /** Nothing more comes or goes; what has come can still be read. */
  #end(failure: Error | undefined): void {
    if (!this.#over) this.#failure = failure;
    this.#over = this.#closing = true;
    this.#queue = [];
    this.#alarm?.cancel();
    this.#wake();
    this.#makeRoom();
  }

  #deliver(): void {
    for (const piece of this.#queue) this.#socket.send(asText(piece) as string | Uint8Array<ArrayBuffer>);
    this.#queue = [];
    this.#queued = 0;
  }

  /** Hands over what the platform has room for, and looks again while it has none. */
  #flush(): void {
    if (this.#closing) return;
    if (this.#socket.bufferedAmount <= BUFFERED) this.#deliver();
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount <= BUFFERED) {
      this.#leaving = false;
      this.#makeRoom();
      this.#room = undefined;
      return;
    }
    const now = this.#clock.now();
    const { writeStall } = this.#limits;
    if (bufferedAmount !== this.#buffered) this.#progress = now;
    else if (now - this.#progress >= writeStall)
      return this.#fail(limitError('writeStall', writeStall, 'ms in which the other side took no byte'));
    this.#buffered = bufferedAmount;
    this.#alarm = this.#clock.after(LOOK, () => this.#flush());
  }
}
