// Answers to pings: each one while the other side takes them, else the last alone (RFC 6455, section 5.5.3). So whoever
// pings and does not read makes us hold next to nothing, and is cut in the end.

import { type Alarm, type Clock, type LimitError, limitError } from '@sallyport/core';

/** Answers that may be on their way at once. */
const MOST = 64;

/** How {@link Pongs} reaches the connection. */
export interface PongGate {
  /** Sends a pong; calls `taken` once the platform has taken it. */
  pong(data: Uint8Array, taken: () => void): void;
  /** Whether data is on its way, whose progress is watched elsewhere. */
  isBusy(): boolean;
  /** The other side takes nothing: the connection must be torn down. */
  cut(error: LimitError): void;
}

export class Pongs {
  private underWay = 0;
  private answered = 0;
  private latest: Uint8Array | undefined;
  private alarm: Alarm | undefined;

  constructor(
    private readonly gate: PongGate,
    private readonly clock: Clock,
    private readonly writeStall: number,
  ) {}

  answer(data: Uint8Array): void {
    // A copy: it is part of a chunk, which may be large.
    if (this.underWay >= MOST) this.latest = new Uint8Array(data);
    else this.send(data);
  }

  /** Answers nothing more. */
  stop(): void {
    this.alarm?.cancel();
    this.latest = undefined;
  }

  private send(data: Uint8Array): void {
    this.underWay++;
    this.alarm ??= this.watch();
    this.gate.pong(data, this.taken);
  }

  private readonly taken = (): void => {
    this.underWay--;
    this.answered++;
    const { latest } = this;
    this.latest = undefined;
    if (latest !== undefined) this.send(latest);
  };

  private watch(): Alarm {
    const { answered, writeStall } = this;
    return this.clock.after(writeStall, () => {
      this.alarm = undefined;
      if (this.underWay === 0) return;
      if (this.answered !== answered || this.gate.isBusy()) this.alarm = this.watch();
      else
        this.gate.cut(limitError('writeStall', writeStall, 'ms in which the other side took no answer to its pings'));
    });
  }
}
