// What cannot be read as HTTP gets an answer of ours, as short and plain as the others, and is the last of its connection.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';

/** After our end the client gets this long to end, milliseconds. */
const LINGER = 2000;

/** What Node's parser tells: how far it came in which piece. */
interface HttpFault extends Error {
  code?: string;
  bytesParsed?: number;
  rawPacket?: Buffer;
}

/** Answers a 'clientError' of Node's server; says nothing where an answer has been given to the same request. */
export function answerFault(
  error: HttpFault,
  socket: Socket,
  isAnswered: boolean,
  { httpHead }: ServerLimits,
  clock: Clock,
): void {
  // Node may tell of one fault more than once. What comes behind a request that was to be the last is none.
  if (socket.writableEnded || error.code === 'HPE_CLOSED_CONNECTION') return;
  if (!socket.writable || isAnswered) return void socket.destroy();
  // Closed with something unread, the system would send a reset that can overtake what has been sent.
  const late = clock.after(LINGER, () => socket.destroy());
  socket.once('close', () => late.cancel());
  socket.resume();
  // Node's own mistake, where thousands of requests come at once by TLS; the client may ask again what was not answered.
  if (error.code === 'HPE_PAUSED') return void socket.end();
  const [status, text] = isOtherMethod(error)
    ? unknownMethod
    : (faults[error.code ?? ''] ?? [400, 'this is no HTTP request']);
  const body = `${text.replace('%', String(httpHead))}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${body.length}`,
    // RFC 9110, section 6.6.1: on every 4xx.
    `date: ${new Date().toUTCString()}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

type Answer = readonly [status: number, text: string];

/** RFC 9110, section 9.1. */
const unknownMethod: Answer = [501, 'there is no such method'];

/** Whether it is a request but for its method, which Node's parser does not know; it does not look any further. */
function isOtherMethod({ code, rawPacket, bytesParsed = 0 }: HttpFault): boolean {
  if (code !== 'HPE_INVALID_METHOD' || rawPacket === undefined) return false;
  const start = rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1;
  return /^[A-Z-]+ \S+ HTTP\/1\.[01]\r\n/.test(rawPacket.subarray(start, start + 1024).toString('latin1'));
}

/** By the codes of Node's parser. */
const faults: Readonly<Record<string, Answer>> = {
  HPE_INVALID_VERSION: [505, 'this is HTTP/1.1'],
  HPE_HEADER_OVERFLOW: [431, 'the head is longer than % bytes (limits.httpHead)'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of a chunk are too long'],
};
