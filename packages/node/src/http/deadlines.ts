// Time limits of one HTTP connection. Node's own are enforced by a sweep that only a listening http.Server starts, and
// ours never listens: without these a request could be dribbled in for ever.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Alarm, Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';

export type HttpTimes = Pick<ServerLimits, 'headTime' | 'requestTime' | 'keepAliveTime' | 'writeStall'>;

/** Node's timers take no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export class Deadlines {
  private alarm: Alarm | undefined;
  /** When the present request may have begun. */
  private began = 0;
  private unanswered = 0;
  /** The request that came last, until all of it has. */
  private reading: IncomingMessage | undefined;
  private stopped = false;

  constructor(
    private readonly socket: Socket,
    private readonly clock: Clock,
    private readonly times: HttpTimes,
    /** Since when the first request may have begun, by the clock. */
    opened: number,
  ) {
    this.await(times.headTime, opened);
    socket.once('close', () => this.stop());
  }

  /** Whether no request is being read or answered. */
  get idle(): boolean {
    return this.unanswered === 0 && this.reading === undefined;
  }

  /** A request's head has come. */
  request(request: IncomingMessage, response: ServerResponse): void {
    const now = this.clock.now();
    if (!this.idle) this.began = now;
    this.unanswered++;
    this.reading = request;
    this.arm(this.began + this.times.requestTime - now);
    request.once('end', () => {
      // It may have come whole long ago, and be read only now that the next one is coming.
      if (this.reading !== request) return;
      this.reading = undefined;
      this.settle();
    });
    // Node's timer of a socket knows how a long write moves on; it is on only while an answer leaves.
    response.once('prefinish', () => this.socket.setTimeout(Math.min(this.times.writeStall, LONGEST_TIMEOUT)));
    response.once('close', () => {
      this.socket.setTimeout(0);
      this.unanswered--;
      this.settle();
    });
  }

  /** The connection is no longer HTTP, or gone. */
  stop(): void {
    this.stopped = true;
    this.alarm?.cancel();
  }

  /** While a method works on its answer nothing is due from the client. */
  private settle(): void {
    if (this.reading !== undefined) return;
    this.alarm?.cancel();
    if (this.unanswered === 0) this.await(this.times.keepAliveTime);
  }

  private await(time: number, began = this.clock.now()): void {
    this.began = began;
    this.arm(began + time - this.clock.now());
  }

  private arm(time: number): void {
    this.alarm?.cancel();
    if (!this.stopped) this.alarm = this.clock.after(time, () => this.socket.destroy());
  }
}
