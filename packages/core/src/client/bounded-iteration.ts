// Things to iterate that come whether anybody reads or not: too many, and the oldest are dropped; whoever reads is told by a
// gap.

import { onAbort } from '../abort.js';
import type { Broker } from '../broker/broker.js';
import { Iteration } from './iteration.js';

/** Where something is missing; `missed` counts it if that is known. */
export interface Gap {
  /** How many are gone, if that is known. */
  readonly missed?: number;
}

export abstract class BoundedIteration<Item extends { readonly gap: Gap | undefined }> extends Iteration<Item> {
  readonly #limit: number;
  #items: Item[] = [];
  /** How many have been dropped; NaN if that is not known. */
  #dropped = 0;
  #stopListening: (() => void)[] = [];

  constructor(limit: number) {
    super();
    this.#limit = limit;
  }

  /** The item that stands for a gap. */
  protected abstract gapItem(gap: Gap): Item;

  protected add(item: Item): void {
    this.#items.push(item);
    this.serve();
    if (this.#items.length <= this.#limit) return;
    const lost = this.#items.shift()!;
    this.#dropped += lost.gap === undefined ? 1 : (lost.gap.missed ?? NaN);
  }

  /** Ends with the signal; and what comes while there is no connection is lost, and not even counted, unless it is kept. */
  protected heed(
    broker: Pick<Broker, 'state' | 'onState'>,
    signal: AbortSignal | undefined,
    isKept: () => boolean,
  ): void {
    let wasUp = broker.state === 'up';
    const stopAborting = onAbort(signal, (reason) => this.end(reason));
    const stopWatching = broker.onState((state) => {
      if (state !== 'up') return;
      if (wasUp && !isKept()) this.add(this.gapItem({}));
      wasUp = true;
    });
    this.#stopListening.push(stopAborting, stopWatching);
  }

  protected take(): Item | undefined {
    const missed = this.#dropped;
    if (missed === 0) return this.#items.shift();
    this.#dropped = 0;
    return this.gapItem(missed > 0 ? { missed } : {});
  }

  protected clear(): void {
    this.#items = [];
    this.#dropped = 0;
  }

  protected override end(failure: unknown): void {
    for (const stop of this.#stopListening) stop();
    super.end(failure);
  }
}
