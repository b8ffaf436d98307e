// Calls by HTTP: a POST each, of JSON-RPC's texts and batches or of XML-RPC's documents. What HTTP can refuse is refused
// here, before a byte of the body is parsed; what the protocol can say is said in a 200.

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { TimeoutError } from '@sallyport/core';
import { originAllowed, type OriginCheck, requestHost } from '@sallyport/websocket/upgrade';
import type { Accepted } from '../acceptor.js';
import { Refusal } from '../access.js';
import { type Answer, answer, answerEmpty, answerText, closeAfter } from './answer.js';
import { Body as IncomingBody } from './body.js';
import type { Dialect } from './dialects.js';
import type { Visit } from './visit.js';

/** How a request came in. */
export interface RpcContext {
  /** The same for all requests of one connection. */
  accepted: Accepted;
  headers: IncomingHttpHeaders;
  /** The page it came from, if it came from one. */
  origin: string | undefined;
  /** Aborted when the client leaves before its answer. */
  signal: AbortSignal;
}

/**
 * Lets a caller in, before its body is read; resolves with what answers the body, with nothing if there is nothing to
 * answer. Rejects with {@link Refusal}: 401.
 */
export type Rpc<Body = string> = (context: RpcContext) => Promise<(body: Body) => Promise<string | undefined>>;

export interface RpcRoute<Body> extends OriginCheck {
  dialect: Dialect<Body>;
  rpc: Rpc<Body>;
  /** The greatest body, bytes. */
  most: number;
  /** Where the other dialect is spoken, as it is told to those who speak it here. */
  elsewhere?: string | undefined;
}

const METHODS = 'POST, OPTIONS';

export async function serveRpc<Body>(
  request: IncomingMessage,
  response: Answer,
  visit: Visit,
  route: RpcRoute<Body>,
): Promise<void> {
  const { dialect, rpc, most } = route;
  const { origin } = request.headers;
  if (!originAllowed(origin, requestHost(request), route)) {
    return answerText(response, 403, 'this origin is not allowed (option `origins`)');
  }
  const cors = corsHeaders(origin);
  if (request.method === 'OPTIONS') return answerEmpty(response, 204, { allow: METHODS, ...cors, ...preflight });
  if (request.method !== 'POST') return answerText(response, 405, 'use POST', { allow: METHODS });
  if (!dialect.isSpoken(request.headers)) return answerText(response, 415, otherType(route), cors);
  const tooLong = `the body is longer than ${most} bytes (limits.${dialect.limit})`;
  if (Number(request.headers['content-length'] ?? 0) > most) return answerText(response, 413, tooLong, cors);
  const answerTo = await admit(request, response, visit.accepted, rpc, cors);
  if (answerTo === undefined) return;
  if (expectsContinue(request) && !response.headersSent) response.writeContinue();
  const incoming = new IncomingBody(most, visit.quota);
  // What is answered before it is whole may never end.
  response.once('close', () => incoming.drop());
  const came = await incoming.read(request);
  if (came === 'too long') return answerText(response, 413, tooLong, cors);
  if (came !== 'whole') return answer(response, 503, dialect.answers, dialect.overloaded(came.message), cors);
  // What waits for its turn counts, too.
  const isThere = await visit.outgoing.turn(response);
  const body = isThere ? dialect.read(incoming.bytes) : undefined;
  incoming.drop();
  if (!isThere) return;
  if (body === undefined) return answerText(response, 400, 'the body is not UTF-8', cors);
  const text = await answerTo(body);
  if (text === undefined) answerEmpty(response, 204, cors);
  else answer(response, 200, dialect.answers, text, cors);
}

/** HTTP/1.0 does not know it, and would take it for the answer (RFC 9110, section 10.1.1). */
function expectsContinue({ headers, httpVersion }: IncomingMessage): boolean {
  return headers.expect !== undefined && httpVersion !== '1.0';
}

function otherType<Body>({ dialect, elsewhere }: RpcRoute<Body>): string {
  const text = `the content-type must be ${dialect.types}, without content-encoding`;
  return elsewhere === undefined ? text : `${text}; ${elsewhere}`;
}

/** Before a byte of the body is taken in; answers a refusal itself. */
async function admit<Body>(
  request: IncomingMessage,
  response: Answer,
  accepted: Accepted,
  rpc: Rpc<Body>,
  cors: OutgoingHttpHeaders,
): Promise<Awaited<ReturnType<Rpc<Body>>> | undefined> {
  const { headers } = request;
  const left = new AbortController();
  response.once('close', () => left.abort());
  try {
    return await rpc({ accepted, headers, origin: headers.origin, signal: left.signal });
  } catch (error) {
    if (response.destroyed) return undefined;
    if (error instanceof TimeoutError) answerText(response, 503, 'that could not be decided in time', cors);
    else if (error instanceof Refusal) answerRefusal(response, error, cors);
    else throw error;
    return undefined;
  }
}

function answerRefusal(response: Answer, { message, isLast }: Refusal, cors: OutgoingHttpHeaders): void {
  // Basic would make browsers ask for a password by themselves.
  const challenge = { 'www-authenticate': 'Bearer', ...cors };
  if (isLast) closeAfter(response);
  answerText(response, 401, message, challenge);
}

/** For pages of other hosts; the origin has been checked. Never `*`, which would make the answer everybody's. */
function corsHeaders(origin: string | undefined): OutgoingHttpHeaders {
  return origin === undefined ? { vary: 'origin' } : { vary: 'origin', 'access-control-allow-origin': origin };
}

const preflight: OutgoingHttpHeaders = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, traceparent',
  'access-control-max-age': '600',
};
