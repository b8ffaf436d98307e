// What goes out to a client of vdsm's dialect. To engine's Java client it is shaped, spaced and paced: it would lose what
// it reads together, and be late with what it is given faster than it takes it, one frame at each wake-up.

import { type Alarm, type Body, type ByteStream, type Clock, Deferred } from '@sallyport/core';
import { encodeBody } from '@sallyport/core/stomp';
import { shapedMessage } from './padding.js';

/** What comes so soon after the last may be read together with it, milliseconds. */
const SOON = 50;

/** What is sent so much later is read by itself, in all likelihood, milliseconds. */
const GAP = 15;

/**
 * What a frame costs engine's client, milliseconds, and how many bytes of it: over TLS each record, on a plain connection
 * as much as it may get in one read. It takes some 2900 and 8000 a second where it has the machine to itself.
 */
const COST = { secure: { time: 0.6, bytes: 16 * 1024 }, plain: { time: 0.18, bytes: 64 * 1024 } } as const;

/** It is given so much at once, milliseconds of its time; what is more waits. */
const AT_ONCE = 2;

/** So much may wait here, bytes or characters; what is older then goes to the stream, whose limits are the connection's. */
const MOST_HELD = 1024 * 1024;

export interface OutboxOptions {
  clock: Clock;
  /** Whether TLS is spoken. */
  secure: boolean;
  /** Whether more is to be expected: requests that are being worked on, or have not been read. */
  isBusy: () => boolean;
  /** Told of every frame, for the heart-beats. */
  sent: () => void;
}

/** The text of a MESSAGE, whose shape is chosen when it leaves, and its head without content-length; or another frame. */
type Item = { readonly head: string; readonly body: string } | { readonly head: undefined; readonly body: Body };

export class Outbox {
  /** Whether destination and subscription may be left out, because the client is engine's beyond doubt. */
  isTerse = false;
  /** Whether the client is engine's, and has to be spared. */
  private spares = false;
  private isOver = false;
  private lastSent = -Infinity;
  /** What waits for its time. */
  private held: Item[] = [];
  private heldLength = 0;
  /** Nothing is sent before: what was sent last has to be read by itself. */
  private quietUntil = -Infinity;
  /** When all that was sent is taken, by what it costs. */
  private takenAt = -Infinity;
  private alarm: Alarm | undefined;
  private full: Promise<void> | undefined;
  private pause: Deferred | undefined;

  constructor(
    private readonly stream: ByteStream,
    private readonly options: OutboxOptions,
  ) {}

  /** Set while nothing more is to be worked on: there is no room below, or answers would only wait for the client. */
  get room(): Promise<void> | undefined {
    if (!this.spares || this.full !== undefined) return this.full;
    if (this.held.length === 0 && this.delay() <= 0) return undefined;
    this.pause ??= new Deferred();
    this.arm();
    return this.pause.promise;
  }

  /** The client is engine's: each frame is a write, and so a segment or record, of its own. */
  spare(): void {
    this.spares = true;
    this.isTerse = !this.options.secure;
    this.stream.apart = true;
  }

  /** A MESSAGE of JSON: its head without content-length, and its text, behind which blanks mean nothing. */
  message(head: string, text: string): void {
    this.put({ head, body: text });
  }

  /** Any other frame. It cannot be padded, so it keeps its distance: to what is before it as well. */
  write(frame: Body): void {
    this.put({ head: undefined, body: frame });
  }

  /** A heart-beat, where nothing else will do for one. */
  beat(): void {
    if (this.held.length === 0) this.write('\n');
  }

  /** Sends what waits. */
  flush(): void {
    while (this.held.length > 0) this.sendFirst();
  }

  /** Forgets what waits. */
  stop(): void {
    this.isOver = true;
    this.alarm?.cancel();
    this.held = [];
    this.pause?.resolve();
  }

  private put(item: Item): void {
    if (this.isOver) return;
    if (!this.spares || (this.held.length === 0 && this.delay(item) <= 0)) return this.send(item);
    this.held.push(item);
    this.heldLength += item.body.length;
    while (this.heldLength > MOST_HELD) this.sendFirst();
    this.arm();
  }

  /** How long something has to wait, milliseconds. */
  private delay(item?: Item): number {
    const now = this.options.clock.now();
    const paced = this.takenAt - now < AT_ONCE ? now : this.takenAt;
    if (item === undefined) return paced - now;
    const isLone = item.head === undefined;
    return Math.max(paced, this.quietUntil, isLone ? Math.max(this.lastSent, this.takenAt) + GAP : now) - now;
  }

  private arm(): void {
    if (this.isOver) return;
    this.alarm ??= this.options.clock.after(Math.max(0, this.delay(this.held[0])), () => this.advance());
  }

  /** Some time has passed. */
  private advance(): void {
    this.alarm = undefined;
    while (this.held.length > 0 && this.delay(this.held[0]) <= 0) this.sendFirst();
    if (this.held.length > 0 || (this.pause !== undefined && this.delay() > 0)) return this.arm();
    this.pause?.resolve();
    this.pause = undefined;
  }

  private sendFirst(): void {
    const item = this.held.shift()!;
    this.heldLength -= item.body.length;
    this.send(item);
  }

  private send(item: Item): void {
    if (item.head === undefined) return this.hand(item.body, item.body.length, true);
    if (!this.spares) return this.hand(encodeBody(item.head, item.body), 0, false);
    const shape = { secure: this.options.secure, isClose: this.isClose(), isTerse: this.isTerse };
    const { frame, length, isShort } = shapedMessage(item.head, item.body, shape);
    this.hand(frame, length, isShort);
  }

  private hand(frame: Body, length: number, isShort: boolean): void {
    const now = this.options.clock.now();
    if (this.spares) {
      const { time, bytes } = this.options.secure ? COST.secure : COST.plain;
      this.takenAt = Math.max(this.takenAt, now) + time * Math.ceil(length / bytes);
      // What follows must not find it still unread.
      if (isShort) this.quietUntil = now + GAP;
    }
    this.lastSent = now;
    this.options.sent();
    const full = this.stream.send(frame);
    if (full === undefined || this.full !== undefined) return;
    this.full = full.then(() => {
      this.full = undefined;
    });
  }

  /** Whether a frame may be read together with others. */
  private isClose(): boolean {
    const { isBusy, clock } = this.options;
    const since = clock.now() - Math.max(this.lastSent, this.takenAt);
    return this.held.length > 0 || this.full !== undefined || since < SOON || isBusy();
  }
}
