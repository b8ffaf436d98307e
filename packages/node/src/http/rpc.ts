// JSON-RPC by HTTP: POST /rpc, one text or batch each. What HTTP can refuse is refused here, before a byte of the body
// is parsed; what JSON-RPC can say is said in a 200.

import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { AuthError, decodeText } from '@sallyport/core';
import { originAllowed, type OriginCheck } from '@sallyport/websocket/upgrade';
import type { Accepted } from '../acceptor.js';
import { answerEmpty, answerJson, answerText } from './answer.js';

/** How a text came in. */
export interface RpcContext extends Pick<Accepted, 'secure' | 'remoteAddress' | 'peerCertificate' | 'authenticated'> {
  headers: IncomingHttpHeaders;
  /** The page it came from, if it came from one. */
  origin: string | undefined;
  /** Aborted when the client leaves before its answer. */
  signal: AbortSignal;
}

/** Answers a JSON-RPC text; with nothing if there is nothing to answer. Throws AuthError for a refusal: 401. */
export type Rpc = (text: string, context: RpcContext) => Promise<string | undefined>;

export interface RpcRouteOptions extends OriginCheck {
  rpc: Rpc;
  /** The greatest body, bytes (limits.body). */
  most: number;
}

const METHODS = 'POST, OPTIONS';

export async function serveRpc(
  request: IncomingMessage,
  response: ServerResponse,
  accepted: Accepted,
  options: RpcRouteOptions,
): Promise<void> {
  const { origin, host } = request.headers;
  if (!originAllowed(origin, host, options)) {
    return answerText(response, 403, 'this origin is not allowed (option `origins`)');
  }
  const cors = corsHeaders(origin);
  if (request.method === 'OPTIONS') return answerEmpty(response, 204, { allow: METHODS, ...cors, ...preflight });
  if (request.method !== 'POST') return answerText(response, 405, 'use POST', { allow: METHODS });
  if (!isJson(request.headers))
    return answerText(response, 415, 'the content-type must be application/json, without content-encoding', cors);
  const body = await readBody(request, response, options.most);
  if (body === undefined) {
    return answerText(response, 413, `the body is longer than ${options.most} bytes (limits.body)`, cors);
  }
  const text = textOf(body);
  if (text === undefined) return answerText(response, 400, 'the body is not UTF-8', cors);
  await respond(response, cors, options.rpc(text, contextOf(request, response, accepted)));
}

async function respond(
  response: ServerResponse,
  cors: OutgoingHttpHeaders,
  answer: Promise<string | undefined>,
): Promise<void> {
  try {
    const text = await answer;
    if (text === undefined) answerEmpty(response, 204, cors);
    else answerJson(response, text, cors);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    // Basic would make browsers ask for a password by themselves.
    answerText(response, 401, error.message, { 'www-authenticate': 'Bearer', ...cors });
  }
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

/** A form can send any other type from any page without asking first. */
function isJson({ 'content-type': type = '', 'content-encoding': encoding }: IncomingHttpHeaders): boolean {
  return encoding === undefined && /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type);
}

/** The body, or nothing if it is too long; the rest is then read and thrown away, so that the client gets its answer. */
async function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  most: number,
): Promise<Uint8Array | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > most) return undefined;
  if (request.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    request.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      if (length <= most) chunks.push(chunk);
      else resolve(undefined);
    });
    request.on('end', () => resolve(Buffer.concat(chunks, length)));
    request.on('error', reject);
  });
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return decodeText(body);
  } catch {
    return undefined;
  }
}

function contextOf(request: IncomingMessage, response: ServerResponse, accepted: Accepted): RpcContext {
  const { secure, remoteAddress, peerCertificate, authenticated } = accepted;
  const { headers } = request;
  const abort = new AbortController();
  response.once('close', () => abort.abort());
  return {
    secure,
    remoteAddress,
    peerCertificate,
    authenticated,
    headers,
    origin: headers.origin,
    signal: abort.signal,
  };
}
