// Text to a socket, the quick way: Node makes a new buffer for each string, three times as large as most need.

import type { Socket } from 'node:net';

/** Holds the longest string that {@link Departures} makes by joining, at three bytes a character. */
const SIZE = 192 * 1024;

/** Only ever filled and handed to the system within one call, so that everybody can share it. */
let scratch: Buffer | undefined;

/** Writes a text to a plain socket, as UTF-8. */
export function writeText(socket: Socket, text: string, done: (error?: Error | null) => void): void {
  if (text.length * 3 > SIZE || socket.writableLength > 0) return void socket.write(text, done);
  const buffer = (scratch ??= Buffer.allocUnsafeSlow(SIZE));
  const length = buffer.write(text);
  socket.write(buffer.subarray(0, length), done);
  // The system has not taken it all: the rest is still in this buffer, so the next text needs another.
  if (socket.writableLength > 0) scratch = undefined;
}
