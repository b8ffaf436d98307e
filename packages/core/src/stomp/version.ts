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

const NEEDS_ESCAPE = /[\0\\\r\n:]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\r': '\\r', '\n': '\\n', ':': '\\c' };

/**
 * A header name or value as it stands on the wire (STOMP 1.2, Value Encoding; 1.1 has no escape for a carriage return,
 * 1.0 has none at all). Undefined if that version cannot carry it: a line feed must never become a new header line, and
 * a NUL never the end of the frame.
 */
export function escapeHeader(text: string, version: Version, part: 'name' | 'value'): string | undefined {
  if (!needsEscape(text)) return text;
  if (text.includes('\0')) return undefined;
  if (version === '1.2') return text.replace(/[\\\r\n:]/g, (octet) => ESCAPES[octet]!);
  // A CR before the LF would vanish in a reader that takes CR LF for the end of a line.
  if (text.includes('\r')) return undefined;
  if (version === '1.1') return text.replace(/[\\\n:]/g, (octet) => ESCAPES[octet]!);
  return text.includes('\n') || (part === 'name' && text.includes(':')) ? undefined : text;
}

/** A loop over a short text is several times faster than a regular expression. */
function needsEscape(text: string): boolean {
  if (text.length > 64) return NEEDS_ESCAPE.test(text);
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at);
    if (octet === 0x3a || octet === 0x0a || octet === 0x0d || octet === 0x5c || octet === 0) return true;
  }
  return false;
}

/** The opposite of {@link escapeHeader}. An undefined escape is fatal (STOMP 1.2, Value Encoding). */
export function unescapeHeader(text: string, version: Version): string {
  let at = text.indexOf('\\');
  if (at === -1 || version === '1.0') return text;
  let plain = '';
  let from = 0;
  do {
    const octet = unescapeOctet(text.charCodeAt(at + 1), version);
    if (octet === '') {
      throw new ProtocolError(
        'ERR_STOMP_ESCAPE',
        `undefined escape sequence in a header: STOMP ${version} knows \\n, \\c, \\\\${version === '1.2' ? ' and \\r' : ''}`,
      );
    }
    plain += text.slice(from, at) + octet;
    from = at + 2;
    at = text.indexOf('\\', from);
  } while (at !== -1);
  return plain + text.slice(from);
}

function unescapeOctet(letter: number, version: Version): string {
  switch (letter) {
    case 0x63: // c
      return ':';
    case 0x6e: // n
      return '\n';
    case 0x5c: // backslash
      return '\\';
    case 0x72: // r
      return version === '1.2' ? '\r' : '';
    default:
      return '';
  }
}
