// One connection of a client, from CONNECT to its end. What comes back after that is the reconnecting broker's matter.

import type { ByteStream } from '../channel.js';
import { type Alarm, type Clock, systemClock } from '../clock.js';
import { Deferred } from '../deferred.js';
import { ConnectionError, ProtocolError, type Sent, TimeoutError, toError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';
import { defaultLimits, type Limits, receivedLimits } from '../limits.js';
import type { Body } from '../text.js';
import { ClientSession } from './client-session.js';
import { Decoder } from './decoder.js';
import { type ClientCommand, encodeBody, encodeFrame, encodeHeaders, Frame } from './frame.js';
import { type BeatOptions, HeartBeat, type HeartBeatOffer, offerHeartBeat, silent } from './heart-beat.js';
import { checkDestination, type ServerKind, serverKind, spellExpiration } from './server-kind.js';
import { type Version, versions } from './version.js';

/** How one connection is begun. */
export interface StompConnectOptions extends BeatOptions {
  /** The virtual host to connect to; the name the server was dialled by. Undefined for a server that does not ask. */
  host: string | undefined;
  /** Which versions to offer. Default all. */
  versions?: readonly Version[];
  /** What an ERROR ends: the connection, as the standard has it, or no more than what it is about. Default `connection`. */
  errorEnds?: 'connection' | 'frame';
  /** More headers for CONNECT, such as login and passcode. */
  headers?: HeaderRecord;
  /** The bounds of this side; see `defaultLimits`. */
  limits?: Partial<Limits>;
  /** Where time comes from. Default: the machine's. */
  clock?: Clock;
}

export interface StompConnectionEvents {
  /** A MESSAGE for one of the subscriptions. */
  onMessage(subscription: string, frame: Frame): void;
  /** An ERROR after which the connection goes on, and that names no receipt somebody waits for. */
  onRefused?(error: Error): void;
}

/** A page hears of a WebSocket message when all of it is here, so large frames are to come in parts of this many octets. */
const LONGEST_MESSAGE = '65536';

type Headers = Record<string, string | undefined>;

/** Connects; resolves when the server has answered. Rejects with AuthError if it refuses us. */
export function connectStomp(
  stream: ByteStream,
  events: StompConnectionEvents,
  options: StompConnectOptions,
): Promise<StompConnection> {
  return new StompConnection(stream, events, options).open();
}

/** One connection of a client, from CONNECT to its end. */
export class StompConnection {
  /** Resolves when the connection has ended; with the reason, unless it was closed from this side. */
  readonly ended: Promise<Error | undefined>;
  /** What kind of server it is, as far as it says so in CONNECTED. */
  kind: ServerKind = 'sallyport';
  /** Whether it says that it is one of ours, so that its grammar of destinations is known. */
  #isOurs = false;
  readonly #stream: ByteStream;
  readonly #events: StompConnectionEvents;
  readonly #options: StompConnectOptions;
  readonly #clock: Clock;
  readonly #session: ClientSession;
  readonly #decoder: Decoder;
  readonly #opened = new Deferred<StompConnection>();
  readonly #receipts = new Map<string, Deferred<Frame>>();
  /** Receipts of the SUBSCRIBEs that nothing else was sent before. */
  readonly #opening: string[] = [];
  #isOpening = true;
  #lastName = 0;
  #lastSent: { destination: string; headers: HeaderList; replyTo: string | undefined; head: string } | undefined;
  #deadline: Alarm | undefined;
  #heartBeat: HeartBeat | undefined;
  #failure: Error | undefined;
  #closing = false;

  constructor(stream: ByteStream, events: StompConnectionEvents, options: StompConnectOptions) {
    this.#stream = stream;
    this.#events = events;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#session = new ClientSession(options);
    this.#decoder = new Decoder({ from: 'server', limits: receivedLimits({ ...defaultLimits, ...options.limits }) });
    this.ended = this.#run();
  }

  get version(): Version {
    return this.#session.version;
  }

  open(): Promise<StompConnection> {
    const { host, headers, limits, versions: offered = versions } = this.#options;
    const { connectTime } = { ...defaultLimits, ...limits };
    const { outgoing, incoming } = offerHeartBeat(this.#options);
    const late = `the server did not answer CONNECT within ${connectTime} ms (limits.connectTime)`;
    this.#deadline = this.#clock.after(connectTime, () => this.cut(new TimeoutError('ERR_CONNECT_TIME', late)));
    void this.frame('CONNECT', {
      'accept-version': [...offered].sort().join(),
      host,
      'heart-beat': `${outgoing},${incoming}`,
      'longest-message': this.#stream.longestMessage === undefined ? undefined : LONGEST_MESSAGE,
      ...headers,
    });
    return this.#opened.promise;
  }

  /**
   * Sends a frame. Returns nothing while there is room below, else a promise for room. Throws for a destination that the
   * server is known to refuse.
   */
  frame(command: ClientCommand, headers: Headers, body?: Body): Promise<void> | undefined {
    const list = HeaderList.of(headers);
    if (command === 'SEND' || command === 'SUBSCRIBE') this.#check(list, command);
    this.#isOpening &&= command === 'CONNECT' || command === 'SUBSCRIBE';
    const spelt = command === 'SEND' ? spellExpiration(this.kind, list) : list;
    return this.#write(encodeFrame(new Frame(command, spelt, body), this.version, command !== 'CONNECT'));
  }

  /** Sends a message. Calls have the same headers again and again, so their lines are kept. */
  send(destination: string, headers: HeaderList, body: Body, replyTo: string | undefined): Promise<void> | undefined {
    this.#isOpening = false;
    let last = this.#lastSent;
    if (
      last === undefined ||
      last.destination !== destination ||
      last.headers !== headers ||
      last.replyTo !== replyTo
    ) {
      const own = HeaderList.of({ destination, 'reply-to': replyTo });
      this.#check(own, 'SEND');
      const spelt = spellExpiration(this.kind, headers);
      const head = 'SEND\n' + encodeHeaders(own, this.version, true) + encodeHeaders(spelt, this.version, true);
      last = { destination, headers, replyTo, head };
      // What says until when it is of use is not for the next message.
      if (spelt === headers) this.#lastSent = last;
    }
    return this.#write(encodeBody(last.head, body));
  }

  /** ACK or NACK of a MESSAGE, which each version names in its own way (STOMP 1.2, ACK; 1.1 and 1.0, ACK). */
  settle(command: 'ACK' | 'NACK', message: HeaderList, transaction?: string): void {
    if (command === 'NACK' && this.version === '1.0')
      throw new ProtocolError('ERR_STOMP_COMMAND', 'STOMP 1.0 has no NACK; it takes 1.1 or 1.2 (option versions)', {
        by: 'us',
      });
    const names =
      this.version === '1.2'
        ? { id: message.get('ack') ?? message.get('message-id') }
        : { 'message-id': message.get('message-id'), subscription: message.get('subscription') };
    if (!this.#isOver) void this.frame(command, { ...names, transaction });
  }

  /** A name that nothing else on this connection has. */
  nextName(prefix: string): string {
    return `${prefix}${++this.#lastName}`;
  }

  /**
   * Sends a frame and resolves with its RECEIPT. Rejects with the server's error if an ERROR names the receipt, with a
   * ConnectionError if the connection ends first.
   */
  async confirmed(command: ClientCommand, headers: Headers, body?: Body): Promise<Frame> {
    const confirmation = new Deferred<Frame>();
    if (this.#isOver) confirmation.reject(this.#lost('no'));
    else {
      const receipt = this.nextName('r');
      // First, because it may throw; then nothing is to wait for a receipt.
      void this.frame(command, { ...headers, receipt }, body);
      this.#receipts.set(receipt, confirmation);
      if (this.#isOpening) this.#opening.push(receipt);
    }
    return confirmation.promise;
  }

  /** Leaves in good order: DISCONNECT, its RECEIPT, then the end (STOMP 1.2, DISCONNECT). At most `grace` ms. */
  async disconnect(grace = 1000): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const alarm = this.#clock.after(grace, () => void this.#stream.close());
    if (this.#session.state === 'connected') await this.confirmed('DISCONNECT', {}).catch(() => {});
    alarm.cancel();
    await this.#stream.close();
    await this.ended;
  }

  /** Ends at once, as if the network had. */
  cut(reason: Error): void {
    this.#failure ??= reason;
    void this.#stream.close(reason);
  }

  /** Our own server ends the connection for a wrong one, and with it all that is under way. Others have some of their own. */
  #check(headers: HeaderList, command: 'SEND' | 'SUBSCRIBE'): void {
    const destination = headers.get('destination');
    if (typeof destination !== 'string') throw new TypeError('destination must be a string such as /queue/work');
    if (this.#isOurs) checkDestination(destination, command === 'SEND' ? 'refused' : 'allowed');
  }

  get #isOver(): boolean {
    return this.#session.state === 'closed';
  }

  async #run(): Promise<Error | undefined> {
    // The constructor is done before anything can come.
    await Promise.resolve();
    try {
      for await (const chunk of this.#stream) {
        this.#heartBeat?.received();
        this.#readFrames(chunk);
      }
    } catch (error) {
      this.#failure ??= toError(error);
    }
    return this.#finish();
  }

  #readFrames(chunk: Uint8Array): void {
    // What follows an ERROR is not looked at.
    if (this.#isOver) return;
    this.#decoder.push(chunk);
    for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
      this.#receive(frame);
      if (this.#isOver) return;
    }
  }

  #receive(frame: Frame): void {
    const effect = this.#session.receive(frame);
    switch (effect.type) {
      case 'message':
        return this.#events.onMessage(effect.subscription, frame);
      case 'receipt':
        return this.#takeReceipt(effect.id)?.resolve(frame);
      case 'connected':
        return this.#start(frame, effect.agreed);
      case 'refused':
        return this.#refuse(effect.receipt, effect.error);
      case 'fail':
        this.#takeReceipt(effect.receipt ?? this.#suspect())?.reject(effect.error);
        this.cut(effect.error);
    }
  }

  /**
   * RabbitMQ's ERRORs name no receipt. Among the SUBSCRIBEs at a connection's beginning it is the first that has no
   * RECEIPT yet, for those are dealt with one after another. Ours name it, unless they are about the connection.
   */
  #suspect(): string | undefined {
    if (this.kind === 'sallyport') return undefined;
    return this.#opening.find((receipt) => this.#receipts.has(receipt));
  }

  #refuse(receipt: string | undefined, error: Error): void {
    const confirmation = this.#takeReceipt(receipt);
    if (confirmation === undefined) this.#events.onRefused?.(error);
    else confirmation.reject(error);
  }

  #takeReceipt(id = ''): Deferred<Frame> | undefined {
    const confirmation = this.#receipts.get(id);
    this.#receipts.delete(id);
    return confirmation;
  }

  #start(frame: Frame, agreed: HeartBeatOffer): void {
    this.#decoder.version = this.version;
    const name = frame.header('server');
    this.kind = serverKind(name);
    // Where an ERROR is not the end oVirt's dialect is spoken, whose destinations are others, even by a server of ours.
    const { errorEnds } = this.#options;
    this.#isOurs = name !== undefined && this.kind === 'sallyport' && errorEnds !== 'frame';
    const on = {
      beat: () => void this.#write('\n'),
      dead: (silence: number) => this.cut(silent(agreed.incoming, silence)),
      heardAt: () => this.#stream.heardAt,
    };
    // ActiveMQ looks once in each interval whether it has sent anything since: it is silent for up to two of them.
    const incoming = agreed.incoming * (this.kind === 'activemq' ? 2 : 1);
    this.#heartBeat = new HeartBeat(this.#clock, { ...agreed, incoming }, on, this.#options);
    this.#deadline?.cancel();
    this.#opened.resolve(this);
  }

  #write(frame: string | Uint8Array): Promise<void> | undefined {
    this.#heartBeat?.sent();
    return this.#stream.send(frame);
  }

  #finish(): Error | undefined {
    this.#session.state = 'closed';
    this.#heartBeat?.stop();
    this.#deadline?.cancel();
    if (!this.#closing) this.#failure ??= this.#lost();
    // A promise that has been resolved stays so.
    this.#opened.reject(this.#failure ?? this.#lost());
    for (const confirmation of this.#receipts.values()) confirmation.reject(this.#lost('maybe'));
    void this.#stream.close(this.#failure);
    return this.#failure;
  }

  #lost(sent?: Sent): ConnectionError {
    const cause = this.#failure;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    return new ConnectionError('ERR_CONNECTION_LOST', 'the connection ended' + why, { sent, cause });
  }
}
