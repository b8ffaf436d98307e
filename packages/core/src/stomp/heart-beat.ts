// Heart-beats both ways (STOMP 1.1 and 1.2, Heart-beating): what was agreed, when to beat, when the peer is dead.

import type { Alarm, Clock } from '../clock.js';
import { ProtocolError, TimeoutError } from '../errors.js';

/** What one side offers, milliseconds; 0 is "cannot" or "need not". */
export interface HeartBeatOffer {
  /** The shortest interval in which we can promise to send something. */
  outgoing: number;
  /** The interval in which we want to hear something. */
  incoming: number;
}

/** Heart-beats, and how late they may be. */
export interface HeartBeatOptions {
  /** What we offer. Default 10 000 and 10 000. */
  heartBeat?: Partial<HeartBeatOffer>;
  /** How much later than agreed a beat may come, as a share of the interval. Default 0.1; never under {@link leastGrace}. */
  heartBeatGrace?: number;
  /** The least grace, milliseconds. Default 1000: networks and timers are late by absolute amounts, too. */
  leastGrace?: number;
  /** The shortest interval either side may ask for, milliseconds. Default 1000: `0,1` must not mean 1000 beats a second. */
  leastHeartBeat?: number;
}

/** The same, and when we beat ourselves. */
export interface BeatOptions extends HeartBeatOptions {
  /** When we beat, as a share of the interval that we promised. Default 0.9: the beat is on the wire within it. */
  beatShare?: number;
}

/** What holds unless it is said otherwise. */
export const heartBeatDefaults = { leastHeartBeat: 1000, heartBeatGrace: 0.1, leastGrace: 1000 } as const;

const defaultOffer: HeartBeatOffer = { outgoing: 10_000, incoming: 10_000 };

/** The header `heart-beat:<outgoing>,<incoming>`. Nothing shorter is offered than what will be kept. */
export function offerHeartBeat(options: HeartBeatOptions = {}): HeartBeatOffer {
  const { outgoing, incoming } = { ...defaultOffer, ...options.heartBeat };
  const least = options.leastHeartBeat ?? heartBeatDefaults.leastHeartBeat;
  const offer = (interval: number): number => (interval === 0 ? 0 : Math.max(interval, least));
  return { outgoing: offer(outgoing), incoming: offer(incoming) };
}

/** Reads a heart-beat header; without one the peer offers `0,0`. */
export function parseHeartBeat(header: string | undefined): HeartBeatOffer {
  if (header === undefined) return { outgoing: 0, incoming: 0 };
  const match = /^(\d+),(\d+)$/.exec(header);
  if (match === null)
    throw new ProtocolError(
      'ERR_STOMP_HEART_BEAT',
      'heart-beat must be two numbers of milliseconds, such as 10000,10000',
    );
  // However large, it is a number; beyond this it cannot be told from never.
  const interval = (digits: string): number => Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
  return { outgoing: interval(match[1]!), incoming: interval(match[2]!) };
}

/** What both offers together mean for us: each direction has the larger of the two numbers, and none if either is 0. */
export function agreeHeartBeat(
  ours: HeartBeatOffer,
  theirs: HeartBeatOffer,
  least: number = heartBeatDefaults.leastHeartBeat,
): HeartBeatOffer {
  const agree = (sender: number, receiver: number): number =>
    sender === 0 || receiver === 0 ? 0 : Math.max(sender, receiver, least);
  return { outgoing: agree(ours.outgoing, theirs.incoming), incoming: agree(theirs.outgoing, ours.incoming) };
}

interface Events {
  beat(): void;
  dead(silence: number): void;
  isReading?(): boolean;
  /** When octets last came that are not a chunk yet. */
  heardAt?(): number | undefined;
}

/** The error for a peer that broke its promise. */
export function silent(promised: number, silence: number): TimeoutError {
  const text = `the peer promised a beat every ${promised} ms and was silent for ${Math.round(silence)} ms`;
  return new TimeoutError('ERR_HEART_BEAT', text);
}

/**
 * Keeps both promises of a connection. Traffic only leaves a time stamp; the alarms look at it when they ring, so that
 * a busy connection costs nothing more.
 */
export class HeartBeat {
  readonly #clock: Clock;
  #outgoing: Alarm | undefined;
  #incoming: Alarm | undefined;
  #lastSent: number;
  #lastReceived: number;

  constructor(clock: Clock, agreed: HeartBeatOffer, on: Events, options: BeatOptions = {}) {
    this.#clock = clock;
    this.#lastSent = this.#lastReceived = clock.now();
    const { outgoing, incoming } = agreed;
    const { beatShare = 0.9, heartBeatGrace, leastGrace } = { ...heartBeatDefaults, ...options };
    if (outgoing > 0) this.#keepSending(outgoing * beatShare, on);
    const grace = Math.max(incoming * heartBeatGrace, leastGrace);
    if (incoming > 0) this.#watch(incoming + grace, on);
  }

  /** Something was sent; any octet counts. */
  sent(): void {
    this.#lastSent = this.#clock.now();
  }

  /** Something came; any octet counts. */
  received(): void {
    this.#lastReceived = this.#clock.now();
  }

  stop(): void {
    this.#outgoing?.cancel();
    this.#incoming?.cancel();
  }

  #keepSending(interval: number, on: Events): void {
    let left = this.#lastSent + interval - this.#clock.now();
    if (left <= 0) {
      on.beat();
      this.sent();
      left = interval;
    }
    this.#outgoing = this.#clock.after(left, () => this.#keepSending(interval, on));
  }

  #watch(longest: number, on: Events): void {
    // While we ourselves do not read, silence is no sign of death.
    if (on.isReading?.() === false) this.received();
    const silence = this.#clock.now() - Math.max(this.#lastReceived, on.heardAt?.() ?? -Infinity);
    if (silence >= longest) on.dead(silence);
    else this.#incoming = this.#clock.after(longest - silence, () => this.#watch(longest, on));
  }
}
