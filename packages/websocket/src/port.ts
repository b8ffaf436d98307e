// What a channel needs of a WebSocket that can be paused and reports what it has written: those of `ws`, see emitter.ts.

/** What the socket tells. */
export interface WebSocketEvents {
  /** A message: a string if it has been decoded, else its bytes. */
  message(data: string | Uint8Array): void;
  /** A ping, to be answered. */
  ping(data: Uint8Array): void;
  /** The end, always and once. */
  close(code: number, reason: string): void;
  /** Why the connection is about to end; nothing more comes or goes. */
  error(cause: unknown): void;
}

/** A WebSocket that is open when a channel is made of it. */
export interface WebSocketPort {
  listen(events: WebSocketEvents): void;
  /** Sends each piece as one message, strings as text; calls `taken` once the platform has taken them all. */
  send(messages: readonly (string | Uint8Array)[], taken: () => void): void;
  /** Sends part of a message, as text or not; the first after a last one begins a message. */
  fragment(data: Uint8Array, isText: boolean, isLast: boolean, taken: () => void): void;
  /** Answers a ping; calls `taken` once the platform has taken that. */
  pong(data: Uint8Array, taken: () => void): void;
  close(code: number, reason: string): void;
  /** Tears the connection down. */
  terminate(): void;
  pause(): void;
  resume(): void;
}
