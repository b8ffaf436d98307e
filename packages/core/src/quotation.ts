// What somebody gave, in the words of an error: enough to know it again, and nothing that a terminal or a log would obey.

/** Characters of it. */
const MOST = 80;

/** Whatever is not seen: controls, marks of direction, halves of pairs, line separators. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** In quotes; cut where it is long. */
export function quoted(text: string): string {
  const shown = text.slice(0, MOST).replace(UNSEEN, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
  return `"${shown}${text.length > MOST ? '…' : ''}"`;
}
