// Where it is counted what is kept for somebody.

export interface Room {
  /** Throws LimitError, and takes nothing, if there is not enough. `what` is being kept, for its message. */
  take(bytes: number, what?: string): void;
  release(bytes: number): void;
}

/** The room of one connection. */
export interface ConnectionRoom extends Room {
  /** For what ends with the connection. */
  readonly own: Room;
}
