// Origins, hosts and addresses as people write them: each check returns what a server takes, or throws what is wrong.

import { isIP, isIPv6 } from 'node:net';
import { isHost, isOrigin } from '@sallyport/node';

/** A page's origin, or `*`. */
export function readOrigin(text: string): string {
  if (isOrigin(text)) return text;
  throw new Error(`must be an origin such as https://admin.example, or *, not ${text}`);
}

/** A name in a Host header, with or without a port. */
export function readHost(text: string): string {
  // In a Host header an IPv6 address stands in brackets (RFC 3986, section 3.2.2).
  if (isIPv6(text)) return `[${text}]`;
  if (isHost(text)) return text;
  throw new Error(`must be a name such as admin.example or admin.example:8080, not ${text}`);
}

/** An address, or all of a network. */
export function readNetwork(text: string): string {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
  if (version !== 0 && isPrefix && rest.length === 0) return text;
  throw new Error(`must be an address such as 10.0.0.1 or 10.0.0.0/8, not ${text}`);
}

/** A name that clients ask for in the TLS handshake (RFC 6066, section 3: a DNS name, no address). */
export function readServerName(text: string): string {
  if (/^[a-z\d_-]+(\.[a-z\d_-]+)*$/i.test(text) && isIP(text) === 0) return text.toLowerCase();
  throw new Error(`must be a DNS name such as node7.example, not ${text}`);
}
