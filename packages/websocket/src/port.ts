// What a channel needs of a WebSocket, and how the standard one (in pages, Deno, Bun, Node 22) gives it.

import type { Alarm, Clock } from '@sallyport/core';

/** What the platform tells about a WebSocket. */
export interface WebSocketEvents {
  /** A message: a string if the platform has decoded it, else its bytes. */
  message(data: string | Uint8Array): void;
  /** The end, always and once. */
  close(code: number, reason: string): void;
  /** Why the connection is about to end. */
  error(cause: unknown): void;
}

/** A WebSocket, whatever its flavour. It is open when a channel is made of it. */
export interface WebSocketPort {
  listen(events: WebSocketEvents): void;
  /** Sends each piece as one message, strings as text; calls `taken` once the platform has taken them all. */
  send(messages: readonly (string | Uint8Array)[], taken: () => void): void;
  close(code: number, reason: string): void;
  /** Tears the connection down, if the platform lets us. */
  terminate(): void;
  pause(): void;
  resume(): void;
  /** Whether {@link pause} has an effect; pages cannot hold a server back. */
  readonly pauses: boolean;
}

/** The part of the standard WebSocket that is used here; `ws` has it too. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  addEventListener(type: 'error', listener: (event: object) => void): void;
}

/** The platform's own buffer may hold this much before we keep the rest. */
const BUFFERED = 1024 * 1024;

/** There is no drain event, so the buffer is looked at this often while it is full, milliseconds. */
const LOOK = 10;

/** The standard WebSocket as a port. */
export class StandardPort implements WebSocketPort {
  readonly pauses = false;
  private look: Alarm | undefined;

  constructor(
    private readonly socket: WebSocketLike,
    private readonly clock: Clock,
  ) {
    socket.binaryType = 'arraybuffer';
  }

  listen(events: WebSocketEvents): void {
    this.socket.addEventListener('message', ({ data }) => events.message(messageData(data)));
    this.socket.addEventListener('error', (event) => events.error('error' in event ? event.error : undefined));
    this.socket.addEventListener('close', ({ code, reason }) => {
      this.look?.cancel();
      events.close(code, reason);
    });
  }

  send(messages: readonly (string | Uint8Array)[], taken: () => void): void {
    for (const message of messages) this.socket.send(message as string | Uint8Array<ArrayBuffer>);
    this.whenTaken(taken);
  }

  close(code: number, reason: string): void {
    try {
      this.socket.close(code, reason);
    } catch {
      // Pages may send only 1000 and 3000 to 4999 (WebSockets Standard, close); 1009 becomes 4009.
      this.socket.close(code + 3000, reason);
    }
  }

  terminate(): void {
    this.look?.cancel();
  }

  pause(): void {}
  resume(): void {}

  private whenTaken(taken: () => void): void {
    if (this.socket.bufferedAmount <= BUFFERED) return taken();
    this.look = this.clock.after(LOOK, () => this.whenTaken(taken));
  }
}

function messageData(data: unknown): string | Uint8Array {
  return typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
}
