// Things to iterate, by any number of readers, in the order they asked; what EventStream and DeliveryStream have in common.

import type { Broker, Subscription } from '../broker/broker.js';
import { Deferred } from '../deferred.js';
import { closedError } from '../errors.js';

export abstract class Iteration<T> implements AsyncIterableIterator<T> {
  readonly #readers: Deferred<IteratorResult<T>>[] = [];
  #subscription: Subscription | undefined;
  #stopWatching = (): void => {};
  #isOver = false;
  /** Why it ended; told once. */
  #failure: unknown;

  /** The next thing, if there is one. */
  protected abstract take(): T | undefined;
  /** Forgets all that waits. */
  protected abstract clear(): void;

  /** Resolves once the server has taken the subscription: what is sent from now on will come. */
  get ready(): Promise<void> {
    return this.#subscription!.ready;
  }

  next(): Promise<IteratorResult<T>> {
    const reader = new Deferred<IteratorResult<T>>();
    this.#readers.push(reader);
    this.serve();
    return reader.promise;
  }

  /** Stops; also what `break` does. */
  return(): Promise<IteratorResult<T>> {
    this.close();
    return this.next();
  }

  /** Stops: what waits is forgotten. */
  close(): void {
    this.clear();
    this.end(undefined);
    this.#failure = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Goes on as long as the subscription and the broker do. */
  protected follow(broker: Pick<Broker, 'state' | 'onState'>, subscription: Subscription): void {
    this.#subscription = subscription;
    this.#stopWatching = broker.onState((state, reason) => state === 'closed' && this.end(reason));
    if (broker.state === 'closed') this.end(closedError());
  }

  /** Hands over what there is to whoever waits. */
  protected serve(): void {
    for (let reader; (reader = this.#readers[0]) !== undefined; this.#readers.shift()) {
      const value = this.take();
      if (value !== undefined) reader.resolve({ value, done: false });
      else if (!this.#isOver) return;
      else this.#finish(reader);
    }
  }

  /** Nothing more will come; what waits can still be read. */
  protected end(failure: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#failure = failure;
    this.#stopWatching();
    this.#subscription?.close();
    this.serve();
  }

  /** Ends the iteration, by a throw if it did not end well. */
  #finish(reader: Deferred<IteratorResult<T>>): void {
    if (this.#failure === undefined) return reader.resolve({ value: undefined, done: true });
    reader.reject(this.#failure);
    this.#failure = undefined;
  }
}
