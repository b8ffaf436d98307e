// What a WebSocket message holds: text or bytes, and how one becomes the other.

import { decodeText, encodeText, limitError, ProtocolError } from '@sallyport/core';

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

/** Makes the reader of whole messages: texts, at most `most` bytes long. */
export function messageReader(most: number): (payload: Payload) => string {
  return (payload) => {
    if (payload.length > most) throw limitError('body', most, 'bytes in a message');
    const text = asText(payload);
    if (typeof text === 'string') return text;
    throw new ProtocolError('ERR_UTF8', 'a binary message is not UTF-8, as JSON is (RFC 8259, section 8.1)');
  };
}
