// The end of a connection whose client may still be sending. Closed with something unread, the system would send a reset,
// which can overtake the answer (RFC 9112, section 9.6): so first our side ends, and what comes is thrown away for a while.

import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/core';

/** After our end the client gets this long to end, milliseconds. */
const LINGER = 2000;

/** Reads on and throws away what comes, so that nothing of it is parsed or kept, and a client that leaves is noticed. */
export function discard(socket: Socket): void {
  socket
    .removeAllListeners('data')
    .on('data', () => {})
    .resume();
}

/** Ends our side, with a text before it if there is one, and cuts the connection if the client does not end its own. */
export function endSlowly(socket: Socket, clock: Clock, text = ''): void {
  discard(socket);
  if (socket.destroyed || socket.writableEnded) return;
  cutAfter(socket, clock, LINGER);
  socket.end(text);
}

/** Cuts the connection unless it is closed by then. */
export function cutAfter(socket: Socket, clock: Clock, time: number): void {
  const late = clock.after(time, () => socket.destroy());
  socket.once('close', () => late.cancel());
}
