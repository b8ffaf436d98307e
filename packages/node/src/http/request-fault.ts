// What no request may be, whatever it asks for, though Node's parser lets it pass.

import type { IncomingMessage } from 'node:http';
import { hostAllowed } from './host.js';

/** The answer to it, which is the last of its connection unless the status is 403. */
export type RequestFault = readonly [status: number, text: string];

/** A name or an address, and perhaps a port (RFC 9110, section 7.2; RFC 3986, section 3.2.2). */
const HOST = /^([\w.~!$&'()*+,;=%-]*|\[[\da-f:.]+\])(:\d*)?$/i;

/** Methods of RTSP and ICE, which Node's parser reads beside HTTP. */
const FOREIGN = /^(DESCRIBE|ANNOUNCE|SETUP|PLAY|PAUSE|TEARDOWN|[GS]ET_PARAMETER|REDIRECT|RECORD|FLUSH|SOURCE)$/;

/** A target that names more than a path (RFC 9112, section 3.2.2). */
const ABSOLUTE = /^(https?):\/\/([^/?#]*)/i;

export interface RequestTerms {
  /** The most headers. */
  most: number;
  /** The names that are answered to; undefined: all. */
  allowedHosts: readonly string[] | undefined;
  /** Whether it came by TLS. */
  secure: boolean;
}

/** What is wrong with a request, or nothing. */
export function requestFault(
  { headers, rawHeaders, httpVersion, method = '', url = '' }: IncomingMessage,
  { most, allowedHosts, secure }: RequestTerms,
): RequestFault | undefined {
  // RFC 9110, section 2.5; HTTP/0.9 had no version in its request line.
  if (httpVersion === '0.9') return [400, 'the request line has no version'];
  if (httpVersion !== '1.0' && httpVersion !== '1.1') return [505, 'this is HTTP/1.1'];
  if (FOREIGN.test(method)) return [501, 'there is no such method'];
  if (rawHeaders.length > 2 * most) return [431, `there are more than ${most} headers (limits.httpHeaders)`];
  // RFC 9112, section 3.2.
  const hosts = rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'host');
  if (hosts.length > 1 || (hosts.length === 0 && httpVersion !== '1.0')) return [400, 'there must be one header Host'];
  if (hosts.some((host) => !HOST.test(host))) return [400, 'the header Host is not a name or an address'];
  // RFC 9112, sections 6.1 and 6.3: without chunked in the end nobody knows where the body does.
  const codings = headers['transfer-encoding']?.toLowerCase().split(/[ \t]*,[ \t]*/);
  if (codings !== undefined && httpVersion === '1.0') return [400, 'HTTP/1.0 has no transfer-encoding'];
  if (codings !== undefined && codings.at(-1) !== 'chunked') return [400, 'the last transfer-encoding must be chunked'];
  if (codings !== undefined && codings.length > 1) return [501, 'no transfer-encoding is known but chunked'];
  // RFC 9110, section 10.1.1.
  const { expect } = headers;
  if (expect !== undefined && expect.toLowerCase() !== '100-continue')
    return [417, 'nothing can be expected but 100-continue'];
  // RFC 9110, section 7.4.
  const [, scheme, target] = ABSOLUTE.exec(url) ?? [];
  if (scheme === undefined && url !== '*' && !url.startsWith('/'))
    return [400, 'the target must be a path, or an address of http or https'];
  if (scheme?.toLowerCase() === 'https' && !secure) return [421, 'https is not answered without TLS'];
  // What an absolute target names counts before the header (RFC 9112, section 3.2.2).
  if (allowedHosts === undefined || hostAllowed(target ?? headers.host, allowedHosts)) return undefined;
  return [403, 'this host is not allowed (option `allowedHosts`)'];
}
