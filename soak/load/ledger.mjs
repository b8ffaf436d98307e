// The books of what was sent to queues: what was confirmed must be consumed, and nothing may come that was not sent.
// Only what is open is kept, so that days of load fit.

/**
 * @typedef {object} Entry
 * @property {'sent' | 'confirmed'} state
 * @property {boolean} consumed
 */

export class Ledger {
  /** By sender. @type {Map<string, { last: number, open: Map<number, Entry>, never: Set<number> }>} */
  #senders = new Map();
  #findings;
  #names;

  /** @param {string} what is in the books, as `messages of queues` */
  constructor(findings, what) {
    this.#findings = findings;
    this.#names = {
      lost: `no confirmed ${what} are lost`,
      foreign: `no ${what} come that were never sent`,
      spoilt: `${what} come as they were sent`,
    };
    for (const name of Object.values(this.#names)) findings.expect(name);
  }

  /** The next message of a sender. @returns {{ number: number, body: string }} */
  next(sender) {
    let books = this.#senders.get(sender);
    if (books === undefined) this.#senders.set(sender, (books = { last: 0, open: new Map(), never: new Set() }));
    const number = ++books.last;
    books.open.set(number, { state: 'sent', consumed: false });
    return { number, body: bodyOf(sender, number) };
  }

  /** The server has taken it. */
  confirmed(sender, number) {
    const entry = this.#entry(sender, number);
    if (entry === undefined) return;
    entry.state = 'confirmed';
    this.#settle(sender, number, entry);
  }

  /** The connection was lost first: it may have been taken or not. */
  unsure(sender, number) {
    this.#senders.get(sender).open.delete(number);
  }

  /** It must never come: it was not sent, or in a transaction that was aborted. */
  never(sender, number) {
    const books = this.#senders.get(sender);
    books.open.delete(number);
    books.never.add(number);
    // The oldest ones would have come long ago.
    if (books.never.size > 1000) books.never.delete(books.never.values().next().value);
  }

  /**
   * A message has come. @returns {{ sender: string, number: number } | undefined} whose it is, if it is anybody's
   */
  arrived(body, where) {
    const [head] = body.split(' ', 1);
    const [sender, digits] = head.split('#');
    const number = Number(digits);
    const books = this.#senders.get(sender);
    const isKnown = books !== undefined && number >= 1 && number <= books.last && !books.never.has(number);
    const { foreign, spoilt } = this.#names;
    if (!this.#findings.check(foreign, isKnown, () => `${head.slice(0, 80)} on ${where}`)) return undefined;
    this.#findings.check(
      spoilt,
      body === bodyOf(sender, number),
      () => `${head} on ${where}, ${body.length} characters`,
    );
    return { sender, number };
  }

  /** Somebody has acknowledged it, or it lies where it is kept for good. */
  consumed(sender, number) {
    const entry = this.#entry(sender, number);
    if (entry === undefined) return;
    entry.consumed = true;
    this.#settle(sender, number, entry);
  }

  /** How many have been confirmed and not been consumed. */
  get missing() {
    return [...this.#open()].length;
  }

  /** All consumers have had their time: what is missing now is lost. */
  close(where) {
    for (const { sender, number } of this.#open())
      this.#findings.fail(this.#names.lost, `${sender}#${number} ${where}`);
  }

  *#open() {
    for (const [sender, { open }] of this.#senders)
      for (const [number, { state }] of open) if (state === 'confirmed') yield { sender, number };
  }

  #entry(sender, number) {
    return this.#senders.get(sender).open.get(number);
  }

  #settle(sender, number, { state, consumed }) {
    if (state !== 'confirmed' || !consumed) return;
    this.#senders.get(sender).open.delete(number);
    this.#findings.hold(this.#names.lost);
  }
}

/** Mostly small, now and then large; what it is can be told from who sent it and its number. */
export function bodyOf(sender, number) {
  const length = number % 40 === 7 ? 20_000 + ((number * 131) % 50_000) : (number * 37) % 400;
  return `${sender}#${number} ${'abcdefghijklmnopqrstuvwxyz√0123456789\n'.repeat(Math.ceil(length / 37)).slice(0, length)}`;
}
