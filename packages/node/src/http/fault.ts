// What cannot be read as HTTP gets an answer of ours, as short and plain as the others, and is the last of its connection.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';

/** After our end the client gets this long to end, milliseconds. */
const LINGER = 2000;

/** Answers a 'clientError' of Node's server; says nothing where an answer has begun. */
export function answerFault(
  error: Error & { code?: string },
  socket: Socket,
  hasBegun: boolean,
  { httpHead }: ServerLimits,
  clock: Clock,
): void {
  // Node may tell of one fault more than once.
  if (socket.writableEnded) return;
  if (!socket.writable || hasBegun) return void socket.destroy();
  const [status, text] = faults[error.code ?? ''] ?? [400, 'this is no HTTP request'];
  const body = `${text.replace('%', String(httpHead))}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${body.length}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  // Closed with something unread, the system would send a reset that can overtake the answer.
  const late = clock.after(LINGER, () => socket.destroy());
  socket.once('close', () => late.cancel());
  socket.resume().end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/** By the codes of Node's parser. */
const faults: Readonly<Record<string, readonly [status: number, text: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'the head is longer than % bytes (limits.httpHead)'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of a chunk are too long'],
};
