// What a decoder holds of a frame that is not complete. Apart from decoder.ts, because clients have no use for it.

import { detachHeaders } from '../header-list.js';
import type { Unfinished } from '../unfinished.js';
import type { Decoder } from './decoder.js';

/** Counts what is left of a chunk, once `next()` has returned undefined. Throws LimitError if there is no room for it. */
export function holdUnfinished(decoder: Decoder, unfinished: Unfinished): void {
  if (decoder.isBetweenFrames) return;
  const { held, begun } = decoder;
  if (begun instanceof Uint8Array) return unfinished.hold(held);
  // The first time it is a part of the chunk, and would keep alive all the text that it was cut from.
  if (!unfinished.isHeld) begun.headers = detachHeaders(begun.headers);
  let length = held;
  for (const text of begun.headers.pairs) length += text.length;
  unfinished.hold(length);
}
