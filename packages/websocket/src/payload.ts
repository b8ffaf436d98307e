// What a WebSocket message holds: text or bytes, and how one becomes the other.

import { decodeText, encodeText, limitError, ProtocolError, textLength } from '@sallyport/core';

/** Text if the platform has decoded it, else bytes. */
export type Payload = string | Uint8Array;

/** Part of a byte stream as bytes. */
export function asBytes(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? encodeText(payload) : payload;
}

/** Part of a byte stream as text if it is UTF-8: many STOMP clients look only at text messages. */
export function asText(payload: Payload): Payload {
  if (typeof payload === 'string') return payload;
  try {
    return decodeText(payload);
  } catch {
    return payload;
  }
}

/** A payload in parts of at most `most` octets, of which none begins or ends within a character. */
export function partsOf(payload: Payload, most: number): Payload[] {
  if (sizeOf(payload) <= most) return [payload];
  if (typeof payload !== 'string') return cut(payload.length, most, (from, to) => payload.subarray(from, to));
  // A unit of UTF-16 is three octets at the most.
  const isLow = (at: number): boolean => (payload.charCodeAt(at) & 0xfc00) === 0xdc00;
  return cut(payload.length, Math.floor(most / 3), (from, to) =>
    payload.slice(isLow(from) ? from - 1 : from, isLow(to) ? to - 1 : to),
  );
}

function sizeOf(payload: Payload): number {
  return typeof payload === 'string' ? textLength(payload) : payload.length;
}

function cut(length: number, step: number, part: (from: number, to: number) => Payload): Payload[] {
  const parts: Payload[] = [];
  for (let at = 0; at < length; at += step) parts.push(part(at, Math.min(at + step, length)));
  return parts;
}

/** Part of a message that is sent as one of its fragments (RFC 6455, section 5.4). */
export interface Bit {
  data: Uint8Array;
  isText: boolean;
  isLast: boolean;
}

/** Messages of more octets together are not handed to the platform at once. */
const LARGE = 1024 * 1024;

/** The longest fragment of such, octets. */
const BIT = 256 * 1024;

/** Messages in fragments, if they are too large to be handed to the platform at once. */
export function bitsOf(messages: readonly Payload[]): Bit[] | undefined {
  let size = 0;
  for (const { length } of messages) size += length;
  if (size <= LARGE) return undefined;
  return messages.flatMap((message) => {
    const bytes = asBytes(message);
    const isText = typeof message === 'string';
    const starts = Array.from({ length: Math.ceil(bytes.length / BIT) }, (_, at) => at * BIT);
    return starts.map((at) => ({ data: bytes.subarray(at, at + BIT), isText, isLast: at + BIT >= bytes.length }));
  });
}

/** Makes the reader of whole messages: texts, at most `most` bytes long. */
export function messageReader(most: number): (payload: Payload) => string {
  return (payload) => {
    if (payload.length > most) throw limitError('body', most, 'bytes in a message');
    const text = asText(payload);
    if (typeof text === 'string') return text;
    throw new ProtocolError('ERR_UTF8', 'a binary message is not UTF-8, as JSON is (RFC 8259, section 8.1)');
  };
}
