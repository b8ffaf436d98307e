// The PROXY protocol, versions 1 and 2: a proxy says in front of a connection whose it is. Pure.
// https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt

import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** What a header said. */
export interface ProxyHeader {
  /** Its bytes; what follows is the client's. */
  length: number;
  /** The client's address; undefined where the connection is the proxy's own, or the client's is not known. */
  address: string | undefined;
}

/** Both versions fit into the smallest segment that every host must take (section 2): 576 - 40 bytes. */
const LONGEST = 536;

/** Version 1 with its CR LF (section 2.1). */
const LONGEST_LINE = 107;

const LINE_START = Buffer.from('PROXY ');
/** Version 2 (section 2.2). */
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
/** The signature, version and command, family, length. */
const FIXED = 16;

/** Reads the header at the start of a connection; undefined if there is none, or one that breaks a rule. */
export function readProxyHeader(head: Buffer): ProxyHeader | 'more' | undefined {
  if (begins(head, LINE_START)) return readLine(head);
  if (begins(head, SIGNATURE)) return readBinary(head);
  return undefined;
}

/** Whether a connection begins as one with a header does. */
export function seemsProxied(head: Buffer): boolean {
  return head.length >= LINE_START.length && (begins(head, LINE_START) || begins(head, SIGNATURE));
}

/** Whether the bytes there are, as far as they go, are those. */
function begins(head: Buffer, expected: Buffer): boolean {
  const length = Math.min(head.length, expected.length);
  return head.compare(expected, 0, length, 0, length) === 0;
}

function readLine(head: Buffer): ProxyHeader | 'more' | undefined {
  const end = head.subarray(0, LONGEST_LINE).indexOf('\r\n');
  if (end === -1) return head.length < LONGEST_LINE ? 'more' : undefined;
  const line = head.toString('latin1', 0, end);
  const length = end + 2;
  // Whatever else stands in such a line is to be ignored.
  if (/^PROXY UNKNOWN( |$)/.test(line)) return { length, address: undefined };
  const [, family, from, to, ...ports] = /^PROXY TCP([46]) (\S+) (\S+) (\d+) (\d+)$/.exec(line) ?? [];
  const isOfFamily = family === '4' ? isIPv4 : isIPv6Address;
  if (from === undefined || !isOfFamily(from) || !isOfFamily(to!) || !ports.every(isPort)) return undefined;
  return { length, address: family === '4' ? from : canonical(from) };
}

/** With a zone it would not be an address that others can use. */
function isIPv6Address(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** Zeros in front are not allowed. */
function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function readBinary(head: Buffer): ProxyHeader | 'more' | undefined {
  // Each byte is judged as soon as it is there, so that what is wrong ends at once.
  const [version, family] = head.subarray(SIGNATURE.length);
  if (version === undefined) return 'more';
  if (version !== LOCAL && version !== PROXY) return undefined;
  if (family === undefined) return 'more';
  if (version === PROXY && (family >> 4 > 3 || (family & 15) > 2)) return undefined;
  if (head.length < FIXED) return 'more';
  const length = FIXED + head.readUInt16BE(FIXED - 2);
  const size = version === PROXY ? (addressSizes[family] ?? 0) : 0;
  if (length > LONGEST || (size > 0 && length < FIXED + 2 * size + PORTS)) return undefined;
  if (head.length < length) return 'more';
  return { length, address: size === 0 ? undefined : addressOf(head.subarray(FIXED, FIXED + size)) };
}

const PORTS = 4;

/** Version 2 in the upper four bits, in the lower ones whose connection it is. */
const LOCAL = 0x20;
const PROXY = 0x21;

/** Of TCP over IPv4 and over IPv6: an address's bytes. There are two, then both ports, then more that is skipped. */
const addressSizes: Readonly<Record<number, number>> = { 0x11: 4, 0x21: 16 };

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16));
  return canonical(groups.join(':'));
}

/** The one way to write an IPv6 address (RFC 5952), so that nobody is two; one that stands for IPv4 is written as that. */
function canonical(address: string): string {
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(written) ?? [];
  if (high === undefined) return written;
  return [high, low].flatMap((group) => [parseInt(group!, 16) >> 8, parseInt(group!, 16) & 255]).join('.');
}

/** Which addresses are proxies. Throws a TypeError that names one which is no address and no range such as 10.0.0.0/8. */
export function proxyList(proxies: readonly string[], of: string): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [, address = '', prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(String(proxy)) ?? [];
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || Number(prefix ?? 0) > most)
      throw new TypeError(`${of}: option proxies: ${proxy} is no address, and no range such as 10.0.0.0/8`);
    list.addSubnet(address, Number(prefix ?? most), family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Whether an address is one of the proxies'. */
export function isProxy(list: BlockList, address: string): boolean {
  const plain = address.split('%', 1)[0]!;
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
