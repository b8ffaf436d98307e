// Time limits of what comes in on one HTTP connection; outgoing.ts has that of what goes out. Node's own are enforced by a
// sweep that only a listening http.Server starts, and ours never listens: without these a request could be dribbled in for
// ever.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Alarm, Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';

export type HttpTimes = Pick<ServerLimits, 'headTime' | 'requestTime' | 'keepAliveTime'>;

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
    /** Whether an answer is leaving, while which no further requests are read. */
    private readonly isHeldUp: () => boolean,
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
    this.awaitRest(this.began + this.times.requestTime - now);
    request.once('end', () => {
      // It may have come whole long ago, and be read only now that the next one is coming.
      if (this.reading !== request) return;
      this.reading = undefined;
      this.settle();
    });
    response.once('close', () => {
      this.unanswered--;
      this.settle();
    });
  }

  /** Nothing that comes is read any more. */
  finished(): void {
    this.reading = undefined;
    this.settle();
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
    this.arm(began + time - this.clock.now(), this.cut);
  }

  private awaitRest(time: number): void {
    this.arm(time, () => {
      if (!this.isHeldUp()) return this.cut();
      this.began = this.clock.now();
      this.awaitRest(this.times.requestTime);
    });
  }

  private arm(time: number, run: () => void): void {
    this.alarm?.cancel();
    if (!this.stopped) this.alarm = this.clock.after(time, run);
  }

  private readonly cut = (): void => void this.socket.destroy();
}
