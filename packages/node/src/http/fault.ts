// What cannot be read as HTTP gets an answer of ours, as short and plain as the others, and is the last of its connection.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '@sallyport/core';
import type { ServerLimits } from '../limits.js';
import { answerText, closeAfter, isLast } from './answer.js';
import { cutAfter, discard, endSlowly } from './linger.js';
import type { Visit } from './visit.js';

/** What Node's parser tells: how far it came in which piece. */
interface HttpFault extends Error {
  code?: string;
  bytesParsed?: number;
  rawPacket?: Buffer;
}

export interface FaultOptions {
  limits: Pick<ServerLimits, 'httpHead' | 'halfClosedTime'>;
  clock: Clock;
}

/**
 * Answers a 'clientError' of Node's server, in its turn: all requests that came whole before it are answered first (RFC 9112,
 * section 9.3.2). It is the end of its connection; nothing is said where the same request has been answered already.
 */
export async function answerFault(
  error: HttpFault,
  socket: Socket,
  visit: Visit,
  options: FaultOptions,
): Promise<void> {
  // What comes behind a request that was to be the last is none.
  if (error.code === 'HPE_CLOSED_CONNECTION') return;
  if (!socket.writable) return void socket.destroy();
  const { outgoing, last } = visit;
  const isOfBody = last?.req.complete === false;
  // Behind the last answer nothing is looked at; Node will end the connection. And Node tells of each piece of junk.
  if (visit.isFaulty || (isLast(last) && !(isOfBody && !last.headersSent))) return;
  visit.isFaulty = true;
  visit.deadlines.finished();
  discard(socket);
  const { limits, clock } = options;
  // Nothing tells who has left from who waits for the answers to what he asked for before.
  if (error.code === 'HPE_INVALID_EOF_STATE') cutAfter(socket, clock, limits.halfClosedTime);
  if (isOfBody && !last.headersSent) {
    closeAfter(last);
    return answerText(last, ...faultOf(error, limits.httpHead));
  }
  if (!(await outgoing.emptied())) return;
  // Node's own mistake, where thousands of requests come at once by TLS; the client may ask again what was not answered.
  const isSilent = isOfBody || error.code === 'HPE_PAUSED';
  endSlowly(socket, clock, isSilent ? '' : textOf(faultOf(error, limits.httpHead)));
}

function textOf([status, text]: Fault): string {
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${text.length + 1}`,
    // RFC 9110, section 6.6.1: on every 4xx.
    `date: ${new Date().toUTCString()}`,
    'cache-control: no-store',
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${text}\n`;
}

type Fault = readonly [status: number, text: string];

function faultOf(error: HttpFault, httpHead: number): Fault {
  if (isOtherMethod(error)) return unknownMethod;
  if (isBadLine(error)) return [400, 'the request line must end with its version and CR LF'];
  const [status, text] = faults[error.code ?? ''] ?? [400, 'this is no HTTP request'];
  return [status, text.replace('%', String(httpHead))];
}

/** RFC 9110, section 9.1. */
const unknownMethod: Fault = [501, 'there is no such method'];

/** Whether it is a request but for its method, which Node's parser does not know, or not in HTTP; it looks no further. */
function isOtherMethod({ code = '', rawPacket, bytesParsed = 0 }: HttpFault): boolean {
  if (!['HPE_INVALID_METHOD', 'HPE_INVALID_CONSTANT'].includes(code) || rawPacket === undefined) return false;
  const start = Math.max(rawPacket.lastIndexOf('\n', bytesParsed - 1) + 1, bytesParsed - 1024);
  // The body of the request before it may be on the same line.
  const found = /[A-Z-]+ \S+ HTTP\/1\.[01]\r\n/.exec(rawPacket.subarray(start, bytesParsed + 1024).toString('latin1'));
  return found !== null && start + found.index <= bytesParsed;
}

/** Whether the request line has a version that is known, and then a space or a bare LF. */
function isBadLine({ code, rawPacket, bytesParsed = 0 }: HttpFault): boolean {
  if (code !== 'HPE_INVALID_VERSION' || rawPacket === undefined) return false;
  const end = rawPacket.subarray(Math.max(bytesParsed - 10, 0), bytesParsed + 1);
  // It stops at a space, and behind an LF.
  return / HTTP\/1\.[01]([ \t]|\n[^]?)$/.test(end.toString('latin1'));
}

/** By the codes of Node's parser. */
const faults: Readonly<Record<string, Fault>> = {
  HPE_INVALID_VERSION: [505, 'this is HTTP/1.1'],
  HPE_HEADER_OVERFLOW: [431, 'the head is longer than % bytes (limits.httpHead)'],
  // See above: of a request whose body had begun.
  HPE_PAUSED: [503, 'that could not be read; ask again'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'the extensions of a chunk are too long'],
};
