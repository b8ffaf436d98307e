// Tells of refused logins: each by itself while they are few, summed up when somebody tries many, so that guessing fills no
// disk. What was wrong is not known here, and no passcode or token ever comes here.

import type { Alarm, Clock } from '@sallyport/core';
import type { Given } from './access.js';
import type { Origin } from './session.js';

/** The least from one line to the next, and from one that sums up to the next, milliseconds. */
const PAUSE = 1000;
const LONG_PAUSE = 10_000;

/** Of how many addresses the refusals are counted, from one line to the next. */
const MOST_ADDRESSES = 1000;

/** Characters of a login that are shown. */
const LONGEST_NAME = 64;

interface Tally {
  count: number;
  /** The last of them, described. */
  last: string;
}

export class RefusedLogins {
  private alarm: Alarm | undefined;
  /** From the last line to the next, milliseconds. */
  private pause = PAUSE;
  private count = 0;
  /** Since the last line, by address. */
  private readonly tallies = new Map<string, Tally>();

  constructor(
    private readonly clock: Clock,
    private readonly log: (level: 'warn', message: string) => void,
  ) {}

  add(origin: Origin, given: Given): void {
    this.count++;
    const tally = this.tallies.get(origin.remoteAddress);
    const last = describe(origin, given);
    if (tally !== undefined) Object.assign(tally, { count: tally.count + 1, last });
    else if (this.tallies.size < MOST_ADDRESSES) this.tallies.set(origin.remoteAddress, { count: 1, last });
    if (this.alarm === undefined) this.tell();
  }

  /** Tells what has not been told yet; nothing is added after that. */
  close(): void {
    this.alarm?.cancel();
    if (this.count > 0) this.say();
  }

  private tell(): void {
    this.alarm = undefined;
    if (this.count === 0) return;
    const pause = this.count === 1 ? PAUSE : LONG_PAUSE;
    this.say();
    this.pause = pause;
    this.alarm = this.clock.after(pause, () => this.tell());
  }

  private say(): void {
    const text = this.text();
    this.count = 0;
    this.tallies.clear();
    try {
      this.log('warn', text);
    } catch {
      // Whoever asked is refused all the same.
    }
  }

  private text(): string {
    const [first, ...others] = [...this.tallies.entries()].sort(([, one], [, other]) => other.count - one.count);
    const [address, { count, last }] = first!;
    if (this.count === 1) return `a login was refused: ${last}, from ${address}`;
    const most = others.length === 0 ? 'all' : `${count} of them`;
    return `${this.count} logins were refused in the last ${this.pause / 1000} s, ${most} from ${address}, at last ${last}`;
  }
}

/** Such as `"ann" by stomp over tcp with TLS`. */
function describe({ protocol, transport, secure }: Origin, { login, token }: Given): string {
  const who =
    login !== undefined ? `"${harmless(login)}"` : token !== undefined ? 'a token' : 'a client without a login';
  const way = protocol === transport ? protocol : `${protocol} over ${transport}`;
  return `${who} by ${way}${secure ? ' with TLS' : ''}`;
}

/** A name that strangers chose: one short line, whatever they put into it. */
function harmless(name: string): string {
  const start = name.slice(0, LONGEST_NAME);
  const shown = start.replace(/[\p{C}\u2028\u2029"]/gu, '\uFFFD');
  return start.length < name.length ? `${shown}…` : shown;
}
