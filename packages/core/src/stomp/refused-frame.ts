// What can still be told of a frame whose head was refused: the receipt that it asked for, so that its ERROR can name it.
// Apart from decoder.ts, because clients have no use for it.

import { HeaderList } from '../header-list.js';
import type { Decoder } from './decoder.js';
import { mayEndInCrLf } from './head.js';
import { unescapeHeader, type Version, withoutPadding } from './version.js';

const lenient = /* @__PURE__ */ new TextDecoder();

/** The frame that a decoder has just refused, as far as it is known. */
export function refusedFrame({ begun, version, limits }: Decoder): { headers: HeaderList } | undefined {
  if (!(begun instanceof Uint8Array)) return begun;
  if (version === undefined) return undefined;
  const [, ...lines] = lenient.decode(begun.subarray(0, limits.frameHead)).split('\n');
  // What stands behind the last line feed is not known to be a whole line.
  lines.pop();
  for (const line of lines) {
    const header = mayEndInCrLf(version) && line.endsWith('\r') ? line.slice(0, -1) : line;
    if (header === '' || header.includes('\0')) return undefined;
    if (!header.startsWith('receipt:')) continue;
    const receipt = header.length > limits.headerLine ? undefined : valueOf(header.slice('receipt:'.length), version);
    return { headers: HeaderList.of({ receipt }) };
  }
  return undefined;
}

/** Undefined if it is what the frame was refused for. */
function valueOf(text: string, version: Version): string | undefined {
  if (/[\r\ufffd]/.test(text)) return undefined;
  try {
    return version === '1.0' ? withoutPadding(text) : unescapeHeader(text, version);
  } catch {
    return undefined;
  }
}
