// The messages that wait in a queue, in the order they came; those that were handed out and come back take their old place.

import { OldestFirst } from './oldest-first.js';
import type { QueueItem } from './queue-item.js';

export class WaitingLine {
  /** Those that were never handed out. */
  private items: (QueueItem | undefined)[] = [];
  /** The first one; those before it have been taken and are cut off now and then. */
  private head = 0;
  private readonly returned = new OldestFirst();

  get length(): number {
    return this.items.length - this.head + this.returned.length;
  }

  /** One that waits, if any does. */
  get any(): QueueItem | undefined {
    return this.returned.first ?? this.items[this.head];
  }

  push(item: QueueItem): void {
    this.items.push(item);
  }

  shift(): QueueItem | undefined {
    const item = this.items[this.head];
    const returned = this.returned.first;
    if (returned !== undefined && !(item !== undefined && item.order < returned.order)) return this.returned.shift();
    if (item === undefined) return undefined;
    this.items[this.head++] = undefined;
    if (this.head === this.items.length || this.head > 1024) this.cut();
    return item;
  }

  /** Puts an item back where it was. */
  insert(item: QueueItem): void {
    this.returned.push(item);
  }

  /** Takes out what `wanted` picks. */
  take(wanted: (item: QueueItem) => boolean): QueueItem[] {
    this.cut();
    const taken = this.returned.take(wanted);
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
