// What goes out on one HTTP connection: in slices, watched on the clock, bounded in bytes. What is asked for without waiting
// for answers is answered no faster than the answers leave.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Alarm, Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';

/** A longer answer is handed over in slices, each with its own end: so progress shows. */
const SLICE = 256 * 1024;

/** With more than this waiting no further answer is made. */
const ROOM = 128 * 1024;

type Waiting = Map<ServerResponse, (isThere: boolean) => void>;

export class Outgoing {
  /** The answers that are due, or leave, in the order of their requests; only the first one can leave. */
  private readonly answers: ServerResponse[] = [];
  /** Bytes of those that have been given and wait behind another one. */
  private readonly lengths = new Map<ServerResponse, number>();
  private behind = 0;
  /** When the connection last took something. */
  private progress = 0;
  private alarm: Alarm | undefined;
  /** Those that wait until they may be made, in their order, and those that wait until they are the first. */
  private readonly turns: Waiting = new Map();
  private readonly firsts: Waiting = new Map();
  private onEmptied: ((isThere: boolean) => void) | undefined;
  private isPassing = false;
  private stopped = false;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    private readonly limits: Pick<ServerLimits, 'writeBuffer' | 'writeStall'>,
  ) {}

  /** Whether an answer is on its way, and has not been taken whole. */
  get isLeaving(): boolean {
    return this.answers[0]?.writableEnded === true && this.socket.writableLength > 0;
  }

  /** An answer is due. */
  expect(response: ServerResponse): void {
    this.answers.push(response);
    // Node tells so once it has been given whole and is the first.
    response.once('prefinish', this.moved);
    response.once('finish', () => {
      // Node says so of a lost connection, too.
      if (this.socket.destroyed) return;
      this.answers.shift();
      this.behind -= this.lengths.get(response) ?? 0;
      this.lengths.delete(response);
      this.moved();
      this.admitFirst();
      this.admitNext();
      if (this.answers.length === 0) this.onEmptied?.(true);
    });
  }

  /** Gives the body of an answer, whose head has been written. */
  send(response: ServerResponse, body: string | Uint8Array, length: number): void {
    if (response.socket === null && !this.putBehind(response, length)) return;
    if (length <= SLICE || response.req.method === 'HEAD') return void response.end(body);
    // Node would join what waits into one write, of which nothing is heard until its end. And all is given at once: while
    // something waits Node reads no further requests.
    this.socket._writev = undefined!;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    for (let at = 0; at < length; at += SLICE) response.write(bytes.subarray(at, at + SLICE), this.moved);
    response.end();
  }

  /**
   * Resolves when the answer may be made: when not much waits, and one after another, so that what each of them makes is
   * seen by the next. The first one need not wait. False: nobody is there any more.
   */
  async turn(response: ServerResponse): Promise<boolean> {
    if (this.answers[0] === response && this.answers.length > 1) this.pass();
    if (this.stopped || this.answers[0] === response) return !this.stopped;
    const turn = new Promise<boolean>((resolve) => this.turns.set(response, resolve));
    this.admitNext();
    return turn;
  }

  /** Resolves when all earlier answers have left; false: nobody is there any more. */
  async first(response: ServerResponse): Promise<boolean> {
    if (this.stopped || this.answers[0] === response) return !this.stopped;
    return new Promise((resolve) => this.firsts.set(response, resolve));
  }

  /** Resolves when all answers have left, for the one that comes behind the last request; false: nobody is there any more. */
  async emptied(): Promise<boolean> {
    if (this.stopped || this.answers.length === 0) return !this.stopped;
    return new Promise((resolve) => (this.onEmptied = resolve));
  }

  /** The connection is no longer HTTP, or gone. */
  stop(): void {
    this.stopped = true;
    this.alarm?.cancel();
    for (const resolve of [...this.turns.values(), ...this.firsts.values()]) resolve(false);
    this.onEmptied?.(false);
    this.turns.clear();
    this.firsts.clear();
    // Node tells only the first one that the connection is gone.
    for (const response of this.answers) if (response.socket === null) response.destroy().emit('close');
    // Another protocol may rely on it.
    delete (this.socket as Partial<Socket>)._writev;
  }

  private putBehind(response: ServerResponse, length: number): boolean {
    this.lengths.set(response, length);
    this.behind += length;
    if (this.behind <= this.limits.writeBuffer) return true;
    this.socket.destroy();
    return false;
  }

  private readonly moved = (): void => {
    this.progress = this.clock.now();
    this.watch();
  };

  /** Time is counted only while an answer leaves: that one is due is not the client's fault. */
  private watch(): void {
    if (this.isLeaving && !this.stopped) return void (this.alarm ??= this.arm(this.limits.writeStall));
    this.alarm?.cancel();
    this.alarm = undefined;
  }

  /** One alarm serves many slices: it looks when it rings whether anything has moved since. */
  private arm(delay: number): Alarm {
    return this.clock.after(delay, () => {
      this.alarm = undefined;
      const left = this.progress + this.limits.writeStall - this.clock.now();
      if (left > 0) this.alarm = this.arm(left);
      else this.socket.destroy();
    });
  }

  private admitFirst(): void {
    const [first] = this.answers;
    if (first === undefined) return;
    if (admit(this.turns, first)) this.pass();
    admit(this.firsts, first);
  }

  private admitNext(): void {
    const [next] = this.turns.keys();
    if (this.isPassing || next === undefined || this.behind + this.socket.writableLength > ROOM) return;
    admit(this.turns, next);
    this.pass();
  }

  /** One passes, and is given time to be heard of. */
  private pass(): void {
    this.isPassing = true;
    setImmediate(() => {
      this.isPassing = false;
      this.admitNext();
    });
  }
}

function admit(waiting: Waiting, response: ServerResponse): boolean {
  waiting.get(response)?.(true);
  return waiting.delete(response);
}
