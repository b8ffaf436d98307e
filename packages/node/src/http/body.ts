// The body of a request while it comes in: in one buffer, so that the memory returns as a whole, and counted as what waits
// in queues is.

import type { IncomingMessage } from 'node:http';
import { LimitError } from '@sallyport/core';
import type { Quota } from '@sallyport/core/broker';

/** What is shorter does not count: it costs less than its connection. */
const FREE = 4096;

const nothing = new Uint8Array();

export class Body {
  private buffer = nothing;
  private length = 0;
  private counted = 0;
  private quota: Quota | undefined;
  /** Once it is refused, the rest is read and thrown away, so that the client gets its answer. */
  private isRefused = false;

  /**
   * @param most bytes that it may have
   * @param quotaOf where what is kept of it counts; asked if there is something to count
   */
  constructor(
    private readonly most: number,
    private readonly quotaOf: () => Quota | undefined,
  ) {}

  /** What has come. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Resolves when all of it is there, or with why it is refused; rejects if the client leaves. */
  read(request: IncomingMessage): Promise<'whole' | 'too long' | LimitError> {
    const promised = Number(request.headers['content-length'] ?? this.most);
    return new Promise((resolve, reject) => {
      request.on('data', (chunk: Uint8Array) => {
        if (this.isRefused) return;
        const fault = this.add(chunk, Math.min(promised, this.most));
        if (fault === undefined) return;
        this.isRefused = true;
        this.drop();
        resolve(fault);
      });
      request.on('end', () => resolve('whole'));
      request.on('error', (error) => {
        this.drop();
        reject(error);
      });
    });
  }

  /** Forgets what has come. */
  drop(): void {
    this.quota?.release(this.counted);
    this.buffer = nothing;
    this.length = this.counted = 0;
  }

  private add(chunk: Uint8Array, expected: number): 'too long' | LimitError | undefined {
    const length = this.length + chunk.length;
    if (length > this.most) return 'too long';
    try {
      if (length > this.buffer.length) this.grow(length, expected);
    } catch (error) {
      if (error instanceof LimitError) return error;
      throw error;
    }
    this.buffer.set(chunk, this.length);
    this.length = length;
    return undefined;
  }

  /** What it takes follows what has come, not what was promised; but is no more than that needs. */
  private grow(length: number, expected: number): void {
    const size = Math.max(length, Math.min(2 * length, expected));
    if (size >= FREE) {
      this.quota ??= this.quotaOf();
      this.quota?.take(size - this.counted);
      this.counted = size;
    }
    const grown = new Uint8Array(size);
    grown.set(this.bytes);
    this.buffer = grown;
  }
}
