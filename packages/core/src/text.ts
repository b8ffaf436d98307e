// UTF-8 without a platform: lengths and bytes of texts, texts of bytes.

const encoder = /* @__PURE__ */ new TextEncoder();
const strict = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const scratch = /* @__PURE__ */ new Uint8Array(16384);

/** The bytes of a text. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of bytes; throws a TypeError if they are not UTF-8. A byte order mark is kept: it is the sender's. */
export function decodeText(bytes: Uint8Array): string {
  return strict.decode(bytes);
}

/** How many bytes a text has in UTF-8; the content-length of a text. */
export function textLength(text: string): number {
  // Writing into a scratch buffer is several times faster than counting in script or allocating the bytes.
  if (text.length * 3 <= scratch.length) return encoder.encodeInto(text, scratch).written;
  let length = 0;
  for (let at = 0; at < text.length;) {
    // It stops before a character that does not fit whole.
    const { read, written } = encoder.encodeInto(text.slice(at), scratch);
    at += read;
    length += written;
  }
  return length;
}

/** A copy of a text that does not keep alive the larger text it was cut from. */
export function detachText(text: string): string {
  return text.length < 13 ? text : (' ' + text).slice(1);
}

/** Joins chunks into one array of `length` bytes. */
export function concatBytes(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.length;
  }
  return joined;
}

/** A message's content: text where it is known to be text, bytes otherwise. */
export type Body = string | Uint8Array;

/** A body as text; throws a TypeError if it is not UTF-8. */
export function bodyText(body: Body): string {
  return typeof body === 'string' ? body : decodeText(body);
}

/** A body as bytes. */
export function bodyBytes(body: Body): Uint8Array {
  return typeof body === 'string' ? encodeText(body) : body;
}

/** How many bytes a body has. */
export function bodyLength(body: Body): number {
  return typeof body === 'string' ? textLength(body) : body.length;
}

/** A body that may be kept: it does not keep alive the chunk it arrived in. */
export function detachBody(body: Body): Body {
  if (typeof body === 'string') return detachText(body);
  // Not slice(): that of Node's Buffer makes no copy.
  return body.buffer.byteLength > body.length ? new Uint8Array(body) : body;
}
