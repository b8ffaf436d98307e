// How it is going: on a terminal one line that is written anew each second, else a line now and then.

import { count, mebibytes, milliseconds, minutes } from './numbers.mjs';

/** Between plain lines, seconds. */
const EACH = 10;
const WIDTH = 20;

/** @param {NodeJS.WriteStream} out */
export function makeProgress(out) {
  return out.isTTY ? new LiveLine(out) : new PlainLines(out);
}

class LiveLine {
  #out;

  constructor(out) {
    this.#out = out;
  }

  show(samples) {
    const { at } = samples.list.at(-1);
    const done = Math.min(WIDTH, Math.round((at / samples.duration) * WIDTH));
    const bar = '━'.repeat(done) + '─'.repeat(WIDTH - done);
    const line = `${bar}  ${describe(samples)}`;
    // One that wraps could not be written over.
    this.#out.write(`\r\x1b[2K${line.slice(0, (this.#out.columns ?? 80) - 1)}`);
  }

  end() {
    this.#out.write('\r\x1b[2K');
  }
}

class PlainLines {
  #out;
  #next = EACH;

  constructor(out) {
    this.#out = out;
  }

  show(samples) {
    if (samples.list.at(-1).at < this.#next) return;
    this.#next += EACH;
    this.#out.write(describe(samples) + '\n');
  }

  end() {}
}

function describe({ list, duration }) {
  const { at, rate, ping, rss, connections, cuts, cpu, broken } = list.at(-1);
  const time = at <= duration ? `${minutes(at)} of ${minutes(duration)}` : 'finishing';
  const state = broken.length === 0 ? 'nothing lost' : `${broken.length} checks FAILED, such as “${broken[0]}”`;
  return [
    time,
    state,
    `${count(rate)} messages/s`,
    `ping p50 ${milliseconds(ping.p50)} p99 ${milliseconds(ping.p99)}`,
    `RSS ${mebibytes(rss)}`,
    `CPU ${Math.round(cpu * 100)} %`,
    `${count(cuts)} cuts`,
    `${connections} connections`,
  ].join('  ');
}
