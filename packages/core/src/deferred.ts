// A promise that is settled from outside, by whoever hears of what it waits for.

export class Deferred<T = void> {
  resolve!: (value: T) => void;
  reject!: (reason: unknown) => void;
  readonly promise: Promise<T> = new Promise<T>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  /** For promises that nobody may be waiting for: a rejection is then no unhandled one. */
  quiet(): this {
    this.promise.catch(() => {});
    return this;
  }
}
