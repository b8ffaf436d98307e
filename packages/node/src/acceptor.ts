// The guarded gate: looks at the first bytes of a connection, decides once what it speaks, puts them back, and hands it
// over once. Whoever says nothing, or nothing we know, is closed; no parser sees a byte before the decision.

import type { Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type Alarm, type Clock, systemClock } from '@sallyport/core';
import { Admission, type AdmissionLimits, type Ticket } from './admission.js';
import { detect, type Detector, detectors, detectTls, type Protocol } from './detectors.js';
import type { TlsGate } from './tls.js';

/** A connection whose protocol is known and whose bytes are untouched. */
export interface Accepted {
  socket: Socket | TLSSocket;
  protocol: Protocol;
  /** Whether it came through TLS. */
  secure: boolean;
  /** The client's address; IPv4 ones are written the IPv4 way. */
  remoteAddress: string;
  /** The client's certificate, if it was asked for one and ours has been signed by `ca`. */
  peerCertificate?: PeerCertificate;
  /** The protocol that the client named in the TLS handshake. */
  alpn?: string;
  /** To be called when the client has authenticated; until then it counts against `unauthenticated`. */
  authenticated(): void;
}

export interface AcceptorOptions extends Partial<AdmissionLimits> {
  /** Who takes over, by protocol. A protocol without a handler is not recognized. */
  handlers: Readonly<Partial<Record<Protocol, (accepted: Accepted) => void>>>;
  /** Where TLS connections are secured. Without it they are closed. */
  gate?: TlsGate;
  /** With a gate: whether plain connections are closed. Default `'required'`. */
  tls?: 'required' | 'optional';
  /** How long the first bytes may take, from accept or from the end of the TLS handshake, milliseconds. Default 5000. */
  sniffTime?: number;
  /** How long a TLS handshake may take, milliseconds. Default 10 000. */
  handshakeTime?: number;
  clock?: Clock;
  /** Told once of each kind of rejection. */
  log?: (level: 'info' | 'warn', message: string) => void;
}

/** Why a connection was not handed over. */
export type Rejection = keyof AdmissionLimits | keyof typeof reasons;

/** How many connections ended up where. One over TLS counts twice: as `tls`, and as what was inside. */
export type Outcomes = Record<Protocol | 'tls' | Rejection, number>;

const reasons = {
  ended: 'a client closed its connection before it said anything',
  timeout: 'a client did not say in time what it speaks (option `sniffTime`)',
  unknown: 'a client spoke none of the protocols served here',
  noTls: 'a client spoke TLS, but there is no certificate (option `tls`)',
  plain: 'a client spoke plain text where TLS is required (option `tls`)',
  alpn: 'a client spoke another protocol than the one it had named in the TLS handshake',
  handshake: 'a TLS handshake failed',
  handshakeTimeout: 'a TLS handshake was not finished in time (option `handshakeTime`)',
} as const;

/** Clients that leave are no reason to worry. */
const quiet: ReadonlySet<Rejection> = new Set(['ended']);

type Asked = Readonly<Partial<Record<Protocol | 'tls', Detector>>>;

export class Acceptor {
  /** Counts since the start. */
  readonly outcomes: Outcomes = noOutcomes();
  private readonly admission: Admission;
  private readonly clock: Clock;
  private readonly served: Asked;
  private readonly undecided = new Set<Socket>();
  private readonly logged = new Set<Rejection>();
  private closed = false;

  constructor(private readonly options: AcceptorOptions) {
    this.admission = new Admission(present(options));
    this.clock = options.clock ?? systemClock;
    const names = Object.keys(options.handlers) as Protocol[];
    this.served = Object.fromEntries(names.map((name) => [name, detectors[name]]));
  }

  /** How many connections are open, handed over or not, and how many of them have not authenticated. */
  get counts(): { connections: number; unauthenticated: number } {
    return this.admission.counts;
  }

  /** Takes a connection fresh from a net.Server; nobody may have read from it. */
  accept(raw: Socket): void {
    // Kept for good: it costs nothing, and an error without a listener would end the process.
    raw.on('error', ignore);
    // A client may end its side right after its request, and still wants the answer; Node would end ours as well.
    raw.allowHalfOpen = true;
    if (this.closed) return void raw.destroy();
    const address = plainAddress(raw.remoteAddress);
    const full = this.admission.full(address);
    if (full !== undefined) return this.reject(raw, full);
    const ticket = this.admission.enter(address);
    this.undecided.add(raw);
    raw.once('close', () => {
      ticket.leave();
      this.undecided.delete(raw);
    });
    this.sniff(raw, { tls: detectTls, ...this.served }, (found) => this.decidePlain(raw, found, ticket));
  }

  /** Closes what is undecided, at once, and everything that is still to come. Handed-over connections stay. */
  close(): void {
    this.closed = true;
    for (const socket of this.undecided) socket.destroy();
  }

  /** Reads until the detectors are sure, puts the bytes back and says what they are. */
  private sniff(socket: Socket, asked: Asked, decide: (found: Protocol | 'tls' | undefined) => void): void {
    let head: Buffer | undefined;
    const look = (): void => {
      const chunk = socket.read() as Buffer | null;
      if (chunk === null) return;
      head = head === undefined ? chunk : Buffer.concat([head, chunk]);
      const found = detect(head, asked);
      if (found === 'more') return;
      stop();
      socket.unshift(head);
      decide(found);
    };
    const ended = (): void => {
      stop();
      this.reject(socket, 'ended');
    };
    const stop = (): void => {
      alarm.cancel();
      socket.off('readable', look).off('end', ended).off('close', ended);
    };
    // Absolute: dribbling does not move it.
    const alarm = this.clock.after(this.options.sniffTime ?? 5000, () => {
      stop();
      this.reject(socket, 'timeout');
    });
    socket.on('readable', look).on('end', ended).on('close', ended);
  }

  private decidePlain(raw: Socket, found: Protocol | 'tls' | undefined, ticket: Ticket): void {
    const { gate, tls = 'required' } = this.options;
    if (found === undefined) return this.reject(raw, 'unknown');
    if (found === 'tls') return gate === undefined ? this.reject(raw, 'noTls') : this.secure(raw, gate, ticket);
    if (gate !== undefined && tls === 'required') return this.reject(raw, 'plain');
    this.handOver(raw, raw, found, ticket);
  }

  private secure(raw: Socket, gate: TlsGate, ticket: Ticket): void {
    this.outcomes.tls++;
    const alarm = this.deadline(raw);
    gate.secure(raw, (secured) => {
      alarm.cancel();
      secured.on('error', ignore);
      const alpn = secured.alpnProtocol || undefined;
      // What was agreed on overrules what the bytes look like: else one protocol's client could be led to another (ALPACA).
      this.sniff(secured, this.agreed(alpn), (found) => {
        if (found === undefined || found === 'tls')
          return this.reject(secured, alpn === undefined ? 'unknown' : 'alpn');
        this.handOver(raw, secured, found, ticket, alpn);
      });
    });
  }

  /** Watches a handshake until it is cancelled: the connection must not end before, nor last too long. */
  private deadline(raw: Socket): Alarm {
    let why: Rejection = 'handshake';
    const late = this.clock.after(this.options.handshakeTime ?? 10_000, () => {
      why = 'handshakeTimeout';
      raw.destroy();
    });
    const cancel = (): void => {
      late.cancel();
      raw.off('close', failed);
    };
    const failed = (): void => {
      cancel();
      this.reject(raw, why);
    };
    raw.once('close', failed);
    return { cancel };
  }

  private agreed(alpn: string | undefined): Asked {
    if (alpn === undefined) return this.served;
    const name: Protocol = alpn === 'stomp' ? 'stomp' : 'http';
    return { [name]: this.served[name] };
  }

  private handOver(raw: Socket, socket: Socket, protocol: Protocol, ticket: Ticket, alpn?: string): void {
    this.undecided.delete(raw);
    this.outcomes[protocol]++;
    this.options.handlers[protocol]!({
      socket,
      protocol,
      secure: socket !== raw,
      remoteAddress: plainAddress(raw.remoteAddress),
      peerCertificate: certificateOf(socket),
      alpn,
      authenticated: ticket.authenticated,
    });
  }

  private reject(socket: Socket, why: Rejection): void {
    socket.destroy();
    if (this.closed) return;
    this.outcomes[why]++;
    if (quiet.has(why) || this.logged.has(why)) return;
    this.logged.add(why);
    const text = why in reasons ? reasons[why as keyof typeof reasons] : this.fullText(why as keyof AdmissionLimits);
    this.options.log?.('warn', `${text}; further ones are counted, not logged`);
  }

  private fullText(limit: keyof AdmissionLimits): string {
    return `a connection was refused: there are ${this.admission.limit(limit)} already (option \`${limit}\`)`;
  }
}

/** The certificate if it has been verified; Node gives the unverified one as well, and an empty one for none. */
function certificateOf(socket: Socket | TLSSocket): PeerCertificate | undefined {
  return 'getPeerCertificate' in socket && socket.authorized ? socket.getPeerCertificate() : undefined;
}

/** An IPv4 client of a socket that listens on IPv6 too is `::ffff:10.0.0.1`. */
function plainAddress(address: string | undefined): string {
  return address?.startsWith('::ffff:') ? address.slice(7) : (address ?? 'unknown');
}

function present({
  connections,
  connectionsPerAddress,
  unauthenticated,
}: Partial<AdmissionLimits>): Partial<AdmissionLimits> {
  const given = { connections, connectionsPerAddress, unauthenticated };
  return Object.fromEntries(Object.entries(given).filter(([, limit]) => limit !== undefined));
}

function noOutcomes(): Outcomes {
  const names = [...Object.keys(detectors), 'tls', 'connections', 'connectionsPerAddress', 'unauthenticated'];
  return Object.fromEntries([...names, ...Object.keys(reasons)].map((name) => [name, 0])) as Outcomes;
}

function ignore(): void {}
