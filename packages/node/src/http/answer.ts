// Answers of the HTTP server: short plain texts that never repeat what the request said, and headers all answers have.

import { type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Outgoing } from './outgoing.js';

export class Answer extends ServerResponse {
  /** The way it goes. */
  outgoing: Outgoing | undefined;
}

/** Answers with a plain text. */
export function answerText(response: Answer, status: number, text: string, headers?: OutgoingHttpHeaders): void {
  answer(response, status, 'text/plain; charset=utf-8', `${text}\n`, headers);
}

/** Answers with JSON that is already a text. */
export function answerJson(response: Answer, text: string, headers?: OutgoingHttpHeaders): void {
  answer(response, 200, 'application/json', text, headers);
}

/** Answers with anything; Node leaves the body out for HEAD. Nothing is cached unless `headers` say so. */
export function answer(
  response: Answer,
  status: number,
  type: string,
  body: string | Uint8Array,
  headers?: OutgoingHttpHeaders,
): void {
  // It was answered while it was worked on: the rest of it was no HTTP.
  if (response.headersSent) return;
  const length = Buffer.byteLength(body);
  response.writeHead(status, {
    'content-type': type,
    'content-length': length,
    'cache-control': 'no-store',
    ...alwaysSent,
    ...headers,
  });
  if (response.outgoing === undefined) response.end(body);
  else response.outgoing.send(response, body, length);
}

/** Answers without a body. */
export function answerEmpty(response: Answer, status: number, headers?: OutgoingHttpHeaders): void {
  if (response.headersSent) return;
  response.writeHead(status, { ...alwaysSent, ...headers });
  response.end();
}

/** Makes this answer the last one of its connection, unless it has begun. */
export function closeAfter(response: Answer): void {
  if (response.headersSent) return;
  response.removeHeader('keep-alive');
  response.setHeader('connection', 'close');
}

/** Whether an answer is, or will be, the last one of its connection. */
export function isLast(response: Answer | undefined): boolean {
  return response?.getHeader('connection') === 'close';
}

/** A browser must not guess what an answer is: a text that looks like a script stays a text. */
const alwaysSent: OutgoingHttpHeaders = { 'x-content-type-options': 'nosniff' };
