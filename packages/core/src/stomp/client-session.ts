// The client's side of one STOMP session: a frame in, an effect out. Knows the standard, does no I/O.

import { AuthError, ProtocolError, type SallyportError } from '../errors.js';
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
  | { type: 'fail'; error: SallyportError; receipt?: string };

type Step = (session: ClientSession, frame: Frame) => ClientEffect;

const transitions: Record<ClientState, Partial<Record<ServerCommand, Step>>> = {
  connecting: { CONNECTED: connected, ERROR: refused },
  connected: { MESSAGE: message, RECEIPT: receipt, ERROR: failed },
  closed: {},
};

export interface ClientSessionOptions extends HeartBeatOptions {
  /** Which versions were offered. Default all. */
  versions?: readonly Version[] | undefined;
}

export class ClientSession {
  state: ClientState = 'connecting';
  version: Version = '1.0';

  constructor(readonly options: ClientSessionOptions) {}

  receive(frame: Frame): ClientEffect {
    const step = transitions[this.state][frame.command as ServerCommand];
    if (step !== undefined) return step(this, frame);
    return fail(
      this,
      new ProtocolError('ERR_STOMP_COMMAND', `the server sent ${frame.command} while the session was ${this.state}`),
    );
  }
}

function connected(session: ClientSession, frame: Frame): ClientEffect {
  // Without a version it is 1.0 (STOMP 1.1, Protocol Negotiation).
  const offered = session.options.versions ?? versions;
  const version = offered.find((known) => known === (frame.header('version') ?? '1.0'));
  if (version === undefined)
    return fail(session, new ProtocolError('ERR_STOMP_VERSION', 'the server chose a version that was not offered'));
  session.version = version;
  session.state = 'connected';
  const { options } = session;
  const agreed = agreeHeartBeat(
    offerHeartBeat(options),
    parseHeartBeat(frame.header('heart-beat')),
    options.leastHeartBeat,
  );
  return { type: 'connected', frame, agreed };
}

/** An ERROR instead of CONNECTED: we are refused, for good if it is about who we are. */
function refused(session: ClientSession, frame: Frame): ClientEffect {
  const message = errorMessage(frame);
  const code = frame.header('error-code');
  const isAuth =
    code === undefined ? /auth|login|passcode|credential|denied|refused/i.test(message) : code.startsWith('ERR_AUTH');
  return fail(
    session,
    isAuth ? new AuthError(code ?? 'ERR_AUTH', message) : new ProtocolError(code ?? 'ERR_STOMP_ERROR', message),
  );
}

function failed(session: ClientSession, frame: Frame): ClientEffect {
  const error = new ProtocolError(frame.header('error-code') ?? 'ERR_STOMP_ERROR', errorMessage(frame), { by: 'us' });
  return fail(session, error, frame.header('receipt-id'));
}

function message(_session: ClientSession, frame: Frame): ClientEffect {
  // STOMP 1.0 servers may leave the subscription out; then the destination is what was subscribed.
  return { type: 'message', subscription: frame.header('subscription') ?? frame.header('destination') ?? '', frame };
}

function receipt(_session: ClientSession, frame: Frame): ClientEffect {
  return { type: 'receipt', id: frame.header('receipt-id') ?? '', frame };
}

function fail(session: ClientSession, error: SallyportError, receiptId?: string): ClientEffect {
  session.state = 'closed';
  return { type: 'fail', error, receipt: receiptId };
}

function errorMessage(frame: Frame): string {
  const message = frame.header('message');
  if (message !== undefined && message !== '') return message;
  try {
    return frame.text.trim() || 'the server sent an ERROR without saying why';
  } catch {
    return 'the server sent an ERROR that is not UTF-8';
  }
}
