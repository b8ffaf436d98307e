// The guarded gate: who may come in at all, which connections there are, and what became of them. Each finds its own way
// through it by passage.ts; no parser sees a byte before it is known what a connection speaks.

import type { BlockList, Socket } from 'node:net';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { type Clock, systemClock } from '@sallyport/core';
import { Admission } from './admission.js';
import { makeDetectors, type Protocol } from './detectors.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { ignore, Passage, type PassageTerms } from './passage.js';
import { isProxy, proxyList } from './proxy-protocol.js';
import { describeRejection, noOutcomes, type Outcomes, type Rejection } from './rejections.js';
import type { TlsGate, TlsGateOptions } from './tls.js';

/** A connection whose protocol is known and whose bytes are untouched. */
export interface Accepted {
  socket: Socket | TLSSocket;
  protocol: Protocol;
  /** Whether it came through TLS. */
  secure: boolean;
  /** The client's address, as a trusted proxy says if there is one; IPv4 ones are written the IPv4 way. */
  remoteAddress: string;
  /** The client's certificate, if it was asked for one and ours has been signed by `ca`. */
  peerCertificate?: PeerCertificate;
  /** The option `tls.ca` that the client's certificate was verified by. */
  ca?: TlsGateOptions['ca'];
  /** The server that the client named in the TLS handshake (SNI). */
  servername?: string;
  /** The protocol that the client named in the TLS handshake. */
  alpn?: string;
  /** When it was accepted, or its TLS handshake was over, by the clock: its first deadline counts from then. */
  opened: number;
  /** To be called when the client has authenticated; until then it counts against `unauthenticated`. */
  authenticated(): void;
}

export interface AcceptorOptions {
  /** Who takes over, by protocol. A protocol without a handler is not recognized. */
  handlers: Readonly<Partial<Record<Protocol, (accepted: Accepted) => void>>>;
  /** Where TLS connections are secured. Without it they are closed. */
  gate?: TlsGate | undefined;
  /** With a gate: whether plain connections are closed. Default `'required'`. */
  tls?: 'required' | 'optional';
  /** Whether STOMP may begin as clients of vdsm do. */
  isVdsm?: boolean;
  /** Who must say by a PROXY header whose connection it is, and is believed. */
  proxies?: readonly string[] | undefined;
  limits?: Partial<ServerLimits> | undefined;
  clock?: Clock | undefined;
  /** Told once of each kind of rejection. */
  log?: ((level: 'info' | 'warn', message: string) => void) | undefined;
}

export class Acceptor {
  /** Counts since the start. */
  readonly outcomes: Outcomes = noOutcomes();
  private readonly limits: ServerLimits;
  private readonly admission: Admission;
  private readonly terms: PassageTerms;
  private readonly proxies: BlockList;
  private readonly undecided = new Set<Socket>();
  private readonly logged = new Set<Rejection>();
  private closed = false;

  constructor(private readonly options: AcceptorOptions) {
    const { handlers, gate, tls = 'required' } = options;
    this.limits = { ...defaultServerLimits, ...options.limits };
    this.admission = new Admission(this.limits);
    this.proxies = proxyList(options.proxies ?? [], 'createServer');
    const detectors = makeDetectors(this.limits, options.isVdsm);
    const names = Object.keys(handlers) as Protocol[];
    this.terms = {
      limits: this.limits,
      clock: options.clock ?? systemClock,
      served: Object.fromEntries(names.map((name) => [name, detectors[name]])),
      detectTls: detectors.tls,
      gate,
      isTlsRequired: gate !== undefined && tls === 'required',
      secured: () => this.outcomes.tls++,
      handOver: (passage, protocol) => this.handOver(passage, protocol),
      rejected: (why) => this.count(why),
    };
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
    raw.setKeepAlive(true, keepAliveDelay(this.limits));
    if (this.closed) return void raw.destroy();
    // Reset by its client before it was accepted: it has no address, and nothing would ever tell that it is over.
    if (raw.remoteAddress === undefined) {
      raw.destroy();
      return this.count('ended');
    }
    const address = plainAddress(raw.remoteAddress);
    const isProxied = isProxy(this.proxies, address);
    const place = isProxied ? undefined : address;
    const full = this.admission.full(place);
    if (full !== undefined) {
      raw.destroy();
      return this.count(full);
    }
    const ticket = this.admission.enter(place);
    this.undecided.add(raw);
    raw.once('close', () => {
      ticket.leave();
      this.undecided.delete(raw);
    });
    const passage = new Passage(raw, address, ticket, this.terms);
    if (isProxied) passage.startProxied();
    else passage.start();
  }

  /** Closes what is undecided, at once, and everything that is still to come. Handed-over connections stay. */
  close(): void {
    this.closed = true;
    for (const socket of this.undecided) socket.destroy();
  }

  private handOver({ raw, socket, address, alpn, ca, opened, ticket }: Passage, protocol: Protocol): void {
    this.undecided.delete(raw);
    this.outcomes[protocol]++;
    this.options.handlers[protocol]!({
      socket,
      protocol,
      secure: socket !== raw,
      remoteAddress: address,
      peerCertificate: certificateOf(socket),
      ca,
      servername: ('servername' in socket && (socket.servername as string | false)) || undefined,
      alpn,
      opened,
      authenticated: ticket.authenticated,
    });
  }

  private count(why: Rejection): void {
    if (this.closed) return;
    this.outcomes[why]++;
    const text = this.logged.has(why) ? undefined : describeRejection(why, this.limits);
    if (text === undefined) return;
    this.logged.add(why);
    this.options.log?.('warn', text);
  }
}

/** The certificate if it has been verified; Node gives the unverified one as well, and an empty one for none. */
function certificateOf(socket: Socket | TLSSocket): PeerCertificate | undefined {
  return 'getPeerCertificate' in socket && socket.authorized ? socket.getPeerCertificate() : undefined;
}

/** An IPv4 client of a socket that listens on IPv6 too is `::ffff:10.0.0.1`. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}

/** Systems count it in seconds, and know no more than 32 767 of them. */
function keepAliveDelay({ tcpKeepAlive }: ServerLimits): number {
  return Math.min(Math.max(1000, tcpKeepAlive), 32_767_000);
}
