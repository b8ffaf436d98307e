// Items that came back, the oldest first, whatever the order they are put in: a binary heap, since a thousand of them may
// come back one by one to a queue where a hundred thousand wait.

import type { QueueItem } from './queue-item.js';

export class OldestFirst {
  private readonly items: QueueItem[] = [];

  get length(): number {
    return this.items.length;
  }

  get first(): QueueItem | undefined {
    return this.items[0];
  }

  push(item: QueueItem): void {
    const { items } = this;
    let at = items.length;
    for (let above; at > 0 && items[(above = (at - 1) >> 1)]!.order > item.order; at = above) items[at] = items[above]!;
    items[at] = item;
  }

  shift(): QueueItem | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (let below = 1; below < items.length; below = 2 * at + 1) {
      if (below + 1 < items.length && items[below + 1]!.order < items[below]!.order) below++;
      if (items[below]!.order >= last.order) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = last;
    return first;
  }

  /** Takes out what `wanted` picks. */
  take(wanted: (item: QueueItem) => boolean): QueueItem[] {
    const all = this.items.splice(0);
    return all.filter((item) => {
      const isWanted = wanted(item);
      if (!isWanted) this.push(item);
      return isWanted;
    });
  }
}
