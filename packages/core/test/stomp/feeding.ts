// Every way in which the same bytes can arrive.

import { bodyBytes, concatBytes, encodeText } from '../../src/text.js';
import { Decoder, type DecoderOptions, type Frame, type Version } from '../../src/stomp/index.js';

export function toBytes(wire: string | Uint8Array): Uint8Array {
  return typeof wire === 'string' ? encodeText(wire) : wire;
}

export function cut(wire: Uint8Array, ...at: number[]): Uint8Array[] {
  const points = [0, ...at, wire.length];
  return points.slice(1).map((point, index) => wire.subarray(points[index], point));
}

/** Whole, at every split point, and byte by byte. */
export function* feedings(wire: Uint8Array): Generator<{ how: string; chunks: Uint8Array[] }> {
  yield { how: 'whole', chunks: [wire] };
  yield { how: 'byte by byte', chunks: Array.from(wire, (octet) => Uint8Array.of(octet)) };
  yield {
    how: 'byte by byte with empty chunks',
    chunks: Array.from(wire, (o) => [Uint8Array.of(o), new Uint8Array()]).flat(),
  };
  for (let at = 1; at < wire.length; at++) yield { how: `split at ${at}`, chunks: cut(wire, at) };
}

/** A frame in a form that can be compared: the body as one character a byte. */
export interface Plain {
  command: string;
  headers: readonly string[];
  body: string;
}

export function plain(frame: Pick<Frame, 'command' | 'body'> & { headers: { pairs: readonly string[] } }): Plain {
  return { command: frame.command, headers: frame.headers.pairs, body: octets(bodyBytes(frame.body)) };
}

export function octets(bytes: Uint8Array): string {
  let text = '';
  for (const octet of bytes) text += String.fromCharCode(octet);
  return text;
}

/** Feeds chunks and returns the frames. Spoils each chunk afterwards: it belongs to whoever pushed it. */
export function decode(
  chunks: Iterable<Uint8Array>,
  options: DecoderOptions & { version?: Version | undefined },
  onChunk?: (decoder: Decoder) => void,
): Plain[] {
  const decoder = new Decoder(options);
  decoder.version = options.version;
  const frames: Plain[] = [];
  for (const chunk of chunks) {
    const lent = chunk.slice();
    decoder.push(lent);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(plain(frame));
    lent.fill(0x21);
    onChunk?.(decoder);
  }
  return frames;
}

/** With enough ASCII before it that the reader of strings takes it, which otherwise takes only long chunks. */
export function padded(wire: Uint8Array): Uint8Array {
  return concatBytes([encodeText('\n'.repeat(64)), wire], wire.length + 64);
}

/** With an octet behind it that is not ASCII, so that the reader of bytes takes it, however long it is. */
export function tainted(wire: Uint8Array): Uint8Array {
  return concatBytes([wire, encodeText('\nSEND\na:ü')], wire.length + 10);
}
