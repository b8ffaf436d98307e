// One connection of a client, from CONNECT to its end. What comes back after that is the reconnecting broker's matter.

import type { ByteStream } from '../channel.js';
import { type Alarm, type Clock, systemClock } from '../clock.js';
import { ConnectionError, type SallyportError, TimeoutError, toError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import type { Body } from '../text.js';
import { ClientSession } from './client-session.js';
import { Decoder } from './decoder.js';
import { type ClientCommand, encodeBody, encodeFrame, encodeHeaders, Frame } from './frame.js';
import { HeartBeat, type HeartBeatOffer, type HeartBeatOptions, offerHeartBeat } from './heart-beat.js';
import { type Version, versions } from './version.js';

export interface StompConnectOptions extends HeartBeatOptions {
  /** The virtual host to connect to; the name the server was dialled by. */
  host: string;
  /** Which versions to offer. Default all. */
  versions?: readonly Version[];
  /** More headers for CONNECT, such as login and passcode. */
  headers?: HeaderRecord;
  limits?: Partial<Limits>;
  clock?: Clock;
}

export interface StompConnectionEvents {
  /** A MESSAGE for one of the subscriptions. */
  onMessage(subscription: string, frame: Frame): void;
  /** An ERROR, before the connection ends: what it was about, if it was about a frame with a receipt. */
  onError?(error: SallyportError, receipt: string | undefined): void;
}

/** Connects; resolves when the server has answered. Rejects with AuthError if it refuses us. */
export function connectStomp(
  stream: ByteStream,
  events: StompConnectionEvents,
  options: StompConnectOptions,
): Promise<StompConnection> {
  const connection = new StompConnection(stream, events, options);
  return connection.open();
}

export class StompConnection {
  /** Resolves when the connection has ended; with the reason, unless it was closed from this side. */
  readonly ended: Promise<Error | undefined>;
  /** What the server calls itself in CONNECTED. */
  server: string | undefined;
  private readonly session: ClientSession;
  private readonly decoder: Decoder;
  private readonly clock: Clock;
  private readonly receipts = new Map<string, (frame: Frame | undefined) => void>();
  private heartBeat: HeartBeat | undefined;
  private opened:
    { resolve: (connection: StompConnection) => void; reject: (error: Error) => void; deadline: Alarm } | undefined;
  private lastSent: { destination: string; headers: HeaderList; replyTo: string | undefined; head: string } | undefined;
  private failure: Error | undefined;
  private closing = false;
  private lastReceipt = 0;

  constructor(
    private readonly stream: ByteStream,
    private readonly events: StompConnectionEvents,
    private readonly options: StompConnectOptions,
  ) {
    this.session = new ClientSession(options);
    this.decoder = new Decoder({ from: 'server', limits: options.limits });
    this.clock = options.clock ?? systemClock;
    this.ended = this.run();
  }

  get version(): Version {
    return this.session.version;
  }

  open(): Promise<StompConnection> {
    const time = this.options.limits?.connectTime ?? defaultLimits.connectTime;
    return new Promise((resolve, reject) => {
      const deadline = this.clock.after(time, () =>
        this.cut(
          new TimeoutError(
            'ERR_CONNECT_TIME',
            `the server did not answer CONNECT within ${time} ms (limits.connectTime)`,
          ),
        ),
      );
      this.opened = { resolve, reject, deadline };
      void this.frame('CONNECT', this.connectHeaders());
    });
  }

  /** Sends a frame. Returns nothing while there is room below, else a promise for room. */
  frame(command: ClientCommand, headers: Record<string, string | undefined>, body?: Body): Promise<void> | undefined {
    return this.write(encodeFrame(new Frame(command, HeaderList.of(headers), body), this.version));
  }

  /** Sends a message. Calls have the same headers again and again, so their lines are kept. */
  send(destination: string, headers: HeaderList, body: Body, replyTo: string | undefined): Promise<void> | undefined {
    const last = this.lastSent;
    if (last?.destination === destination && last.headers === headers && last.replyTo === replyTo) {
      return this.write(encodeBody(last.head, body));
    }
    const own = HeaderList.of({ destination, 'reply-to': replyTo });
    const head = 'SEND\n' + encodeHeaders(own, this.version) + encodeHeaders(headers, this.version);
    this.lastSent = { destination, headers, replyTo, head };
    return this.write(encodeBody(head, body));
  }

  /** Sends a frame and resolves with its RECEIPT; rejects if the connection ends first. */
  confirmed(command: ClientCommand, headers: Record<string, string | undefined>, body?: Body): Promise<Frame> {
    const { receipt, confirmation } = this.expectReceipt();
    void this.frame(command, { ...headers, receipt }, body)?.catch(() => {});
    return confirmation;
  }

  /** A receipt id to ask for, and the promise of its RECEIPT. */
  expectReceipt(): { receipt: string; confirmation: Promise<Frame> } {
    const receipt = `r${++this.lastReceipt}`;
    const confirmation = new Promise<Frame>((resolve, reject) => {
      if (this.isOver()) reject(this.lost());
      else this.receipts.set(receipt, (frame) => (frame === undefined ? reject(this.lost()) : resolve(frame)));
    });
    return { receipt, confirmation };
  }

  /** Leaves in good order: DISCONNECT, its RECEIPT, then the end (STOMP 1.2, DISCONNECT). At most `grace` ms. */
  async disconnect(grace = 1000): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    const alarm = this.clock.after(grace, () => void this.stream.close());
    if (this.session.state === 'connected') await this.confirmed('DISCONNECT', {}).catch(() => {});
    alarm.cancel();
    await this.stream.close();
    await this.ended;
  }

  /** Ends at once, as if the network had. */
  cut(reason: Error): void {
    this.failure ??= reason;
    void this.stream.close(reason);
  }

  private connectHeaders(): Record<string, string | undefined> {
    const { host, headers } = this.options;
    const ours = offerHeartBeat(this.options);
    const accepted = [...(this.options.versions ?? versions)].sort().join(',');
    return { 'accept-version': accepted, host, 'heart-beat': `${ours.outgoing},${ours.incoming}`, ...headers };
  }

  private async run(): Promise<Error | undefined> {
    // The constructor is done before anything can come.
    await Promise.resolve();
    try {
      for await (const chunk of this.stream) {
        this.heartBeat?.received();
        this.readFrames(chunk);
      }
    } catch (error) {
      this.failure ??= toError(error);
      void this.stream.close(this.failure);
    }
    return this.finish();
  }

  private readFrames(chunk: Uint8Array): void {
    // What follows an ERROR is not looked at.
    if (this.isOver()) return;
    this.decoder.push(chunk);
    for (let frame = this.decoder.next(); frame !== undefined; frame = this.decoder.next()) {
      this.receive(frame);
      if (this.isOver()) return;
    }
  }

  private isOver(): boolean {
    return this.session.state === 'closed';
  }

  private finish(): Error | undefined {
    this.session.state = 'closed';
    this.heartBeat?.stop();
    if (!this.closing) this.failure ??= this.lost();
    this.opened?.deadline.cancel();
    this.opened?.reject(this.failure ?? this.lost());
    for (const settle of this.receipts.values()) settle(undefined);
    this.receipts.clear();
    void this.stream.close(this.failure);
    return this.failure;
  }

  private receive(frame: Frame): void {
    const effect = this.session.receive(frame);
    switch (effect.type) {
      case 'message':
        return this.events.onMessage(effect.subscription, effect.frame);
      case 'receipt':
        this.receipts.get(effect.id)?.(effect.frame);
        this.receipts.delete(effect.id);
        return;
      case 'connected':
        return this.start(effect.frame, effect.agreed);
      case 'fail':
        this.failure ??= effect.error;
        this.events.onError?.(effect.error, effect.receipt);
        void this.stream.close(effect.error);
    }
  }

  private start(frame: Frame, agreed: HeartBeatOffer): void {
    this.decoder.version = this.session.version;
    this.server = frame.header('server');
    const dead = (silence: number): void =>
      this.cut(
        new TimeoutError(
          'ERR_HEART_BEAT',
          `the server promised a beat every ${agreed.incoming} ms and was silent for ${Math.round(silence)} ms`,
        ),
      );
    this.heartBeat = new HeartBeat(this.clock, agreed, { beat: () => void this.write('\n'), dead }, this.options);
    this.opened?.deadline.cancel();
    this.opened?.resolve(this);
    this.opened = undefined;
  }

  private write(frame: string | Uint8Array): Promise<void> | undefined {
    this.heartBeat?.sent();
    return this.stream.send(frame);
  }

  private lost(): Error {
    return this.failure ?? new ConnectionError('ERR_CONNECTION_LOST', 'the connection ended');
  }
}
