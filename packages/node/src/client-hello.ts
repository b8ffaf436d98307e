// What a TLS client asks for, read from its ClientHello before TLS has begun: the name of the server, and whether it
// names protocols. Node asks nobody about a client that sends no name. Pure.

/** What is looked at. */
export interface ClientHello {
  /** The name of the server (RFC 6066, section 3). */
  serverName: string | undefined;
  /** Whether it names protocols (RFC 7301). */
  hasAlpn: boolean;
}

/** OpenSSL takes no longer handshake messages of a client; those with keys of the newest kind have 2 KiB. */
const LONGEST = 16 * 1024;

/** All of them are looked at whenever bytes come. */
const MOST_RECORDS = 64;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const ALPN = 16;

/** Reads a ClientHello from the records at the start of a connection; undefined if it is none. */
export function readClientHello(head: Buffer): ClientHello | 'more' | undefined {
  const message = joinRecords(head);
  if (message === undefined || message === 'more') return message;
  try {
    return readBody(new Reader(message));
  } catch {
    return undefined;
  }
}

/** The body of the first handshake message, which may be cut into records at will (RFC 8446, section 5.1). */
function joinRecords(head: Buffer): Buffer | 'more' | undefined {
  const fragments: Buffer[] = [];
  let length = 0;
  let wanted: number | undefined;
  for (let at = 0; fragments.length < MOST_RECORDS; at += 5 + head.readUInt16BE(at + 3)) {
    if (head.length < at + 5) return 'more';
    const size = head.readUInt16BE(at + 3);
    if (head[at] !== HANDSHAKE || head[at + 1] !== 3 || size === 0) return undefined;
    const fragment = head.subarray(at + 5, at + 5 + size);
    fragments.push(fragment);
    length += fragment.length;
    if (wanted === undefined && length >= 4) {
      const start = Buffer.concat(fragments);
      wanted = 4 + start.readUIntBE(1, 3);
      if (start[0] !== CLIENT_HELLO || wanted > LONGEST) return undefined;
    }
    if (wanted !== undefined && length >= wanted) return Buffer.concat(fragments).subarray(4, wanted);
    if (fragment.length < size) return 'more';
  }
  return undefined;
}

/** RFC 8446, section 4.1.2. */
function readBody(hello: Reader): ClientHello {
  hello.take(2 + 32); // legacy_version, random
  hello.vector(1); // legacy_session_id
  hello.vector(2); // cipher_suites
  hello.vector(1); // legacy_compression_methods
  let serverName: string | undefined;
  let hasAlpn = false;
  const extensions = hello.isEmpty ? new Reader(Buffer.alloc(0)) : hello.vector(2);
  while (!extensions.isEmpty) {
    const type = extensions.number(2);
    const data = extensions.vector(2);
    if (type === ALPN) hasAlpn = true;
    else if (type === SERVER_NAME) serverName = readServerName(data.vector(2));
  }
  return { serverName, hasAlpn };
}

function readServerName(list: Reader): string | undefined {
  while (!list.isEmpty) {
    const type = list.number(1);
    const name = list.vector(2);
    if (type === HOST_NAME) return name.rest.toString('latin1');
  }
  return undefined;
}

/** Reads from front to back; throws a RangeError where there is not enough. */
class Reader {
  constructor(public rest: Buffer) {}

  get isEmpty(): boolean {
    return this.rest.length === 0;
  }

  take(length: number): Buffer {
    if (this.rest.length < length) throw new RangeError('the message is too short');
    const taken = this.rest.subarray(0, length);
    this.rest = this.rest.subarray(length);
    return taken;
  }

  number(bytes: number): number {
    return this.take(bytes).readUIntBE(0, bytes);
  }

  /** What has its length, in so many bytes, in front. */
  vector(bytes: number): Reader {
    return new Reader(this.take(this.number(bytes)));
  }
}
