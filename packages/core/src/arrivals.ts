// What came in and has not been read: between a socket that pushes and a reader that iterates.

import { SallyportError } from './errors.js';

/** How much may wait for the reader, in bytes, before the source is asked to pause. */
const ENOUGH = 256 * 1024;

/** Where items come from; it pushes until it is paused. */
export interface Source {
  pause(): void;
  resume(): void;
}

interface Reader<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/**
 * The incoming half of a channel. Hands an item over at once if the reader is waiting, which spares Node's own stream
 * iterator; otherwise keeps it, and pauses the source while too much is kept.
 */
export class Arrivals<T extends { readonly length: number }> implements AsyncIterableIterator<T, undefined> {
  private readonly items: T[] = [];
  private unread = 0;
  private paused = false;
  private reader: Reader<T> | undefined;
  private over = false;
  private failure: Error | undefined;

  constructor(private readonly source: Source) {}

  /** How much waits for the reader; bytes, or UTF-16 units of texts. */
  get waiting(): number {
    return this.unread;
  }

  /** Takes in what the source has brought. After the end, and after {@link drop}, it is thrown away. */
  push(item: T): void {
    if (this.over) return;
    const reader = this.reader;
    if (reader !== undefined) {
      this.reader = undefined;
      reader.resolve({ value: item, done: false });
      return;
    }
    this.items.push(item);
    this.unread += item.length;
    if (!this.paused && this.unread > ENOUGH) {
      this.paused = true;
      this.source.pause();
    }
  }

  /** Nothing more will come. What waits can still be read; then the iteration ends, or throws the error. */
  end(error?: Error): void {
    if (this.over) return;
    this.over = true;
    const reader = this.reader;
    this.reader = undefined;
    if (reader === undefined) this.failure = error;
    else if (error === undefined) reader.resolve({ value: undefined, done: true });
    else reader.reject(error);
  }

  /** Ends at once: what waits, and what is still to come, is thrown away, so that the source runs dry. */
  drop(error?: Error): void {
    this.items.length = 0;
    this.unread = 0;
    this.failure = undefined;
    this.end(error);
    this.release();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const item = this.items.shift();
    if (item !== undefined) {
      this.unread -= item.length;
      if (this.items.length === 0) this.release();
      return Promise.resolve({ value: item, done: false });
    }
    if (this.over) return this.finish();
    if (this.reader !== undefined) return Promise.reject(secondReader());
    return new Promise((resolve, reject) => (this.reader = { resolve, reject }));
  }

  /** The reader broke out of its loop; the connection stays, for sending and for a close in good order. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.drop();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private finish(): Promise<IteratorResult<T, undefined>> {
    const error = this.failure;
    this.failure = undefined;
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }

  private release(): void {
    if (!this.paused) return;
    this.paused = false;
    this.source.resume();
  }
}

function secondReader(): SallyportError {
  return new SallyportError(
    'ERR_READER',
    'a channel has one reader, which asks for one item at a time: wait for next() before asking again',
  );
}
