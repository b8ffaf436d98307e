// The messages that wait in a queue, in the order they came; those that were handed out and come back take their old place.

import type { QueueItem } from './queue-item.js';

export class WaitingLine {
  private items: (QueueItem | undefined)[] = [];
  /** The first one; those before it have been taken and are cut off now and then. */
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  push(item: QueueItem): void {
    this.items.push(item);
  }

  shift(): QueueItem | undefined {
    const item = this.items[this.head];
    if (item === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head === this.items.length || this.head > 1024) this.cut();
    return item;
  }

  /** Puts items back where they were. */
  insert(returned: readonly QueueItem[]): void {
    if (returned.length === 0) return;
    this.cut();
    // Those that come back are nearly always older than those that wait: then the sort has next to nothing to do.
    this.items = [...returned, ...this.items].sort((a, b) => a!.order - b!.order);
  }

  /** Takes out what `wanted` picks. */
  take(wanted: (item: QueueItem) => boolean): QueueItem[] {
    this.cut();
    const taken: QueueItem[] = [];
    const left: QueueItem[] = [];
    for (const item of this.items) (wanted(item!) ? taken : left).push(item!);
    this.items = left;
    return taken;
  }

  private cut(): void {
    this.items.splice(0, this.head);
    this.head = 0;
  }
}
