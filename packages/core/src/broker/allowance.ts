// The little that every connection needs: its subscriptions, its reply addresses. Some of that does not count, so that it can
// be served though somebody else has used up all the room there is; nor does it outlast the connection.

import type { Room } from '../room.js';

/** So much of it costs less than the connection itself, bytes. */
const FREE = 16 * 1024;

export class Allowance implements Room {
  private used = 0;

  constructor(private readonly quota: Room) {}

  take(bytes: number, what?: string): void {
    const more = beyond(this.used + bytes) - beyond(this.used);
    if (more > 0) this.quota.take(more, what);
    this.used += bytes;
  }

  release(bytes: number): void {
    const less = beyond(this.used) - beyond(this.used - bytes);
    if (less > 0) this.quota.release(less);
    this.used -= bytes;
  }
}

function beyond(bytes: number): number {
  return Math.max(0, bytes - FREE);
}
