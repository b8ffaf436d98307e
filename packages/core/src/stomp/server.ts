// The spine of the server: for each chunk, for each frame, for each effect. The only file here that awaits I/O on the
// server's side; decoder, session and encoder are called by it and call nobody back.

import type { Broker, Delivery, Message, Subscription } from '../broker/broker.js';
import type { ByteStream } from '../channel.js';
import { type Clock, systemClock } from '../clock.js';
import { ConnectionError, SallyportError, TimeoutError, toError } from '../errors.js';
import type { HeaderList } from '../header-list.js';
import { defaultLimits, type Limits } from '../limits.js';
import { Decoder } from './decoder.js';
import { encodeFrame, type Frame } from './frame.js';
import { HeartBeat, type HeartBeatOffer, silent } from './heart-beat.js';
import { MessageEncoder } from './message-encoder.js';
import { reply, type ServerEffect, ServerSession, type ServerSessionOptions } from './server-session.js';

/** What the broker of a connection may need from it. */
export interface StompServerConnection {
  /** Sends a reply to a temporary queue that was named in a reply-to and never subscribed; its name is the subscription. */
  deliverUnsubscribed(delivery: Delivery): void;
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
  /** Shared by all sessions of a server. */
  messages?: MessageEncoder;
}

/** Speaks STOMP on a connection until it ends. Resolves with the reason if that was not in good order. */
export async function serveStomp(stream: ByteStream, options: StompServerOptions): Promise<Error | undefined> {
  return new StompServer(stream, options).run();
}

class StompServer implements StompServerConnection {
  private readonly session: ServerSession;
  private readonly decoder: Decoder;
  private readonly clock: Clock;
  private readonly messages: MessageEncoder;
  private readonly subscriptions = new Map<string, Subscription>();
  private broker: Broker | undefined;
  private heartBeat: HeartBeat | undefined;
  /** What sending last returned: set while there is no room below. */
  private full: Promise<void> | undefined;
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
    this.decoder = new Decoder({ from: 'client', limits });
    this.clock = options.clock ?? systemClock;
    this.messages = options.messages ?? new MessageEncoder();
  }

  async run(): Promise<Error | undefined> {
    const deadline = this.armConnectDeadline();
    try {
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
      for (const subscription of this.subscriptions.values()) subscription.close();
      await this.broker?.close();
      await this.stream.close(this.failure);
    }
    return this.failure;
  }

  private async readFrames(): Promise<void> {
    for (let frame = this.nextFrame(); frame !== undefined && !this.closed; frame = this.nextFrame()) {
      const pending = this.perform(this.session.receive(frame), 0, frame);
      if (pending !== undefined) await pending;
      // Whoever floods us and does not read our answers waits here; one chunk can ask for the whole history many times.
      if (this.full !== undefined) await this.full;
    }
  }

  private nextFrame(): Frame | undefined {
    try {
      return this.decoder.next();
    } catch (error) {
      this.failWith(error);
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
      case 'send': {
        const message = messageOf(effect.frame);
        const pending = this.options.permit?.('send', message);
        if (pending === undefined) return this.broker!.send(message);
        return pending.then((verdict) => (verdict === 'answered' ? undefined : this.broker!.send(message)));
      }
      case 'subscribe': {
        const { destination, headers } = effect;
        const pending = this.options.permit?.('subscribe', { destination, headers, body: '' });
        return pending === undefined ? this.subscribe(effect) : pending.then(() => this.subscribe(effect));
      }
      case 'unsubscribe':
        this.subscriptions.get(effect.id)?.close();
        this.subscriptions.delete(effect.id);
        return undefined;
      case 'authenticate':
        return this.authenticate(effect.headers);
      case 'beat':
        this.startHeartBeat(effect.agreed);
        return undefined;
      case 'reply':
        // Before CONNECTED the peer does not know the version yet, and unescapes nothing.
        this.write(encodeFrame(effect.frame, this.decoder.version ?? '1.0'));
        return undefined;
      case 'close':
        this.closed = true;
        this.failure ??= effect.reason;
        void this.stream.close();
        return undefined;
    }
  }

  private async authenticate(headers: HeaderList): Promise<void> {
    this.broker = await this.options.authenticate(headers, this);
    if (this.closed) return;
    this.decoder.version = this.session.version;
    await this.perform(this.session.accept(), 0);
  }

  private subscribe(effect: Extract<ServerEffect, { type: 'subscribe' }>): Promise<void> | undefined {
    const version = this.session.version!;
    const prefix = this.messages.prefix(effect.id, version);
    const subscription = this.broker!.subscribe(effect.destination, (delivery) => this.deliver(prefix, delivery), {
      after: effect.headers.get('after'),
      headers: effect.headers,
      onEnd: (reason) => this.failWith(reason),
    });
    this.subscriptions.set(effect.id, subscription);
    if (effect.receipt === undefined) return undefined;
    return subscription.ready.then(() => {
      const receipt = reply('RECEIPT', { 'receipt-id': effect.receipt, cursor: subscription.cursor });
      return this.perform([receipt], 0);
    });
  }

  /** Sends a MESSAGE for a delivery. */
  private deliver(prefix: string, delivery: Delivery): void {
    const frame = this.messages.encode(prefix, delivery, this.session.version!);
    if (typeof frame === 'string') return this.write(frame);
    this.write(frame[0]);
    this.write(frame[1]);
  }

  deliverUnsubscribed(delivery: Delivery): void {
    this.deliver(this.messages.prefix(delivery.destination, this.session.version!), delivery);
  }

  private write(frame: string | Uint8Array): void {
    if (this.closed) return;
    this.heartBeat?.sent();
    const full = this.stream.send(frame);
    if (full === undefined || this.full !== undefined) return;
    this.full = full.then(() => {
      this.full = undefined;
    });
  }

  private startHeartBeat(agreed: HeartBeatOffer): void {
    const on = {
      beat: () => this.write('\n'),
      dead: (silence: number) => this.end(silent(agreed.incoming, silence)),
      isReading: () => this.isReading,
    };
    this.heartBeat = new HeartBeat(this.clock, agreed, on, this.options);
  }

  private armConnectDeadline(): { cancel(): void } {
    const time = this.options.limits?.connectTime ?? defaultLimits.connectTime;
    return this.clock.after(time, () => {
      if (this.session.state === 'connected' || this.closed) return;
      this.failWith(
        new TimeoutError('ERR_CONNECT_TIME', `CONNECT was not complete within ${time} ms (limits.connectTime)`),
      );
    });
  }

  /** Says what is wrong in an ERROR and closes. */
  private failWith(error: unknown, frame?: Frame): void {
    if (this.closed) return;
    this.failure ??=
      error instanceof SallyportError ? error : new ConnectionError('ERR_INTERNAL', 'internal error', { cause: error });
    void this.perform(this.session.fail(error, frame), 0);
  }

  /** Ends without a word: nobody is there. */
  private end(reason: Error): void {
    this.closed = true;
    this.failure ??= reason;
    void this.stream.close(reason);
  }
}

function messageOf({ headers, body }: Frame): Message {
  return { destination: headers.get('destination')!, headers, body, replyTo: headers.get('reply-to') };
}
