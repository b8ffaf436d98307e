// Makes an input that breaks something as short as can be had cheaply.

/** Leaves out ever smaller parts while the rest still fails. `isOver` ends it early. */
export async function minimize(
  input: Uint8Array,
  fails: (input: Uint8Array) => Promise<boolean>,
  isOver: () => boolean,
): Promise<Uint8Array> {
  let best = input;
  for (let size = Math.ceil(best.length / 2); size > 0 && !isOver(); size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && !isOver();) {
      const shorter = new Uint8Array(best.length - Math.min(size, best.length - at));
      shorter.set(best.subarray(0, at));
      shorter.set(best.subarray(at + size), at);
      if (await fails(shorter)) best = shorter;
      else at += size;
    }
  }
  return best;
}
