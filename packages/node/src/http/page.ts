// The page: static files of one directory.

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Answer, answer, answerEmpty, answerText } from './answer.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const security: OutgoingHttpHeaders = {
  // Scripts, styles and connections of our own only. 'self' does not cover ws: in every browser.
  'content-security-policy':
    "default-src 'self'; connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

/** Names that do not begin with a dot, and so lead nowhere but down. Nothing is decoded: `%2e` is not a name. */
const PATH = /^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/;

/** The bundler's names, `main-l0sNRNKZ.js`: another content has another name. */
const HASHED = /-[A-Za-z0-9_-]{8}\.[a-z0-9.]+$/;

/** Marks of weak tags, which If-None-Match does not tell from others: proxies that compress put them on ours. */
const WEAK = /(^|[\s,])W\//g;

export class Page {
  private readonly directory: string;

  constructor(directory: string | URL) {
    this.directory = typeof directory === 'string' ? directory : fileURLToPath(directory);
  }

  /** Answers a GET or HEAD; returns false if there is no such file. */
  async serve(path: string, request: IncomingMessage, response: Answer): Promise<boolean> {
    const name = path === '/' ? '/index.html' : path;
    const content = PATH.test(name) ? await this.read(name) : undefined;
    if (content === undefined) return false;
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    const caching = HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache';
    const headers = { 'cache-control': caching, etag, ...security };
    // In the order of RFC 9110, section 13.2.2.
    const { 'if-match': match, 'if-none-match': noneMatch } = request.headers;
    if (match !== undefined && !isOneOf(match, etag)) answerText(response, 412, 'the file is another one', headers);
    else if (noneMatch !== undefined && isOneOf(noneMatch.replace(WEAK, '$1'), etag))
      answerEmpty(response, 304, headers);
    else answer(response, 200, types[extname(name)] ?? 'application/octet-stream', content, headers);
    return true;
  }

  private async read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.directory, name));
    } catch {
      return undefined;
    }
  }
}

/** Whether a tag is among those that a client has; `*` is any (RFC 9110, section 13.1). */
function isOneOf(asked: string, etag: string): boolean {
  return asked.trim() === '*' || asked.split(',').some((one) => one.trim() === etag);
}
