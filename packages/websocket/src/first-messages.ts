// Until it is known who somebody is, a message may only be small. `ws` has one limit for the life of a connection, and tells
// of a message once all of it is here; so the bytes are counted as they come in.

import type { EmitterWebSocket } from './emitter.js';

/** The connection below: Node's net.Socket or TLSSocket, as far as its bytes are counted. */
export interface CountedSocket {
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  removeAllListeners(event: 'data'): unknown;
  resume(): unknown;
}

/**
 * Calls `exceeded` once more than `most` bytes have come without making a whole message, give or take a chunk. To be called
 * when `ws` reads already. Returns what lifts the bound.
 */
export function boundFirstMessages(
  below: CountedSocket,
  socket: EmitterWebSocket,
  most: number,
  exceeded: () => void,
): () => void {
  let bytes = 0;
  let isWhole = false;
  const whole = (): void => {
    isWhole = true;
  };
  // Comes after `ws` has read the chunk, and told of the messages in it.
  const count = ({ length }: Uint8Array): void => {
    bytes = isWhole ? 0 : bytes + length;
    isWhole = false;
    if (bytes <= most) return;
    lift();
    exceeded();
    // What follows is thrown away; `ws` would go on collecting it while it waits for the end.
    below.removeAllListeners('data');
    below.resume();
  };
  const lift = (): void => {
    below.off('data', count);
    socket.off('message', whole);
  };
  socket.on('message', whole);
  below.on('data', count);
  return lift;
}
