// How deep a JSON text is, and how many members an array has that is all of it, before it is parsed: a million brackets are
// a megabyte here, and a second and thirty megabytes once they are arrays.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const COMMA = 0x2c;
/** Takes `{` to `[` and `}` to `]`, and nothing else to either. */
const SQUARE = 0xdf;

const encoder = /* @__PURE__ */ new TextEncoder();
const scratch = /* @__PURE__ */ new Uint8Array(4096);

/** Whether a text holds more than `most` arrays and objects within each other. Says nothing of texts that are no JSON. */
export function isDeeper(text: string, most: number): boolean {
  // Each level has two characters, so most texts are too short; and most others have too few brackets.
  return text.length > 2 * most && hasMore(text, '[{', most) && exceeds(text, most, Infinity);
}

/** Whether a text is an array of more than `most` members. Says nothing of texts that are no JSON. */
export function isLonger(text: string, most: number): boolean {
  // One comma less than there are members.
  return text.length > 2 * most && /^\s*\[/.test(text) && hasMore(text, ',', most - 1) && exceeds(text, Infinity, most);
}

function hasMore(text: string, characters: string, most: number): boolean {
  let count = 0;
  for (const character of characters)
    for (let at = text.indexOf(character); at !== -1 && count <= most; at = text.indexOf(character, at + 1)) count++;
  return count > most;
}

/** Bytes are read twice as fast as characters, even though they have to be made. */
function exceeds(text: string, deepest: number, members: number): boolean {
  let depth = 0;
  let commas = 0;
  let isString = false;
  // What stands behind a backslash is skipped; it may be the first of the next piece.
  let skipped = 0;
  for (let at = 0; at < text.length;) {
    const { read, written } = encoder.encodeInto(at === 0 ? text : text.slice(at), scratch);
    let place = skipped;
    for (; place < written; place++) {
      const byte = scratch[place]!;
      if (isString) {
        if (byte === QUOTE) isString = false;
        else if (byte === BACKSLASH) place++;
      } else if (byte === QUOTE) isString = true;
      else if ((byte & SQUARE) === OPENING) {
        if (++depth > deepest) return true;
      } else if ((byte & SQUARE) === CLOSING) depth--;
      else if (byte === COMMA && depth === 1 && ++commas >= members) return true;
    }
    skipped = place - written;
    at += read;
  }
  return false;
}
