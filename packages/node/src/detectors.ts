// Which protocol a connection speaks, by its first bytes. Pure functions; each may be asked at every prefix.

import type { ServerLimits } from './limits.js';

/** `'more'`: it may still become this protocol. */
export type Verdict = 'yes' | 'no' | 'more';
export type Detector = (head: Uint8Array) => Verdict;

/** The protocols that are told apart by looking. */
export type Protocol = 'http' | 'stomp' | 'jsonrpc';
export const protocols: readonly Protocol[] = ['http', 'stomp', 'jsonrpc'];

/** The longest registered method, UPDATEREDIRECTREF, and a few. */
const LONGEST_METHOD = 20;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** A TLS record of a handshake, any version (RFC 8446, section 5.1). */
export function detectTls(head: Uint8Array): Verdict {
  return matches(head, 0, [0x16, 0x03]);
}

/**
 * The exact first line CONNECT or STOMP. A parser that skips what it does not know until a frame begins is how a browser's
 * request becomes a STOMP session (ALPACA); `CONNECT host:443 HTTP/1.1` is HTTP.
 */
export function detectStomp(head: Uint8Array, leadingEols: number, commands = stompCommands): Verdict {
  let at = 0;
  for (let eols = 0; eols < leadingEols; eols++) {
    const length = eolLength(head, at);
    if (length === 'more') return 'more';
    if (length === 0) break;
    at += length;
  }
  const verdicts = commands.map((command) => commandLine(head, at, command));
  return verdicts.includes('yes') ? 'yes' : verdicts.includes('more') ? 'more' : 'no';
}

/**
 * A method and a space (RFC 9112, section 3). All registered methods are capital letters and hyphens. None is PROXY, which
 * is how a PROXY header begins.
 */
export function detectHttp(head: Uint8Array): Verdict {
  let at = 0;
  while (at < head.length && isMethodByte(head[at]!)) at++;
  if (at > LONGEST_METHOD) return 'no';
  if (at === head.length) return 'more';
  return at > 0 && head[at] === SPACE && matches(head, 0, PROXY) === 'no' ? 'yes' : 'no';
}

/** An object or an array, after any white space (RFC 8259, section 2): one JSON-RPC text a line. */
export function detectJsonRpc(head: Uint8Array): Verdict {
  for (const byte of head) {
    if (byte === OBJECT || byte === ARRAY) return 'yes';
    if (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB) return 'no';
  }
  return 'more';
}

const TAB = 0x09;
const OBJECT = 0x7b;
const ARRAY = 0x5b;
const PROXY = bytesOf('PROXY ');
const stompCommands = ['CONNECT', 'STOMP'].map(bytesOf);
/** Clients of vdsm may begin with any of these. */
const vdsmCommands = ['SUBSCRIBE', 'SEND', 'UNSUBSCRIBE', 'DISCONNECT'].map(bytesOf);

/**
 * By name, for asking each in turn. At most one says yes. Before CONNECT some clients send EOLs: `leadingEols` of them; those
 * of vdsm may do without CONNECT.
 */
export function makeDetectors(
  { leadingEols }: Pick<ServerLimits, 'leadingEols'>,
  isVdsm = false,
): Readonly<Record<Protocol | 'tls', Detector>> {
  const commands = isVdsm ? [...stompCommands, ...vdsmCommands] : stompCommands;
  return {
    tls: detectTls,
    http: detectHttp,
    stomp: (head) => detectStomp(head, leadingEols, commands),
    jsonrpc: detectJsonRpc,
  };
}

/**
 * Asks several detectors: the name of the one that said yes, `'more'` while one may still, or nothing. Only the first
 * `most` bytes are looked at; who has not said by then what they speak never will.
 */
export function detect<Name extends string>(
  head: Uint8Array,
  asked: Readonly<Partial<Record<Name, Detector>>>,
  most: number,
): Name | 'more' | undefined {
  const first = head.subarray(0, most);
  let open = false;
  for (const name in asked) {
    const verdict = asked[name]!(first);
    if (verdict === 'yes') return name;
    open ||= verdict === 'more';
  }
  return open && head.length < most ? 'more' : undefined;
}

function commandLine(head: Uint8Array, at: number, command: readonly number[]): Verdict {
  const verdict = matches(head, at, command);
  if (verdict !== 'yes') return verdict;
  const length = eolLength(head, at + command.length);
  if (length === 'more' || at + command.length === head.length) return 'more';
  return length === 0 ? 'no' : 'yes';
}

function matches(head: Uint8Array, from: number, expected: readonly number[]): Verdict {
  for (let at = 0; at < expected.length; at++) {
    if (from + at >= head.length) return 'more';
    if (head[from + at] !== expected[at]) return 'no';
  }
  return 'yes';
}

/** The length of the EOL at a place, 0 if there is none, `'more'` after a lone CR at the end. */
function eolLength(head: Uint8Array, at: number): 0 | 1 | 2 | 'more' {
  if (head[at] === LF) return 1;
  if (head[at] !== CR) return 0;
  if (at + 1 >= head.length) return 'more';
  return head[at + 1] === LF ? 2 : 0;
}

function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d;
}

function bytesOf(text: string): readonly number[] {
  return [...text].map((character) => character.charCodeAt(0));
}
