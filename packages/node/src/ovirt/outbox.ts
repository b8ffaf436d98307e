// What goes out to a client of vdsm's dialect, spaced and padded for those that would lose it otherwise.
//
// Engine's Java client reads into a buffer of 1024 bytes for headers, and expects a read to end where a frame does: of
// several small frames in one read it handles the first, and the others when more bytes come. Over TLS the same holds of
// records in its buffer of some 17 KB. A message that is longer than what is left of the buffer cannot share it.

import { type Alarm, type ByteStream, type Clock, textLength } from '@sallyport/core';
import { escapeHeader } from '@sallyport/core/stomp';

/** The longest head that is written: it must fit into 1024 bytes together with the end of a short frame before it. */
export const LONGEST_HEAD = 400;

/** A frame that nothing is to follow soon may be this long without filling the buffer. */
const SHORT = 600;

/** Whole frames at least, bytes, while others follow: on a plain connection, and in a record of TLS. */
const PADDED = 1024;
const PADDED_RECORD = 8800;

/** What comes so soon after the last may be read together with it, milliseconds. */
const SOON = 50;

/** What is sent so much later is read by itself, in all likelihood, milliseconds. */
const GAP = 15;

/** So much may wait for the gap to be over, bytes or characters: with more, the buffer is full whatever comes. */
const MOST_HELD = 64 * 1024;

export interface OutboxOptions {
  clock: Clock;
  /** Whether TLS is spoken. */
  secure: boolean;
  /** Whether more is to be expected: requests that are being worked on, or have not been read. */
  isBusy: () => boolean;
  /** Told of every frame, for the heart-beats. */
  sent: () => void;
}

export class Outbox {
  /** Whether the client is engine's, and has to be spared. */
  private spares = false;
  private lastSent = -Infinity;
  /** Frames that wait for the gap to be over. */
  private held: (string | Uint8Array)[] = [];
  private heldLength = 0;
  private heldUntil = -Infinity;
  private alarm: Alarm | undefined;
  private full: Promise<void> | undefined;

  constructor(
    private readonly stream: ByteStream,
    private readonly options: OutboxOptions,
  ) {}

  /** What sending last returned: set while there is no room below. */
  get room(): Promise<void> | undefined {
    return this.full;
  }

  /** The client is engine's: each frame is a write, and so a record, of its own. */
  spare(): void {
    this.spares = true;
    this.stream.apart = this.options.secure;
  }

  /** CONNECTED, with nothing behind it that could be read together with it. */
  greet(frame: string): void {
    this.write(frame);
    if (this.spares) this.hold(GAP);
  }

  /** A MESSAGE of JSON: its head without content-length, and its text, behind which blanks mean nothing. */
  message(head: string, text: string): void {
    const length = head.length + text.length;
    const least = this.leastLength(length);
    const missing = least - length;
    const padded = missing > 0 ? text + ' '.repeat(missing) : text;
    this.write(`${head}content-length:${textLength(padded)}\n\n${padded}\0`);
    // What follows an unpadded record must not find it still unread.
    if (this.spares && least === 0) this.hold(GAP);
  }

  /** Any other frame. */
  write(frame: string | Uint8Array): void {
    if (this.held.length > 0 || this.options.clock.now() < this.heldUntil) {
      this.held.push(frame);
      this.heldLength += frame.length;
      this.alarm ??= this.options.clock.after(this.heldUntil - this.options.clock.now(), () => this.flush());
      if (this.heldLength > MOST_HELD) this.flush();
      return;
    }
    this.send(frame);
  }

  /** Sends what waits. */
  flush(): void {
    this.alarm?.cancel();
    this.alarm = undefined;
    this.heldUntil = -Infinity;
    const frames = this.held;
    this.held = [];
    this.heldLength = 0;
    for (const frame of frames) this.send(frame);
  }

  /** Forgets what waits. */
  stop(): void {
    this.alarm?.cancel();
    this.held = [];
  }

  private send(frame: string | Uint8Array): void {
    this.lastSent = this.options.clock.now();
    this.options.sent();
    const full = this.stream.send(frame);
    if (full === undefined || this.full !== undefined) return;
    this.full = full.then(() => {
      this.full = undefined;
    });
  }

  private hold(time: number): void {
    this.heldUntil = this.options.clock.now() + time;
  }

  /** How long a frame has to be; 0: it may be as short as it is. */
  private leastLength(length: number): number {
    if (!this.spares) return 0;
    const { secure, isBusy, clock } = this.options;
    const isClose = this.held.length > 0 || clock.now() - this.lastSent < SOON || isBusy();
    if (!isClose && (secure || length <= SHORT)) return 0;
    return secure ? PADDED_RECORD : PADDED;
  }
}

/** The head of a MESSAGE for a subscription; undefined if it would be too long for engine's client. */
export function messageHead(destination: string, subscription: string): string | undefined {
  const escape = (value: string): string => escapeHeader(value, '1.2', 'value')!;
  const named = `destination:${escape(destination)}\ncontent-type:application/json\nsubscription:${escape(subscription)}\n`;
  const head = 'MESSAGE\n' + named;
  return textLength(head) > LONGEST_HEAD ? undefined : head;
}
