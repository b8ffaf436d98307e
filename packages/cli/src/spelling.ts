// What somebody may have meant who typed a name that there is not.

/** More wrong letters than that, and it is another word. */
const MOST_WRONG = 2;

/** `; did you mean --timeout?` where one of the names known is near; nothing where none is. */
export function didYouMean(typed: string, known: readonly string[]): string {
  const near = nearest(typed, known);
  return near === undefined ? '' : `; did you mean ${near}?`;
}

/** The name that takes the fewest changes to come to, if these are few. */
export function nearest(typed: string, known: readonly string[]): string | undefined {
  const letters = typed.replace(/^-+/, '').length;
  // Of a short name hardly anything is left after two changes.
  const most = letters > 3 ? MOST_WRONG : 1;
  let best: string | undefined;
  let least = most + 1;
  for (const name of known) {
    const wrong = changes(typed.toLowerCase(), name.toLowerCase());
    if (wrong < least) [best, least] = [name, wrong];
  }
  return best;
}

/** How many letters to put in, leave out, replace or swap with the next one (optimal string alignment). */
function changes(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const now = [row];
    for (let column = 1; column <= other.length; column++) {
      const differs = one[row - 1] !== other[column - 1];
      let least = Math.min(last[column]! + 1, now[column - 1]! + 1, last[column - 1]! + Number(differs));
      const isSwap = differs && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      if (isSwap) least = Math.min(least, beforeLast[column - 2]! + 1);
      now.push(least);
    }
    [beforeLast, last] = [last, now];
  }
  return last[other.length]!;
}
