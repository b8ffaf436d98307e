// Senders wait for somebody slow, but not for ever: who gets on slows down a flood, who does not is left behind, to be cut
// by the limits of its own connection, and nobody else notices.

import type { Clock } from '../clock.js';

export class Patience {
  private waiting: Promise<void> | undefined;
  /** It has been waited for in vain, and has not got on since. */
  private isLost = false;

  constructor(
    private readonly clock: Clock,
    /** How long senders wait before they go on, milliseconds. */
    private readonly most: number,
  ) {}

  /** What a sender is to wait for, given what tells that there is room again; nothing if it is to go on at once. */
  wait(room: Promise<void>): Promise<void> | undefined {
    if (this.isLost) return undefined;
    return (this.waiting ??= new Promise((resolve) => {
      const alarm = this.clock.after(this.most, () => {
        this.isLost = true;
        done();
      });
      const done = (): void => {
        this.waiting = undefined;
        resolve();
      };
      const found = (): void => {
        alarm.cancel();
        this.isLost = false;
        done();
      };
      room.then(found, found);
    }));
  }
}
