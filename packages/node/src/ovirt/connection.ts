// A connection to a port where both dialects are spoken, from its first frame to its end. Once it is clear that a client
// is one of the ordinary dialect, the connection is handed over as it stands.

import { type Clock, FairTurn, HeaderList, ProtocolError, type ByteStream, toError, Unfinished } from '@sallyport/core';
import type { Caller, Dispatcher } from '@sallyport/core/jsonrpc';
import {
  Decoder,
  encodeHeaders,
  type Frame,
  HeartBeat,
  type HeartBeatOffer,
  holdUnfinished,
  serveStomp,
  silent,
  type StompServerConnection,
  type StompServerOptions,
} from '@sallyport/core/stomp';
import type { ServerLimits } from '../limits.js';
import type { OvirtNames } from './names.js';
import { Outbox } from './outbox.js';
import { OvirtSession } from './session.js';
import { guessSpeaker, isEngines, isOrdinary, isVdsmFrame, offersMore, type Speaker } from './speaker.js';
import type { OvirtSubscriptions } from './subscriptions.js';

export interface OvirtConnectionOptions {
  /** For a client of the ordinary dialect. */
  stomp: StompServerOptions;
  names: OvirtNames;
  subscriptions: OvirtSubscriptions;
  dispatcher: Dispatcher;
  caller: Caller;
  permit: (action: 'send' | 'subscribe', destination: string) => Promise<unknown> | undefined;
  /** Whether it may do without CONNECT: who it is is known by its certificate, or nobody is asked. */
  needsNoConnect: boolean;
  /** Whether TLS is spoken. */
  secure: boolean;
  clock: Clock;
  limits: ServerLimits;
}

/** Beats more often than this are asked for by nobody in earnest, milliseconds; engine's client halves what it asks for. */
const LEAST_BEAT = 1000;

/** Longer ones cannot be told from never, milliseconds; with its grace a timer still takes it. */
const LONGEST_BEAT = 1_000_000_000;

/** Clients are late by up to a second, and those of the ordinary dialect have their grace, too. */
const grace = { heartBeatGrace: 0.5, leastGrace: 2500 };

/** Serves a connection until it ends; resolves with the reason if that was not in good order. */
export function serveBothDialects(stream: ByteStream, options: OvirtConnectionOptions): Promise<Error | undefined> {
  return new OvirtConnection(stream, options).run();
}

class OvirtConnection implements StompServerConnection {
  private readonly decoder: Decoder;
  private readonly outbox: Outbox;
  private readonly session: OvirtSession;
  private readonly turn: FairTurn;
  private readonly unfinished: Unfinished;
  private heartBeat: HeartBeat | undefined;
  /** The CONNECT that may have been an ordinary client's. */
  private greeted: { connect: Frame; agreed: HeartBeatOffer } | undefined;
  private speaker: Speaker | undefined;
  /** The frame that is left to an ordinary session. */
  private unread: Frame | undefined;
  /** Why a CONNECT was refused that may be an ordinary client's. */
  private refusal: Error | undefined;
  private isSure = false;
  private isAdmitted = false;
  private isReading = true;
  private failure: Error | undefined;
  private closed = false;

  constructor(
    private readonly stream: ByteStream,
    private readonly options: OvirtConnectionOptions,
  ) {
    const { clock, secure, limits, dispatcher, caller } = options;
    this.decoder = new Decoder({ from: 'client', limits });
    // Else nothing has a body before it is known who it is.
    if (options.needsNoConnect) this.decoder.version = '1.2';
    this.turn = new FairTurn(clock);
    const onStall = (error: Error): void => this.fail(error);
    this.unfinished = new Unfinished({ quota: caller.quota, clock, limits, what: 'frame', onStall });
    this.outbox = new Outbox(stream, {
      clock,
      secure,
      isBusy: () => caller.running.size > 0 || this.decoder.held > 0,
      sent: () => this.heartBeat?.sent(),
    });
    const { names, subscriptions, permit } = options;
    const close = (): void => this.end();
    this.session = new OvirtSession({
      names,
      subscriptions,
      outbox: this.outbox,
      dispatcher,
      caller,
      limits,
      permit,
      close,
    });
  }

  async run(): Promise<Error | undefined> {
    const { clock, limits, stomp } = this.options;
    const { opened = clock.now() } = stomp;
    const left = opened + limits.connectTime - clock.now();
    const deadline = clock.after(left, () => this.isAdmitted || this.end());
    const chunks = this.stream[Symbol.asyncIterator]();
    try {
      for (let chunk = await chunks.next(); chunk.done !== true; chunk = await chunks.next()) {
        this.heartBeat?.received();
        if (this.closed) continue;
        this.isReading = false;
        this.decoder.push(chunk.value);
        await this.readFrames();
        if (this.speaker === 'ordinary') {
          deadline.cancel();
          return await this.handOver(chunks);
        }
        this.isReading = true;
      }
    } catch (error) {
      this.failure ??= toError(error);
    } finally {
      deadline.cancel();
      this.leave();
    }
    await this.stream.close(this.failure);
    this.unfinished.stop();
    return this.failure;
  }

  /** Says nothing: what is written instead of an ERROR would be taken for a failed call by some. */
  fail(reason: Error): void {
    this.failure ??= reason;
    this.end();
  }

  deliverUnsubscribed(): void {}

  /** Until nothing more is there, or it is known to be an ordinary client's. */
  private async readFrames(): Promise<void> {
    const { turn } = this;
    turn.begin();
    let frame = this.nextFrame();
    if (frame !== undefined && this.unfinished.isHeld) this.unfinished.done();
    for (; frame !== undefined && !this.closed; frame = this.nextFrame()) {
      if (!this.isSure) this.recognize(frame);
      if (this.speaker === 'ordinary') return void (this.unread = frame);
      if (this.outbox.isTerse) this.outbox.isTerse = isEngines(frame);
      const pending = this.receive(frame);
      if (pending !== undefined) await pending;
      if (this.refusal !== undefined) return;
      if (this.outbox.room !== undefined) await this.outbox.room;
      const others = turn.next();
      if (others !== undefined) await others;
    }
    turn.end();
    this.holdUnfinished();
  }

  /** Counts what is left of a chunk; before login that is bounded by itself, unless a frame may do without. */
  private holdUnfinished(): void {
    if (this.closed || this.speaker === 'ordinary' || !(this.isAdmitted || this.options.needsNoConnect)) return;
    try {
      holdUnfinished(this.decoder, this.unfinished);
    } catch (error) {
      this.fail(toError(error));
    }
  }

  private nextFrame(): Frame | undefined {
    try {
      return this.decoder.next();
    } catch (error) {
      // vdsm closes without a word; an ordinary client is to hear which rule it broke.
      if (this.mayBeOrdinary()) this.speaker = 'ordinary';
      else this.fail(toError(error));
      return undefined;
    }
  }

  /** Whether what was refused may be an ordinary client's. */
  private mayBeOrdinary(): boolean {
    if (this.speaker === undefined) return !isVdsmFrame(this.decoder.begun);
    return !this.isSure && this.greeted !== undefined && offersMore(this.greeted.connect);
  }

  private recognize(frame: Frame): void {
    if (this.greeted === undefined) {
      const guess = guessSpeaker(frame);
      this.speaker = guess.speaker;
      this.isSure = guess.isSure;
    } else {
      if (isOrdinary(frame, this.greeted.connect)) this.speaker = 'ordinary';
      this.isSure = frame.command !== 'CONNECT';
    }
    if (this.speaker === 'java') this.outbox.spare();
  }

  private receive(frame: Frame): Promise<void> | undefined {
    if (frame.command === 'CONNECT') return this.connect(frame);
    if (this.isAdmitted) return this.session.receive(frame);
    if (!this.options.needsNoConnect) {
      this.fail(new ProtocolError('ERR_STOMP_NOT_CONNECTED', `${frame.command} may not come before CONNECT`));
      return undefined;
    }
    return this.admit(frame.headers).then(() => this.session.receive(frame));
  }

  /** Answers what it is asked for by what it asks for, as vdsm does; that is within STOMP's rules, too. */
  private async connect(frame: Frame): Promise<void> {
    if (!this.isAdmitted) await this.admit(frame.headers).catch((error: unknown) => this.refuse(frame, error));
    if (this.closed || this.refusal !== undefined) return;
    const [outgoing, incoming] = intervals(frame.header('heart-beat'));
    // What they send is what comes in here, and the other way round.
    const agreed = { outgoing: clamped(incoming), incoming: clamped(outgoing) };
    this.greeted ??= { connect: frame, agreed };
    const { sessionId: session, server } = this.options.stomp;
    const headers = { version: '1.2', 'heart-beat': `${agreed.outgoing},${agreed.incoming}`, server, session };
    this.outbox.write(`CONNECTED\n${encodeHeaders(HeaderList.of(headers), '1.0')}content-length:0\n\n\0`);
    this.beat(agreed, incoming);
  }

  private async admit(headers: HeaderList): Promise<void> {
    await this.options.stomp.authenticate(headers, this);
    this.isAdmitted = true;
    this.decoder.version = '1.2';
  }

  /** Who may be an ordinary client hears of it in an ERROR, as from a session of that dialect. */
  private refuse(connect: Frame, reason: unknown): void {
    if (this.isSure) throw reason;
    this.refusal = toError(reason);
    this.unread = connect;
    this.speaker = 'ordinary';
  }

  /** Never sooner than asked: engine's client keeps the beats until a frame comes, and drops the connection over too many. */
  private beat(agreed: HeartBeatOffer, asked: number): void {
    this.heartBeat?.stop();
    // Where it is asked for more often than it will be done, the other side may have no patience beyond what it asked for.
    const beatShare = asked < agreed.outgoing ? 0.9 : 1;
    const on = {
      beat: () => this.outbox.beat(),
      dead: (silence: number) => {
        this.failure ??= silent(agreed.incoming, silence);
        this.closed = true;
        void this.stream.close(this.failure);
      },
      isReading: () => this.isReading,
      heardAt: () => this.stream.heardAt,
    };
    this.heartBeat = new HeartBeat(this.options.clock, agreed, on, { ...grace, beatShare });
  }

  private handOver(chunks: AsyncIterator<Uint8Array>): Promise<Error | undefined> {
    const { greeted, stream, unread, refusal } = this;
    this.outbox.flush();
    this.leave();
    this.unfinished.stop();
    stream.apart = false;
    const rest: ByteStream = {
      send: (item) => stream.send(item),
      close: (reason) => stream.close(reason),
      get heardAt() {
        return stream.heardAt;
      },
      [Symbol.asyncIterator]: () => chunks,
    };
    if (greeted === undefined) this.decoder.version = undefined;
    const frames = [greeted?.connect, unread].filter((frame) => frame !== undefined);
    const begun = { decoder: this.decoder, frames, isAnswered: greeted !== undefined };
    const { stomp } = this.options;
    const heartBeat = greeted?.agreed ?? stomp.heartBeat;
    const authenticate = refusal === undefined ? stomp.authenticate : () => Promise.reject(refusal);
    return serveStomp(rest, { ...stomp, authenticate, ...(heartBeat && { heartBeat }), begun });
  }

  private end(): void {
    this.closed = true;
    this.outbox.flush();
    this.leave();
    void this.stream.close();
  }

  private leave(): void {
    this.heartBeat?.stop();
    this.outbox.stop();
    this.session.leave();
  }
}

/** Both numbers of a heart-beat header, each read for itself; what is none counts as 0. */
function intervals(header = ''): [number, number] {
  const [outgoing, incoming] = header.split(',').map((digits) => (/^\d+$/.test(digits.trim()) ? Number(digits) : 0));
  return [outgoing ?? 0, incoming ?? 0];
}

function clamped(interval: number): number {
  return interval === 0 ? 0 : Math.min(Math.max(interval, LEAST_BEAT), LONGEST_BEAT);
}
