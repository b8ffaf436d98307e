// As much of ASN.1's distinguished encoding (X.690) as it takes to write a certificate: each function makes one value.

/** A value of any type: tag, length, content. */
export function der(tag: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Uint8Array.of(tag, ...lengthOf(body.length)), body]);
}

export function sequence(...values: Uint8Array[]): Buffer {
  return der(0x30, ...values);
}

export function set(...values: Uint8Array[]): Buffer {
  return der(0x31, ...values);
}

/** A value under a number of its context; `constructed` if it has values inside. */
export function context(number: number, constructed: boolean, ...content: Uint8Array[]): Buffer {
  return der((constructed ? 0xa0 : 0x80) | number, ...content);
}

export function boolean(value: boolean): Buffer {
  return der(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** A number in big-endian bytes; it must be positive. */
export function integer(bytes: Uint8Array): Buffer {
  return der(0x02, bytes);
}

/** Whole bytes, or with `unused` low bits in the last. */
export function bitString(bytes: Uint8Array, unused = 0): Buffer {
  return der(0x03, Uint8Array.of(unused), bytes);
}

export function octetString(...content: Uint8Array[]): Buffer {
  return der(0x04, ...content);
}

export function utf8String(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

export function objectIdentifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Uint8Array.of(first * 40 + second, ...rest.flatMap(base128)));
}

/** Until 2049 two digits for the year, then four (RFC 5280, section 4.1.2.5). */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+|\D/g, '');
  const short = date.getUTCFullYear() < 2050;
  return der(short ? 0x17 : 0x18, Buffer.from(`${short ? digits.slice(2) : digits}Z`));
}

/** Bytes as PEM. */
export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let left = length; left > 0; left >>>= 8) bytes.unshift(left & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

/** Seven bits a byte, the highest bit set on all but the last. */
function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) bytes.unshift(0x80 | (left & 0x7f));
  return bytes;
}
