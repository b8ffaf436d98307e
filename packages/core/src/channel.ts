// The one shape of a connection: bytes below a codec (where boundaries mean nothing), whole messages above it.

/**
 * Something that can be read by iteration and written by {@link Channel.send}.
 *
 * The iteration ends when the other side closed in good order and throws when the connection failed, so that there is
 * no `onclose`, `onerror` or `onmessage` to forget. A channel is iterated once.
 */
export interface Channel<Incoming, Outgoing = Incoming> extends AsyncIterable<Incoming> {
  /**
   * Queues an item for sending. Returns nothing while there is room below, and a promise once there is not; it
   * resolves when there is room again. Awaiting what it returns is the back-pressure. Sending on a closed channel does
   * nothing.
   */
  send(item: Outgoing): Promise<void> | undefined;
  /**
   * Without a reason: flushes what is queued, then ends. With one: drops what is queued and tears the connection down.
   * Resolves when the connection is gone; never rejects. Closing twice is closing once.
   */
  close(reason?: Error): Promise<void>;
  /**
   * Resolves when the connection is gone. Only there where the other side can end alone, and still read what is sent after
   * the iteration has ended (a half-close, RFC 9293, section 3.6); elsewhere that is the end of both.
   */
  readonly gone?: Promise<void> | undefined;
}

/** Bytes, as TCP, TLS, a WebSocket or a pair in memory carry them. A string is sent as its UTF-8 bytes. */
export interface ByteStream extends Channel<Uint8Array, Uint8Array | string> {
  /** Set for whoever needs each item in a write, and over TLS in a record, of its own. Means nothing where that cannot be had. */
  apart?: boolean;
  /**
   * When octets last came, by the stream's clock, where they may come long before they can be read, as those of a message do.
   * Undefined where that is the same.
   */
  readonly heardAt?: number | undefined;
  /**
   * Where each item travels as a message, or in one: the longest there may be, octets; what is longer is cut. Infinity unless
   * it is set; undefined where boundaries mean nothing.
   */
  longestMessage?: number;
}

/** Whole texts, such as one JSON text per line or per WebSocket message. */
export type MessageChannel = Channel<string>;
