// Heart-beats both ways (STOMP 1.1 and 1.2, Heart-beating): what was agreed, when to beat, when the peer is dead.

import type { Alarm, Clock } from '../clock.js';
import { ProtocolError } from '../errors.js';

/** What one side offers, milliseconds; 0 is "cannot" or "need not". */
export interface HeartBeatOffer {
  /** The shortest interval in which we can promise to send something. */
  outgoing: number;
  /** The interval in which we want to hear something. */
  incoming: number;
}

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

const defaultOffer: HeartBeatOffer = { outgoing: 10_000, incoming: 10_000 };

/** The header `heart-beat:<outgoing>,<incoming>`. Nothing shorter is offered than what will be kept. */
export function offerHeartBeat(options: HeartBeatOptions = {}): HeartBeatOffer {
  const { outgoing, incoming } = { ...defaultOffer, ...options.heartBeat };
  const least = options.leastHeartBeat ?? 1000;
  const offer = (interval: number): number => (interval === 0 ? 0 : Math.max(interval, least));
  return { outgoing: offer(outgoing), incoming: offer(incoming) };
}

/** Reads a heart-beat header; without one the peer offers `0,0`. */
export function parseHeartBeat(header: string | undefined): HeartBeatOffer {
  if (header === undefined) return { outgoing: 0, incoming: 0 };
  const match = /^(\d{1,15}),(\d{1,15})$/.exec(header);
  if (match === null)
    throw new ProtocolError(
      'ERR_STOMP_HEART_BEAT',
      'heart-beat must be two numbers of milliseconds, such as 10000,10000',
    );
  return { outgoing: Number(match[1]), incoming: Number(match[2]) };
}

/** What both offers together mean for us: each direction has the larger of the two numbers, and none if either is 0. */
export function agreeHeartBeat(ours: HeartBeatOffer, theirs: HeartBeatOffer, least = 1000): HeartBeatOffer {
  const agree = (sender: number, receiver: number): number =>
    sender === 0 || receiver === 0 ? 0 : Math.max(sender, receiver, least);
  return { outgoing: agree(ours.outgoing, theirs.incoming), incoming: agree(theirs.outgoing, ours.incoming) };
}

/**
 * Keeps both promises of a connection. Traffic only leaves a time stamp; the alarms look at it when they ring, so that
 * a busy connection costs nothing more.
 */
export class HeartBeat {
  private readonly clock: Clock;
  private readonly alarms: { outgoing?: Alarm; incoming?: Alarm } = {};
  private lastSent: number;
  private lastReceived: number;

  constructor(
    clock: Clock,
    agreed: HeartBeatOffer,
    on: { beat: () => void; dead: (silence: number) => void; isReading?: () => boolean },
    options: HeartBeatOptions = {},
  ) {
    this.clock = clock;
    this.lastSent = this.lastReceived = clock.now();
    if (agreed.outgoing > 0) this.keepSending(agreed.outgoing, on.beat);
    const grace = Math.max(agreed.incoming * (options.heartBeatGrace ?? 0.1), options.leastGrace ?? 1000);
    if (agreed.incoming > 0) this.watch(agreed.incoming + grace, on);
  }

  /** Something was sent; any octet counts. */
  sent(): void {
    this.lastSent = this.clock.now();
  }

  /** Something came; any octet counts. */
  received(): void {
    this.lastReceived = this.clock.now();
  }

  stop(): void {
    this.alarms.outgoing?.cancel();
    this.alarms.incoming?.cancel();
  }

  private keepSending(interval: number, beat: () => void): void {
    // A little early, so that the beat is on the wire within the interval.
    const early = interval * 0.9;
    const ring = (): void => {
      const quiet = this.clock.now() - this.lastSent;
      if (quiet >= early) {
        beat();
        this.sent();
      }
      const left = quiet >= early ? early : early - quiet;
      this.alarms.outgoing = this.clock.after(left, ring);
    };
    this.alarms.outgoing = this.clock.after(early, ring);
  }

  private watch(longest: number, on: { dead: (silence: number) => void; isReading?: () => boolean }): void {
    const ring = (): void => {
      // While we ourselves do not read, silence is no sign of death.
      if (on.isReading?.() === false) this.received();
      const silence = this.clock.now() - this.lastReceived;
      if (silence >= longest) on.dead(silence);
      else this.alarms.incoming = this.clock.after(longest - silence, ring);
    };
    this.alarms.incoming = this.clock.after(longest, ring);
  }
}
