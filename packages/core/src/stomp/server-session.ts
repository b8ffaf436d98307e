// The server's side of one STOMP session: a frame in, effects out. Knows the standard, does no I/O.
//
// Everything that changes is in `state`, `subscriptions` and `transactions`. What a command means in a state is the table below; what
// is not in the table breaks the protocol.

import { LimitError, ProtocolError, SallyportError, toError } from '../errors.js';
import { HeaderList } from '../header-list.js';
import { defaultLimits, limitError, type Limits } from '../limits.js';
import { detachText } from '../text.js';
import { ackModes, type StompAckMode } from './acknowledgements.js';
import type { ClientCommand } from './frame.js';
import { Frame } from './frame.js';
import {
  agreeHeartBeat,
  type HeartBeatOffer,
  type HeartBeatOptions,
  offerHeartBeat,
  parseHeartBeat,
} from './heart-beat.js';
import type { ServerEffect } from './server-effect.js';
import { negotiateVersion, type Version, versions, withoutPadding } from './version.js';

export type ServerState = 'connecting' | 'authenticating' | 'connected' | 'closed';

type Step = (session: ServerSession, frame: Frame) => ServerEffect[];

const transitions: Record<ServerState, Partial<Record<ClientCommand, Step>>> = {
  connecting: { CONNECT: connect, STOMP: connect },
  // Frames that follow CONNECT in one piece wait until it has been decided.
  authenticating: {},
  connected: {
    SEND: send,
    SUBSCRIBE: subscribe,
    UNSUBSCRIBE: unsubscribe,
    DISCONNECT: disconnect,
    ACK: settle,
    NACK: settle,
    BEGIN: begin,
    COMMIT: end,
    ABORT: end,
  },
  closed: {},
};

export interface ServerSessionOptions extends HeartBeatOptions {
  /** Sent as `session` in CONNECTED. */
  sessionId: string;
  /** Sent as `server` in CONNECTED. */
  server?: string;
  limits?: Partial<Pick<Limits, 'transactions'>> | undefined;
}

export class ServerSession {
  state: ServerState = 'connecting';
  version: Version | undefined;
  /** Destinations by the ids in use; those of STOMP 1.0 clients that give none are their destinations. */
  readonly subscriptions = new Map<string, string>();
  /** Open ones. */
  readonly transactions = new Set<string>();
  private theirHeartBeat: HeartBeatOffer = { outgoing: 0, incoming: 0 };

  constructor(readonly options: ServerSessionOptions) {}

  /** Takes a frame. Throws nothing: what breaks the protocol becomes an ERROR and a close. */
  receive(frame: Frame): ServerEffect[] {
    const step = transitions[this.state][frame.command as ClientCommand];
    if (step === undefined) return this.fail(unexpected(this.state, frame), frame);
    try {
      return step(this, frame);
    } catch (error) {
      return this.fail(error, frame);
    }
  }

  /** Authentication succeeded. */
  accept(): ServerEffect[] {
    this.state = 'connected';
    const { options, version } = this;
    const ours = offerHeartBeat(options);
    const headers: Record<string, string | undefined> = { version, server: options.server, session: options.sessionId };
    if (version !== '1.0') headers['heart-beat'] = `${ours.outgoing},${ours.incoming}`;
    const agreed =
      version === '1.0'
        ? { outgoing: 0, incoming: 0 }
        : agreeHeartBeat(ours, this.theirHeartBeat, options.leastHeartBeat);
    return [reply('CONNECTED', headers), { type: 'beat', agreed }];
  }

  /** Something went wrong: one ERROR that says what, then the end (STOMP 1.2, ERROR). */
  fail(error: unknown, frame?: Pick<Frame, 'headers'>): ServerEffect[] {
    if (this.state === 'closed') return [];
    // Before login nothing is repeated of what came.
    const receipt = this.state === 'connected' ? frame?.headers.get('receipt') : undefined;
    const known = error instanceof SallyportError;
    const message = known ? error.message : 'internal error';
    const headers = {
      message: this.state === 'connected' ? message : unescaped(message),
      'error-code': known ? String(error.code) : 'ERR_INTERNAL',
      'receipt-id': receipt,
      'content-type': 'text/plain',
    };
    return this.end(headers, message + '\n', toError(error));
  }

  end(headers: Record<string, string | undefined>, body: string, reason: Error): ServerEffect[] {
    this.state = 'closed';
    return [
      { type: 'reply', frame: new Frame('ERROR', HeaderList.of(headers), body) },
      { type: 'close', reason },
    ];
  }

  offered(headers: HeaderList): void {
    this.theirHeartBeat = this.version === '1.0' ? this.theirHeartBeat : parseHeartBeat(headers.get('heart-beat'));
  }
}

function connect(session: ServerSession, frame: Frame): ServerEffect[] {
  const accepts = frame.header('accept-version');
  const version = negotiateVersion(accepts);
  if (version === undefined) {
    // STOMP 1.2, Protocol Negotiation: the ERROR lists what we speak.
    const list = [...versions].reverse().join(',');
    const reason = new ProtocolError('ERR_STOMP_VERSION', `supported versions are ${list}`);
    const headers = {
      version: list,
      message: reason.message,
      'error-code': String(reason.code),
      'content-type': 'text/plain',
    };
    return session.end(headers, `Supported protocol versions are ${list}\n`, reason);
  }
  session.version = version;
  session.offered(frame.headers);
  session.state = 'authenticating';
  // STOMP 1.0 pads values with spaces in its own examples, such as `login: <username>`.
  const headers = version === '1.0' ? new HeaderList(frame.headers.pairs.map(withoutPadding)) : frame.headers;
  return [{ type: 'authenticate', headers }];
}

function send(session: ServerSession, frame: Frame): ServerEffect[] {
  required(frame, 'destination');
  return withReceipt(frame, { type: 'send', frame, transaction: transactionOf(session, frame) });
}

function subscribe(session: ServerSession, frame: Frame): ServerEffect[] {
  const destination = required(frame, 'destination');
  const id = subscriptionId(session, frame, destination);
  if (session.subscriptions.has(id)) {
    throw new ProtocolError(
      'ERR_STOMP_SUBSCRIPTION',
      'SUBSCRIBE: this connection already has a subscription with that id',
    );
  }
  const ack = (frame.header('ack') ?? 'auto') as StompAckMode;
  if (!ackModes.includes(ack))
    throw new ProtocolError('ERR_STOMP_ACK', `SUBSCRIBE: ack must be one of ${ackModes.join(', ')}`);
  const prefetch = prefetchOf(frame);
  session.subscriptions.set(id, detachText(destination));
  return [{ type: 'subscribe', id, destination, ack, prefetch, frame }];
}

/** As RabbitMQ has it: how many messages may wait for their ACK. */
function prefetchOf(frame: Frame): number | undefined {
  const header = frame.header('prefetch-count');
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) || undefined;
  throw new ProtocolError(
    'ERR_STOMP_HEADER',
    'SUBSCRIBE: prefetch-count must be a number of messages; 0 asks for as many as there may be (limits.prefetch)',
  );
}

function unsubscribe(session: ServerSession, frame: Frame): ServerEffect[] {
  const ids = subscriptionsToEnd(session, frame).filter((id) => session.subscriptions.delete(id));
  if (ids.length === 0) {
    throw new ProtocolError('ERR_STOMP_SUBSCRIPTION', 'UNSUBSCRIBE: this connection has no subscription with that id');
  }
  return withReceipt(frame, ...ids.map((id) => ({ type: 'unsubscribe' as const, id })));
}

/** STOMP 1.0 lets a client name the destination, whatever ids its subscriptions have. */
function subscriptionsToEnd(session: ServerSession, frame: Frame): string[] {
  const destination = frame.header('destination');
  const id = subscriptionId(session, frame, destination);
  if (frame.header('id') !== undefined) return [id];
  return [...session.subscriptions].flatMap(([one, its]) => (its === destination ? [one] : []));
}

function disconnect(session: ServerSession, frame: Frame): ServerEffect[] {
  session.state = 'closed';
  return withReceipt(frame).concat({ type: 'close' });
}

/** ACK and NACK name a message as their version does (STOMP 1.0, ACK; 1.1 and 1.2, ACK and NACK). */
function settle(session: ServerSession, frame: Frame): ServerEffect[] {
  const { version } = session;
  if (frame.command === 'NACK' && version === '1.0')
    throw new ProtocolError('ERR_STOMP_COMMAND', 'NACK came with STOMP 1.1; this connection speaks 1.0');
  required(frame, version === '1.2' ? 'id' : 'message-id');
  // An id may be empty.
  if (version === '1.1' && frame.header('subscription') === undefined) throw missing(frame, 'subscription');
  const how = frame.command === 'ACK' ? 'ack' : 'nack';
  return withReceipt(frame, {
    type: 'settle',
    how,
    headers: frame.headers,
    transaction: transactionOf(session, frame),
  });
}

function begin(session: ServerSession, frame: Frame): ServerEffect[] {
  const transaction = detachText(required(frame, 'transaction'));
  const { transactions } = session;
  if (transactions.has(transaction)) throw wrongTransaction(frame, 'is open already');
  const most = session.options.limits?.transactions ?? defaultLimits.transactions;
  if (transactions.size >= most) throw limitError('transactions', most, 'open transactions');
  transactions.add(transaction);
  return withReceipt(frame, { type: 'begin', transaction });
}

function end(session: ServerSession, frame: Frame): ServerEffect[] {
  const transaction = required(frame, 'transaction');
  if (!session.transactions.delete(transaction)) throw wrongTransaction(frame, 'has not begun');
  return withReceipt(frame, { type: frame.command === 'COMMIT' ? 'commit' : 'abort', transaction });
}

function transactionOf(session: ServerSession, frame: Frame): string | undefined {
  const transaction = frame.header('transaction');
  if (transaction !== undefined && !session.transactions.has(transaction))
    throw wrongTransaction(frame, 'has not begun');
  return transaction;
}

function wrongTransaction({ command }: Frame, what: string): ProtocolError {
  return new ProtocolError('ERR_STOMP_TRANSACTION', `${command}: a transaction of that name ${what}`);
}

/** Before CONNECTED nobody knows whether headers are escaped: then nothing is there that would have to be. */
function unescaped(message: string): string {
  return message.replace(/ *[:\\\r\n]+ */g, ', ');
}

function subscriptionId(session: ServerSession, frame: Frame, destination: string | undefined): string {
  const id = frame.header('id');
  // It is kept as long as the subscription, and must not keep alive all that came with it.
  if (id !== undefined) return detachText(id);
  // The id became mandatory with 1.1 (STOMP 1.1, SUBSCRIBE).
  if (session.version === '1.0' && destination !== undefined) return detachText(destination);
  throw missing(frame, 'id');
}

function required(frame: Frame, name: string): string {
  const value = frame.header(name);
  if (value === undefined || value === '') throw missing(frame, name);
  return value;
}

function missing(frame: Frame, name: string): ProtocolError {
  return new ProtocolError('ERR_STOMP_HEADER_MISSING', `${frame.command} must have the header ${name}`);
}

/** A RECEIPT follows what the frame asked for (STOMP 1.2, Header receipt). */
function withReceipt(frame: Frame, ...effects: ServerEffect[]): ServerEffect[] {
  const receipt = frame.header('receipt');
  if (receipt !== undefined) effects.push(reply('RECEIPT', { 'receipt-id': receipt }));
  return effects;
}

/** The effect of sending a frame without a body. */
export function reply(command: 'RECEIPT' | 'CONNECTED', headers: Record<string, string | undefined>): ServerEffect {
  return { type: 'reply', frame: new Frame(command, HeaderList.of(headers)) };
}

function unexpected(state: ServerState, frame: Frame): ProtocolError | LimitError {
  if (state === 'connecting')
    return new ProtocolError(
      'ERR_STOMP_NOT_CONNECTED',
      `the first frame must be CONNECT or STOMP, not ${frame.command}`,
    );
  return new ProtocolError('ERR_STOMP_COMMAND', `${frame.command} is not allowed now: the session is ${state}`);
}
