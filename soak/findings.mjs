// What is checked, how often it held, and what broke it.

/** As many examples are kept of each check that fails. */
const EXAMPLES = 5;

/**
 * @typedef {object} Finding
 * @property {string} check what must hold, in words
 * @property {number} held how many times it was looked at and held
 * @property {number} broken
 * @property {string[]} examples of what broke it
 * @property {string} [detail] what was measured
 */

export class Findings {
  /** @type {Map<string, Finding>} */
  #all = new Map();

  /** Names a check, so that it is listed even if it is never looked at. */
  expect(check) {
    this.#of(check);
  }

  hold(check, times = 1) {
    this.#of(check).held += times;
  }

  fail(check, example) {
    const finding = this.#of(check);
    finding.broken++;
    if (finding.examples.length < EXAMPLES) finding.examples.push(example);
  }

  /**
   * Looks at something. @param {string} check @param {boolean} holds
   * @param {string | (() => string)} example says what is wrong if it is
   */
  check(check, holds, example) {
    if (holds) this.hold(check);
    else this.fail(check, typeof example === 'function' ? example() : example);
    return holds;
  }

  /** Says more about a check: what was measured. */
  detail(check, text) {
    this.#of(check).detail = text;
  }

  /** @returns {Finding[]} */
  list() {
    return [...this.#all.values()];
  }

  /** Takes in what another process found. @param {Finding[]} list */
  merge(list) {
    for (const { check, held, broken, examples, detail } of list) {
      const finding = this.#of(check);
      finding.held += held;
      finding.broken += broken;
      finding.examples.push(...examples.slice(0, EXAMPLES - finding.examples.length));
      finding.detail = detail ?? finding.detail;
    }
  }

  #of(check) {
    let finding = this.#all.get(check);
    if (finding === undefined) this.#all.set(check, (finding = { check, held: 0, broken: 0, examples: [] }));
    return finding;
  }
}

/** Whether a check is fulfilled: nothing broke it, and it was looked at. What was never tried proves nothing. */
export function isFulfilled({ held, broken }) {
  return broken === 0 && held > 0;
}
