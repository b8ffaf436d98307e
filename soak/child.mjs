// A process of ours that is talked to by messages; what it prints is kept.

import { fork } from 'node:child_process';
import { within } from './waiting.mjs';

/** As much of what it prints is kept, characters. */
const KEPT = 20_000;

export class Child {
  /** What it printed, on both outputs. */
  printed = '';
  /** Resolves with how it ended: a code, or the name of a signal. */
  ended;
  isOver = false;
  #process;
  #takers = new Map();

  /**
   * @param {string} file
   * @param {string[]} args
   * @param {{ execArgv?: string[], env?: Record<string, string> }} [options] Node's own options; and what it has in its
   *   environment beside ours
   */
  constructor(file, args, { execArgv = [], env = {} } = {}) {
    this.#process = fork(file, args, {
      execArgv,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream.setEncoding('utf8').on('data', (text) => (this.printed = (this.printed + text).slice(0, KEPT)));
    this.#process.on('message', (message) => this.#takers.get(message.type)?.(message));
    this.ended = new Promise((resolve) => this.#process.on('close', (code, signal) => resolve(signal ?? code)));
    void this.ended.then(() => (this.isOver = true));
  }

  on(type, take) {
    this.#takers.set(type, take);
  }

  /** The next message of a type; rejects if it ends before, or says nothing in time. */
  next(type, time) {
    const came = new Promise((resolve, reject) => {
      this.on(type, resolve);
      void this.ended.then((how) => reject(new Error(`the process ended (${how}): ${this.printed}`)));
    });
    return within(time, came, `waiting for "${type}"`);
  }

  tell(message) {
    if (this.#process.connected) this.#process.send(message);
  }

  async kill() {
    this.#process.kill('SIGKILL');
    await this.ended;
  }
}
