// One connection of engine's Java library: a socket and the selector that wakes it up, when bytes are there or a second has
// passed. Each wake-up reads once; over TLS it unwraps one record.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ByteQueue } from './byte-queue.js';
import { type JavaBeats } from './java-beats.js';
import { type JavaFrame, JavaFrameReader } from './java-frames.js';
import { TlsRecords } from './tls-records.js';

/** The selector returns at least that often, milliseconds. */
const SELECT_TIME = 1000;

/** As much as a system keeps for a socket. */
const SYSTEM_BUFFER = 128 * 1024;

/** So long after the last bytes a write leaves by itself, milliseconds, and TCP cuts it no sooner than at its least segment size. */
const IDLE = 10;
const LEAST_SEGMENT = 536;

/** How many bytes arrive next, of those that are under way: TCP knows no frames, and cuts where it likes. */
export type Segments = () => number;

export interface JavaConnectionEvents {
  frame(frame: JavaFrame): void;
  /** It reads nothing any more, and does not know. */
  stuck(why: string): void;
  /** It has dropped the connection. */
  lost(why: string): void;
}

export class JavaConnection {
  /** Set when the server has answered CONNECT; none before. */
  beats: JavaBeats = { incoming: 0, outgoing: 0 };
  isLost = false;
  private isStuck = false;
  private isAwake = false;
  private lastRead = performance.now();
  private lastWrite = performance.now();
  private lastArrival = -Infinity;
  private isIdle = true;
  /** What is cut, and arrives in pieces: a reader that keeps up sees each of them end. */
  private readonly underWay = new ByteQueue();
  private readonly arrived = new ByteQueue();
  private readonly clear: ByteQueue;
  private readonly reader = new JavaFrameReader();
  private readonly selector: NodeJS.Timeout;

  private constructor(
    private readonly socket: Socket,
    private readonly events: JavaConnectionEvents,
    private readonly records: TlsRecords | undefined,
    private readonly secure: TLSSocket | undefined,
    private readonly segments: Segments,
  ) {
    this.clear = records === undefined ? this.arrived : new ByteQueue();
    secure?.on('data', (chunk: Buffer) => this.clear.push(chunk));
    secure?.on('error', (error) => this.drop(error.message));
    // The end of the stream is ignored: only the silence after it is noticed.
    socket.on('data', (chunk: Buffer) => this.arrive(chunk)).on('error', (error) => this.drop(error.message));
    this.selector = setInterval(() => this.wake(), SELECT_TIME);
  }

  static async open(
    place: { port: number; host: string },
    tls: ConnectionOptions | undefined,
    events: JavaConnectionEvents,
    segments: Segments = () => Infinity,
  ): Promise<JavaConnection> {
    const socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    if (tls === undefined) return new JavaConnection(socket, events, undefined, undefined, segments);
    const records = new TlsRecords(socket);
    // The chain is verified, the name of the host is not.
    const secure = connectTls({ checkServerIdentity: () => undefined, ...tls, socket: records });
    const handshake = (chunk: Buffer): void => void records.push(chunk);
    const fail = (error: Error): void => void secure.destroy(error);
    const end = (): void => void secure.destroy(new Error('the handshake was cut off'));
    socket.on('data', handshake).on('error', fail).on('end', end);
    try {
      await once(secure, 'secureConnect');
    } catch (error) {
      socket.destroy();
      throw error;
    }
    socket.off('data', handshake).off('error', fail).off('end', end);
    return new JavaConnection(socket, events, records, secure, segments);
  }

  write(text: string): void {
    this.lastWrite = performance.now();
    (this.secure ?? this.socket).write(text);
  }

  /** Closes as it does: at once, with whatever has gone out so far. */
  async close(): Promise<void> {
    this.isLost = true;
    clearInterval(this.selector);
    // What TLS has been given gets to the socket first.
    await new Promise((resolve) => setImmediate(resolve));
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close').catch(() => {});
    this.socket.destroySoon();
    await closed;
  }

  private arrive(chunk: Buffer): void {
    const now = performance.now();
    this.isIdle ||= this.unread === 0 && now - this.lastArrival > IDLE;
    this.lastArrival = now;
    this.underWay.push(chunk);
    if (this.unread >= SYSTEM_BUFFER) this.socket.pause();
    this.wake();
  }

  private get unread(): number {
    return this.underWay.length + this.arrived.length;
  }

  /** The next segment comes when the last one has been read. */
  private bring(): void {
    if (this.arrived.length > 0 || this.underWay.length === 0) return;
    this.arrived.push(this.underWay.take(Math.max(this.isIdle ? LEAST_SEGMENT : 1, this.segments())));
    this.isIdle = false;
  }

  private wake(): void {
    if (this.isAwake || this.isLost) return;
    this.isAwake = true;
    setImmediate(() => void this.run());
  }

  private async run(): Promise<void> {
    this.bring();
    try {
      if (!this.isStuck) await (this.records === undefined ? this.readPlain() : this.readRecord(this.records));
    } catch (error) {
      this.drop((error as Error).message);
    }
    this.isAwake = false;
    this.keepTime();
    if (this.unread < SYSTEM_BUFFER && this.socket.isPaused()) this.socket.resume();
    // The socket is readable still; what has been read and waits in a buffer wakes nobody.
    if (this.unread > 0 && !this.isStuck) this.wake();
  }

  private readPlain(): void {
    if (this.arrived.length === 0) return;
    this.lastRead = performance.now();
    this.readFrame();
  }

  private async readRecord(records: TlsRecords): Promise<void> {
    if (records.fill(this.arrived)) this.lastRead = performance.now();
    while (records.unwrap()) {
      await new Promise((resolve) => setImmediate(resolve));
      // Records without clear text, such as session tickets, are taken along.
      if (this.clear.length > 0) return this.readFrame();
    }
  }

  private readFrame(): void {
    const frame = this.reader.read(this.clear);
    if (this.reader.isFull) this.stick('the header buffer is full of line ends');
    else if (this.records !== undefined && this.clear.length > 0)
      this.stick('two frames beyond 1024 bytes in one TLS record');
    if (frame !== undefined && !this.isLost) this.events.frame(frame);
  }

  private keepTime(): void {
    const now = performance.now();
    const { incoming, outgoing } = this.beats;
    if (incoming > 0 && now - this.lastRead > incoming) this.drop('Heartbeat exceeded');
    if (outgoing > 0 && now - this.lastWrite >= outgoing && !this.isLost) this.write('\n');
  }

  private stick(why: string): void {
    this.isStuck = true;
    this.events.stuck(why);
  }

  private drop(why: string): void {
    if (this.isLost) return;
    this.isLost = true;
    clearInterval(this.selector);
    this.socket.destroy();
    this.events.lost(why);
  }
}
