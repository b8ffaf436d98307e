// Emits numbered events, so that whoever watches can tell whether one is missing.

/** How often some are emitted, milliseconds. */
const INTERVAL = 50;

/** The names: `soak.tick.a`, … each with numbers of its own. */
export const sources = ['a', 'b', 'c', 'd'];

export class Ticker {
  #server;
  #numbers = new Map(sources.map((source) => [source, 0]));
  #timer;
  #due = 0;

  constructor(server) {
    this.#server = server;
  }

  run(perSecond) {
    this.#timer = setInterval(() => {
      this.#due += (perSecond * INTERVAL) / 1000;
      for (; this.#due >= 1; this.#due--) this.#emit();
    }, INTERVAL);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #emit() {
    const [[source, number]] = this.#numbers;
    // The next turn is another one's.
    this.#numbers.delete(source);
    this.#numbers.set(source, number + 1);
    this.#server.emit(`soak.tick.${source}`, { source, number, at: Date.now(), filling: 'x'.repeat(number % 200) });
  }
}
