// The three versions and what differs between them on the wire. https://stomp.github.io, specification 1.0, 1.1, 1.2.

import { ProtocolError } from '../errors.js';

/** A version of STOMP. */
export type Version = '1.0' | '1.1' | '1.2';

/** All versions, best first. */
export const versions: readonly Version[] = ['1.2', '1.1', '1.0'];

/**
 * The best version in a list such as `1.0,1.1,1.2`; without a list the peer speaks 1.0 (STOMP 1.1 and 1.2, Protocol
 * Negotiation). Undefined if there is none in common.
 */
export function negotiateVersion(acceptVersion: string | undefined, ours = versions): Version | undefined {
  if (acceptVersion === undefined) return ours.find((version) => version === '1.0');
  const theirs = acceptVersion.split(',').map((version) => version.trim());
  return ours.find((version) => theirs.includes(version));
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' };
const UNESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\r': '\r', '\\n': '\n', '\\c': ':' };

/** What each version cannot carry. In 1.1 a CR before an LF would vanish in a reader that takes CR LF for an end of line. */
const UNSPEAKABLE: Readonly<Record<Version, RegExp>> = { '1.2': /\0/, '1.1': /[\0\r]/, '1.0': /[\0\r\n]/ };

/**
 * A header name or value as it stands on the wire (STOMP 1.2, Value Encoding; 1.1 has no escape for a carriage return,
 * 1.0 has none at all). Undefined if that version cannot carry it: a line feed must never become a new header line, and
 * a NUL never the end of the frame.
 */
export function escapeHeader(text: string, version: Version, part: 'name' | 'value' = 'value'): string | undefined {
  if (!needsEscape(text)) return text;
  if (UNSPEAKABLE[version].test(text)) return undefined;
  if (version !== '1.0') return text.replace(/[\\\r\n:]/g, (octet) => ESCAPES[octet]!);
  return part === 'name' && text.includes(':') ? undefined : text;
}

/**
 * A value that the reader itself has sent. Before 1.2 a carriage return in it is an octet like any other: it came as it is,
 * and goes back so.
 */
export function escapeOwn(value: string, version: Version): string | undefined {
  if (version === '1.2' || !value.includes('\r')) return escapeHeader(value, version);
  const parts = value.split('\r').map((part) => escapeHeader(part, version));
  return parts.includes(undefined) ? undefined : parts.join('\r');
}

/** A loop over a short text is several times faster than a regular expression. */
function needsEscape(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === 0x3a || octet === 0x0a || octet === 0x0d || octet === 0x5c || octet === 0) return true;
  }
  return false;
}

/** The opposite of {@link escapeHeader}. An undefined escape is fatal (STOMP 1.2, Value Encoding). */
export function unescapeHeader(text: string, version: Version): string {
  if (version === '1.0' || !text.includes('\\')) return text;
  return text.replace(/\\[^]?/g, (escape) => {
    const octet = UNESCAPES[escape];
    if (octet !== undefined && (octet !== '\r' || version === '1.2')) return octet;
    throw new ProtocolError('ERR_STOMP_ESCAPE', `a header has an escape that STOMP ${version} does not define`);
  });
}

/** A value without the spaces around it, which 1.0 pads with in its own examples. Only spaces: all else is the value's. */
export function withoutPadding(value: string): string {
  let [start, end] = [0, value.length];
  while (value[start] === ' ') start++;
  while (end > start && value[end - 1] === ' ') end--;
  return value.slice(start, end);
}
