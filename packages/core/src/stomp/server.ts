// The spine of the server: for each chunk, for each frame, for each effect. The only file here that awaits I/O on the
// server's side; decoder, session and encoder are called by it and call nobody back.

import type { Broker, Delivery, Message, OnDelivery, SubscribeOptions, Subscription } from '../broker/broker.js';
import type { ByteStream } from '../channel.js';
import { type Clock, systemClock } from '../clock.js';
import { ConnectionError, SallyportError, TimeoutError, toError } from '../errors.js';
import { FairTurn } from '../fair-turn.js';
import type { HeaderList } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import type { ConnectionRoom } from '../room.js';
import { Unfinished } from '../unfinished.js';
import { Acknowledgements, type StompAckMode } from './acknowledgements.js';
import { Decoder } from './decoder.js';
import { encodeFrame, type Frame } from './frame.js';
import { FrameWriter } from './frame-writer.js';
import { HeartBeat, type HeartBeatOffer, silent } from './heart-beat.js';
import { MessageEncoder } from './message-encoder.js';
import { refusedFrame } from './refused-frame.js';
import type { ServerEffect, SubscribeEffect } from './server-effect.js';
import { reply, ServerSession, type ServerSessionOptions } from './server-session.js';
import { ServerSubscriptions } from './server-subscriptions.js';
import { ServerTransactions } from './server-transactions.js';
import { holdUnfinished } from './unfinished-frame.js';
import { escapeOwn } from './version.js';

/** What the broker of a connection may need from it. */
export interface StompServerConnection {
  /** Sends a reply to a temporary queue that was named in a reply-to and never subscribed; its name is the subscription. */
  deliverUnsubscribed(delivery: Delivery): void;
  /** Says in an ERROR why this is the end, and closes. */
  fail(reason: Error): void;
}

export interface StompServerOptions extends ServerSessionOptions {
  /**
   * Decides on CONNECT: returns the broker that this connection uses from now on, or throws; an AuthError's message is
   * told to the peer.
   */
  authenticate(headers: HeaderList, connection: StompServerConnection): Broker | Promise<Broker>;
  /**
   * Asked before each SEND and SUBSCRIBE; throws, or rejects, to refuse. Returns nothing if there is nothing to wait for;
   * with `answered` the message has been dealt with and goes nowhere.
   */
  permit?: (action: 'send' | 'subscribe', message: Message) => Promise<void | 'answered'> | undefined;
  limits?: Partial<Limits> | undefined;
  clock?: Clock | undefined;
  /** When the connection came, by the clock: `limits.connectTime` counts from then. Default: now. */
  opened?: number | undefined;
  /** Shared by all sessions of a server. */
  messages?: MessageEncoder;
  /** Where what the session itself keeps for the client is counted, once it has been let in. */
  quota?: ConnectionRoom | undefined;
  /**
   * Puts an EOL behind each frame, as STOMP allows (1.2, Augmented BNF). Clients of old read one octet beyond the NUL,
   * and lose the next frame when that is not an EOL. Default false.
   */
  eolAfterFrames?: boolean;
  /** What has been read already. */
  begun?: BegunSession | undefined;
}

/** The beginning of a session that somebody else has read, to find out whose it is. */
export interface BegunSession {
  /** With what came behind these frames. */
  decoder: Decoder;
  /** CONNECT first. */
  frames: readonly Frame[];
  /** Whether CONNECT has been answered by CONNECTED: its version, and the heart-beats of the options. */
  isAnswered: boolean;
}

/** Speaks STOMP on a connection until it ends. Resolves with the reason if that was not in good order. */
export async function serveStomp(stream: ByteStream, options: StompServerOptions): Promise<Error | undefined> {
  return new StompServer(stream, options).run();
}

class StompServer implements StompServerConnection {
  private readonly session: ServerSession;
  private readonly decoder: Decoder;
  private readonly clock: Clock;
  private readonly turn: FairTurn;
  private readonly messages: MessageEncoder;
  private readonly writer: FrameWriter;
  private readonly unfinished: Unfinished;
  private readonly subscriptions: ServerSubscriptions;
  private acknowledgements: Acknowledgements | undefined;
  private transactions: ServerTransactions | undefined;
  private broker: Broker | undefined;
  private heartBeat: HeartBeat | undefined;
  private failure: Error | undefined;
  private closed = false;
  /** False while frames are being dealt with, which may have to wait for the broker. */
  private isReading = true;

  constructor(
    private readonly stream: ByteStream,
    private readonly options: StompServerOptions,
  ) {
    const limits = { ...defaultLimits, ...options.limits };
    this.session = new ServerSession(options);
    // Before login nothing has a body (STOMP 1.2, Body), and nothing needs room for one.
    this.decoder = options.begun?.decoder ?? new Decoder({ from: 'client', limits });
    this.clock = options.clock ?? systemClock;
    this.turn = new FairTurn(this.clock);
    this.messages = options.messages ?? new MessageEncoder();
    this.writer = new FrameWriter(stream, {
      eolAfterFrames: options.eolAfterFrames === true,
      isOver: () => this.closed,
      sent: () => this.heartBeat?.sent(),
    });
    this.subscriptions = new ServerSubscriptions(options.quota?.own);
    const onStall = (error: Error): void => this.failWith(error, refusedFrame(this.decoder));
    this.unfinished = new Unfinished({ quota: options.quota, clock: this.clock, limits, what: 'frame', onStall });
  }

  async run(): Promise<Error | undefined> {
    const deadline = this.armConnectDeadline();
    try {
      if (this.options.begun !== undefined) await this.readBegun(this.options.begun);
      for await (const chunk of this.stream) {
        this.heartBeat?.received();
        if (this.closed) continue;
        this.isReading = false;
        this.decoder.push(chunk);
        await this.readFrames();
        this.isReading = true;
      }
    } catch (error) {
      this.failure ??= toError(error);
    } finally {
      deadline.cancel();
      this.heartBeat?.stop();
      await this.leave();
      await this.stream.close(this.failure);
      this.unfinished.stop();
      this.subscriptions.clear();
    }
    return this.failure;
  }

  private async readBegun({ frames }: BegunSession): Promise<void> {
    for (const frame of frames) await this.perform(this.session.receive(frame), 0, frame);
    await this.readFrames();
  }

  private async readFrames(): Promise<void> {
    const { turn } = this;
    turn.begin();
    let frame = this.nextFrame();
    // What it takes from now on is counted by whoever keeps it.
    if (frame !== undefined && this.unfinished.isHeld) this.unfinished.done();
    for (; frame !== undefined && !this.closed; frame = this.nextFrame()) {
      const pending = this.perform(this.session.receive(frame), 0, frame);
      if (pending !== undefined) await pending;
      // Whoever floods us and does not read our answers waits here; one chunk can ask for the whole history many times.
      if (this.writer.full !== undefined) await this.writer.full;
      // A chunk holds a thousand frames, and each of them may go to thousands.
      const others = turn.next();
      if (others !== undefined) await others;
    }
    turn.end();
    this.holdUnfinished();
  }

  /** Counts what is left of a chunk; before login that is bounded by itself. */
  private holdUnfinished(): void {
    if (this.broker === undefined || this.closed) return;
    try {
      holdUnfinished(this.decoder, this.unfinished);
    } catch (error) {
      this.failWith(error, refusedFrame(this.decoder));
    }
  }

  private nextFrame(): Frame | undefined {
    try {
      return this.decoder.next();
    } catch (error) {
      this.failWith(error, refusedFrame(this.decoder));
      return undefined;
    }
  }

  /** Performs effects in order. Synchronous until one has to wait; then the rest follows when it has. */
  private perform(effects: readonly ServerEffect[], from: number, frame?: Frame): Promise<void> | undefined {
    for (let at = from; at < effects.length; at++) {
      let pending: Promise<void> | undefined;
      try {
        pending = this.performOne(effects[at]!);
      } catch (error) {
        this.failWith(error, frame);
        return undefined;
      }
      if (pending !== undefined) {
        return pending.then(
          () => this.perform(effects, at + 1, frame),
          (error: unknown) => this.failWith(error, frame),
        );
      }
    }
    return undefined;
  }

  private performOne(effect: ServerEffect): Promise<void> | undefined {
    switch (effect.type) {
      case 'send':
        return this.permitted('send', messageOf(effect.frame), (message) => this.send(message, effect.transaction));
      case 'subscribe': {
        const { destination, frame } = effect;
        return this.permitted('subscribe', { destination, headers: frame.headers, body: '' }, () =>
          this.subscribe(effect),
        );
      }
      case 'unsubscribe':
        this.subscriptions.close(effect.id);
        this.acknowledgements!.close(effect.id);
        return undefined;
      case 'settle':
        return this.transactions!.settle(effect);
      case 'begin':
        return this.transactions!.begin(effect.transaction);
      case 'commit':
      case 'abort':
        return this.transactions!.end(effect.transaction, effect.type);
      case 'authenticate':
        return this.authenticate(effect.headers);
      case 'beat':
        this.startHeartBeat(effect.agreed);
        return undefined;
      case 'reply':
        // Before CONNECTED the peer does not know the version yet, and unescapes nothing. What is repeated is its own.
        this.writer.frame(encodeFrame(effect.frame, this.decoder.version ?? '1.0', false, escapeOwn));
        return undefined;
      case 'close':
        this.closed = true;
        this.failure ??= effect.reason;
        // At once, not when the peer has closed, too: until then others are to have its messages.
        void this.leave();
        void this.stream.close();
        return undefined;
    }
  }

  /** Asks whether this connection may, and then does it. */
  private permitted(
    action: 'send' | 'subscribe',
    message: Message,
    run: (message: Message) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    const pending = this.options.permit?.(action, message);
    if (pending === undefined) return run(message);
    return pending.then((verdict) => (verdict === 'answered' || this.closed ? undefined : run(message)));
  }

  private send(message: Message, transaction: string | undefined): Promise<void> | undefined {
    return transaction === undefined ? this.broker!.send(message) : this.transactions!.send(transaction, message);
  }

  private async authenticate(headers: HeaderList): Promise<void> {
    this.writer.cutMessages(headers.get('longest-message'));
    this.broker = await this.options.authenticate(headers, this);
    if (this.closed) return;
    this.decoder.version = this.session.version;
    this.acknowledgements = new Acknowledgements(this.session.version!);
    this.transactions = new ServerTransactions(this.broker, this.acknowledgements, this.options.quota?.own);
    await this.perform(this.session.accept(), this.options.begun?.isAnswered === true ? 1 : 0);
  }

  private subscribe(effect: SubscribeEffect): Promise<void> | undefined {
    const { id, destination, ack, prefetch, frame } = effect;
    const options: SubscribeOptions = {
      ack: ack === 'auto' ? 'auto' : 'client-individual',
      prefetch,
      after: frame.header('after'),
      headers: frame.headers,
      onEnd: this.fail,
    };
    const make = (): Subscription => this.broker!.subscribe(destination, this.deliverer(id, ack), options);
    const subscription = this.subscriptions.open(id, make);
    const receipt = frame.header('receipt');
    return receipt === undefined ? undefined : this.confirm(subscription, receipt);
  }

  private async confirm(subscription: Subscription, receipt: string): Promise<void> {
    await subscription.ready;
    await this.perform([reply('RECEIPT', { 'receipt-id': receipt, cursor: subscription.cursor })], 0);
  }

  /** What sends a subscription's MESSAGEs, and remembers those that are to be acknowledged. */
  private deliverer(id: string, ack: StompAckMode): OnDelivery {
    const version = this.session.version!;
    const prefix = this.messages.prefix(id, version);
    if (ack === 'auto') return (delivery) => this.deliver(prefix, delivery);
    const unsettled = this.acknowledgements!.open(id, ack);
    return (delivery) => {
      const own = unsettled.add(delivery);
      return this.deliver(own === undefined ? prefix : `${prefix}ack:${own}\n`, delivery);
    };
  }

  /** Gives back what this connection holds: its subscriptions, what it has not acknowledged, its open transactions. */
  private async leave(): Promise<void> {
    const closed = this.broker?.close();
    // After its subscriptions: what a transaction holds must not come back to them.
    this.transactions?.close();
    await closed;
  }

  /** Sends a MESSAGE for a delivery; returns a promise while there is no room for more. */
  private deliver(prefix: string, delivery: Delivery): Promise<void> | undefined {
    this.writer.frame(this.messages.encode(prefix, delivery, this.session.version!));
    return this.writer.full;
  }

  deliverUnsubscribed(delivery: Delivery): void {
    void this.deliver(this.messages.prefix(delivery.destination, this.session.version!), delivery);
  }

  private startHeartBeat(agreed: HeartBeatOffer): void {
    const on = {
      beat: () => this.writer.beat(),
      dead: (silence: number) => this.end(silent(agreed.incoming, silence)),
      isReading: () => this.isReading,
      heardAt: () => this.stream.heardAt,
    };
    this.heartBeat = new HeartBeat(this.clock, agreed, on, this.options);
  }

  private armConnectDeadline(): { cancel(): void } {
    const time = this.options.limits?.connectTime ?? defaultLimits.connectTime;
    const now = this.clock.now();
    return this.clock.after((this.options.opened ?? now) + time - now, () => {
      if (this.session.state === 'connected' || this.closed) return;
      this.failWith(
        new TimeoutError('ERR_CONNECT_TIME', `CONNECT was not complete within ${time} ms (limits.connectTime)`),
      );
    });
  }

  /** Outlasts what is around it in `subscribe`, which must not be kept with each subscription. */
  readonly fail = (reason: Error): void => this.failWith(reason);

  /** Says what is wrong in an ERROR and closes. */
  private failWith(error: unknown, frame?: Pick<Frame, 'headers'>): void {
    if (this.closed) return;
    this.failure ??=
      error instanceof SallyportError ? error : new ConnectionError('ERR_INTERNAL', 'internal error', { cause: error });
    void this.perform(this.session.fail(error, frame), 0);
  }

  /** Ends without a word: nobody is there. */
  private end(reason: Error): void {
    this.closed = true;
    this.failure ??= reason;
    void this.leave();
    void this.stream.close(reason);
  }
}

function messageOf({ headers, body }: Frame): Message {
  return { destination: headers.get('destination')!, headers, body, replyTo: headers.get('reply-to') };
}
