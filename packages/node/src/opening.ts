// The first bytes of a connection: read, looked at piece by piece, and put back for whoever takes over.

import type { Duplex } from 'node:stream';

export class Opening {
  /** What has come. */
  bytes: Buffer = Buffer.alloc(0);
  private look: (() => void) | undefined;

  /** Nobody may have read from the socket. `ended` is told if it ends, or is closed, before {@link putBack}. */
  constructor(
    private readonly socket: Duplex,
    private readonly ended: () => void,
  ) {
    socket.on('readable', this.read).on('end', ended).on('close', ended);
  }

  /** Asks `judge` now, and whenever bytes have come, until the answer is another than `'more'`; passes that on. */
  ask<Answer>(judge: (bytes: Buffer) => Answer | 'more', answered: (answer: Answer) => void): void {
    this.look = () => {
      const answer = judge(this.bytes);
      if (answer === 'more') return;
      this.look = undefined;
      answered(answer as Answer);
    };
    this.look();
  }

  /** Takes bytes away from the front for good. */
  drop(count: number): void {
    this.bytes = this.bytes.subarray(count);
  }

  /** Ends looking, with the socket as it was. */
  putBack(): void {
    this.stop();
    if (this.bytes.length > 0) this.socket.unshift(this.bytes);
  }

  /** Ends looking, and what came is gone. */
  stop(): void {
    this.look = undefined;
    this.socket.off('readable', this.read).off('end', this.ended).off('close', this.ended);
  }

  private readonly read = (): void => {
    const chunk = this.socket.read() as Buffer | null;
    if (chunk === null) return;
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    this.look?.();
  };
}
