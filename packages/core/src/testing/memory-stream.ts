// Two byte streams joined back to back: a connection without a network.

import type { ByteStream } from '../channel.js';
import { ConnectionError } from '../errors.js';
import { encodeText } from '../text.js';

export interface MemoryStreamOptions {
  /** Deliver in pieces of this many bytes; default: as sent. */
  chunk?: number;
}

/** One end of a pair. */
export class MemoryStream implements ByteStream {
  /** The other end. */
  peer!: MemoryStream;
  /** Everything that was sent from this end. */
  readonly sent: Uint8Array[] = [];
  private readonly incoming: Uint8Array[] = [];
  private wake: (() => void) | undefined;
  private ended: { error?: Error | undefined } | undefined;
  private closed = false;

  constructor(private readonly options: MemoryStreamOptions) {}

  send(item: Uint8Array | string): undefined {
    if (this.closed) return undefined;
    const bytes = typeof item === 'string' ? encodeText(item) : item.slice();
    this.sent.push(bytes);
    const step = this.options.chunk ?? bytes.length;
    for (let at = 0; at < bytes.length; at += step) this.peer.incoming.push(bytes.slice(at, at + step));
    this.peer.notify();
    return undefined;
  }

  close(reason?: Error): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.closed = true;
    this.end(undefined);
    this.peer.end(
      reason === undefined
        ? undefined
        : new ConnectionError('ERR_CONNECTION_LOST', 'the other side tore the connection down', { cause: reason }),
    );
    return Promise.resolve();
  }

  /** Loses the connection without a word, as a network does. */
  cut(): void {
    const error = new ConnectionError('ERR_CONNECTION_LOST', 'the connection was lost');
    this.end(error);
    this.peer.end(error);
    this.closed = this.peer.closed = true;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.incoming.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.ended?.error !== undefined) throw this.ended.error;
      else if (this.ended !== undefined) return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private end(error: Error | undefined): void {
    this.ended ??= { error };
    this.notify();
  }

  private notify(): void {
    this.wake?.();
    this.wake = undefined;
  }
}

/** A connected pair. */
export function memoryStreams(options: MemoryStreamOptions = {}): [MemoryStream, MemoryStream] {
  const left = new MemoryStream(options);
  const right = new MemoryStream(options);
  left.peer = right;
  right.peer = left;
  return [left, right];
}
