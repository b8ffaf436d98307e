// The client's side of one STOMP session: a frame in, an effect out. Knows the standard, does no I/O.

import { AuthError, ConnectionError, ProtocolError, type SallyportError } from '../errors.js';
import type { Frame, ServerCommand } from './frame.js';
import {
  agreeHeartBeat,
  type HeartBeatOffer,
  type HeartBeatOptions,
  offerHeartBeat,
  parseHeartBeat,
} from './heart-beat.js';
import { type Version, versions } from './version.js';

export type ClientState = 'connecting' | 'connected' | 'closed';

export type ClientEffect =
  | { type: 'connected'; frame: Frame; agreed: HeartBeatOffer }
  | { type: 'message'; subscription: string; frame: Frame }
  | { type: 'receipt'; id: string; frame: Frame }
  /** One frame was refused; the connection goes on. */
  | { type: 'refused'; error: SallyportError; receipt: string | undefined }
  | { type: 'fail'; error: SallyportError; receipt?: string };

/** As much of the body of an ERROR as goes into a message. */
const LONGEST = 500;

type Step = (session: ClientSession, frame: Frame) => ClientEffect;

const transitions: Record<ClientState, Partial<Record<ServerCommand, Step>>> = {
  connecting: { CONNECTED: connected, ERROR: failed },
  connected: { MESSAGE: message, RECEIPT: receipt, ERROR: failed },
  closed: {},
};

export interface ClientSessionOptions extends HeartBeatOptions {
  /** Which versions were offered. Default all. */
  versions?: readonly Version[] | undefined;
  /** What an ERROR ends: the connection, as the standard has it, or no more than what it is about. Default `connection`. */
  errorEnds?: 'connection' | 'frame' | undefined;
}

export class ClientSession {
  state: ClientState = 'connecting';
  version: Version = '1.0';
  readonly options: ClientSessionOptions;

  constructor(options: ClientSessionOptions) {
    this.options = options;
  }

  receive(frame: Frame): ClientEffect {
    const step = transitions[this.state][frame.command as ServerCommand] ?? unexpected;
    return step(this, frame);
  }
}

function connected(session: ClientSession, frame: Frame): ClientEffect {
  const { options } = session;
  // Without a version it is 1.0 (STOMP 1.1, Protocol Negotiation).
  const chosen = frame.header('version') ?? '1.0';
  const version = (options.versions ?? versions).find((offered) => offered === chosen);
  if (version === undefined)
    return fail(session, new ProtocolError('ERR_STOMP_VERSION', 'the server chose a version that was not offered'));
  session.version = version;
  session.state = 'connected';
  const theirs = parseHeartBeat(frame.header('heart-beat'));
  return { type: 'connected', frame, agreed: agreeHeartBeat(offerHeartBeat(options), theirs, options.leastHeartBeat) };
}

/** Instead of CONNECTED an ERROR refuses us, for good if it is about who we are. */
function failed(session: ClientSession, frame: Frame): ClientEffect {
  const code = frame.header('error-code');
  const text = errorMessage(frame, code === undefined);
  const receipt = frame.header('receipt-id');
  const isConnecting = session.state === 'connecting';
  const isAuth =
    code === 'ERR_FORBIDDEN' ||
    (isConnecting &&
      (code?.startsWith('ERR_AUTH') ?? /auth|login|passcode|password|credential|denied|refused/i.test(text)));
  const error = isAuth ? new AuthError(code ?? 'ERR_AUTH', text) : errorOf(code, text);
  // ActiveMQ says so to who answers somebody that has left meanwhile, and goes on with the connection; so do we.
  const isOne = session.options.errorEnds === 'frame' || text.includes('DestinationDoesNotExist');
  if (!isConnecting && isOne) return { type: 'refused', error, receipt };
  return fail(session, error, receipt);
}

function errorOf(code = 'ERR_STOMP_ERROR', text: string): SallyportError {
  // Nothing is wrong with what we sent: the next connection will do.
  const isOver = code === 'ERR_CLOSING' || code === 'ERR_AUTH_EXPIRED';
  return isOver ? new ConnectionError(code, text) : new ProtocolError(code, text, { by: 'us' });
}

function message(_session: ClientSession, frame: Frame): ClientEffect {
  // STOMP 1.0 servers may leave the subscription out; then the destination is what was subscribed.
  return { type: 'message', subscription: frame.header('subscription') ?? frame.header('destination') ?? '', frame };
}

function receipt(_session: ClientSession, frame: Frame): ClientEffect {
  return { type: 'receipt', id: frame.header('receipt-id') ?? '', frame };
}

function unexpected(session: ClientSession, { command }: Frame): ClientEffect {
  return fail(session, new ProtocolError('ERR_STOMP_COMMAND', `the server sent ${command} while ${session.state}`));
}

function fail(session: ClientSession, error: SallyportError, receipt?: string): ClientEffect {
  session.state = 'closed';
  return { type: 'fail', error, receipt };
}

/** What `message` says, and the first line of the body where that `saysMore`: RabbitMQ and ActiveMQ have the cause there. */
function errorMessage(frame: Frame, saysMore: boolean): string {
  try {
    const message = frame.header('message') ?? '';
    const detail = frame.text.trim().split('\n', 1)[0]!.slice(0, LONGEST);
    if (!saysMore || message.includes(detail)) return message || 'the server sent an ERROR without saying why';
    return message === '' || detail.includes(message) ? detail : `${message}: ${detail}`;
  } catch {
    return 'the server sent an ERROR that is not UTF-8';
  }
}
