// How many bytes have come of a message that is not whole: `ws` keeps them, and tells of the message once all of it is here.
// Until it is known who somebody is, a message may only be small; afterwards they count against its quota, and must go on
// coming. So the bytes below are counted as they come in, give or take a chunk.

import {
  type Clock,
  defaultLimits,
  limitError,
  type Limits,
  type Room,
  systemClock,
  Unfinished,
} from '@sallyport/core';
import type { EmitterWebSocket } from './emitter.js';

/** The connection below: Node's net.Socket or TLSSocket, as far as its bytes are counted. */
export interface CountedSocket {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'resume', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  removeAllListeners(event: 'data'): unknown;
  resume(): unknown;
  isPaused?(): boolean;
}

/** A ping or pong has its length in one byte, and a mask (RFC 6455, section 5.2). */
const CONTROL_HEAD = 6;

export interface MessageBytesOptions {
  /** The greatest message before login, bytes (limits.frameHead). */
  first: number;
  limits?: Partial<Limits> | undefined;
  clock?: Clock | undefined;
  /** Ends the connection. */
  close: (reason: Error) => void;
}

export class MessageBytes {
  private bytes = 0;
  private isWhole = false;
  /** Bytes of pings and pongs, which may come within a message and are no part of it: in this chunk, and since the last message. */
  private control = 0;
  private allControl = 0;
  private first: number;
  private unfinished: Unfinished | undefined;

  /** To be made when `ws` reads already. */
  constructor(
    private readonly below: CountedSocket,
    socket: EmitterWebSocket,
    private readonly options: MessageBytesOptions,
  ) {
    this.first = options.first;
    const control = ({ length }: Uint8Array): void => {
      this.control += CONTROL_HEAD + length;
    };
    socket.on('message', () => (this.isWhole = true));
    socket.on('ping', control);
    socket.on('pong', control);
    socket.on('close', () => this.unfinished?.stop());
    // Comes after `ws` has read the chunk, and told of the messages in it.
    below.on('data', this.count);
    below.on('resume', () => this.unfinished?.resumed());
  }

  /** It is known who it is: messages may have their full length. */
  admit(quota: Room | undefined): void {
    const { limits, clock = systemClock } = this.options;
    this.first = Infinity;
    this.unfinished ??= new Unfinished({
      quota,
      clock,
      limits: { ...defaultLimits, ...limits },
      what: 'message',
      isPaused: () => this.below.isPaused?.() === true,
      onStall: (error) => this.exceeded(error),
    });
  }

  private readonly count = ({ length }: Uint8Array): void => {
    this.bytes = this.isWhole ? 0 : Math.max(0, this.bytes + length - this.control);
    this.allControl = this.isWhole ? 0 : this.allControl + this.control;
    this.control = 0;
    if (this.isWhole && this.unfinished?.isHeld === true) this.unfinished.done();
    this.isWhole = false;
    // Strangers do not send pings for long either.
    if (this.bytes + this.allControl > this.first)
      return this.exceeded(limitError('frameHead', this.first, 'bytes in a message before login'));
    try {
      this.unfinished?.hold(this.bytes);
    } catch (error) {
      this.exceeded(error as Error);
    }
  };

  private exceeded(reason: Error): void {
    this.options.close(reason);
    // What follows is thrown away; `ws` would go on collecting it while it waits for the end.
    this.below.removeAllListeners('data');
    this.below.resume();
  }
}
