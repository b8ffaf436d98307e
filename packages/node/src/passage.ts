// One connection on its way through the gate: the PROXY header where a proxy has to send one, what it speaks, TLS, what
// it speaks inside. Each step has a deadline that no dribbling moves.

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Alarm, Clock } from '@sallyport/core';
import type { Ticket } from './admission.js';
import { readClientHello } from './client-hello.js';
import { detect, type Detector, type Protocol } from './detectors.js';
import type { ServerLimits } from './limits.js';
import { Opening } from './opening.js';
import { readProxyHeader, seemsProxied } from './proxy-protocol.js';
import type { Rejection } from './rejections.js';
import { sendAlert, type TlsGate, type TlsGateOptions } from './tls.js';

type Asked<Name extends string> = Readonly<Partial<Record<Name, Detector>>>;

/** What holds for all connections of a port, and who is told of them. */
export interface PassageTerms {
  readonly limits: ServerLimits;
  readonly clock: Clock;
  /** The protocols that are served. */
  readonly served: Asked<Protocol>;
  readonly detectTls: Detector;
  readonly gate: TlsGate | undefined;
  /** Whether plain connections are closed. */
  readonly isTlsRequired: boolean;
  /** A connection speaks TLS. */
  secured(): void;
  /** It is known what a connection speaks; its bytes are untouched. */
  handOver(passage: Passage, protocol: Protocol): void;
  /** A connection has been closed, or will be as soon as it has read its alert. */
  rejected(why: Rejection): void;
}

export class Passage {
  /** The connection, or what TLS has made of it. */
  socket: Socket | TLSSocket;
  /** The protocol that the client named in the TLS handshake. */
  alpn: string | undefined;
  /** What its certificate was verified by. */
  ca: TlsGateOptions['ca'];
  /** When it could first say what it speaks, by the clock: since its accept, or since the end of its TLS handshake. */
  opened: number;
  private opening: Opening;
  private alarm: Alarm;
  private over = false;

  constructor(
    readonly raw: Socket,
    /** The client's address: the connection's own until a PROXY header says another. */
    public address: string,
    readonly ticket: Ticket,
    private readonly terms: PassageTerms,
  ) {
    this.socket = raw;
    this.opened = terms.clock.now();
    this.opening = this.open(raw);
    this.alarm = this.within(terms.limits.sniffTime, 'timeout');
  }

  /** Begins with a PROXY header, which takes its time from that of the first bytes. */
  startProxied(): void {
    this.opening.ask(readProxyHeader, (header) => {
      if (header === undefined) return this.reject('noProxy');
      this.opening.drop(header.length);
      this.address = header.address ?? this.address;
      const full = this.ticket.locate(this.address);
      if (full === undefined) this.start();
      else this.reject(full);
    });
  }

  /** Begins with what the client says. */
  start(): void {
    const { detectTls, served, gate, isTlsRequired } = this.terms;
    this.sniff<Protocol | 'tls'>({ tls: detectTls, ...served }, (found) => {
      if (found === undefined) return this.reject(seemsProxied(this.opening.bytes) ? 'proxied' : 'unknown');
      if (found === 'tls') return gate === undefined ? this.reject('noTls') : this.secure(gate);
      if (isTlsRequired) return this.reject('plain');
      this.handOver(found);
    });
  }

  private sniff<Name extends string>(asked: Asked<Name>, decide: (found: Name | undefined) => void): void {
    const { sniffBytes } = this.terms.limits;
    this.opening.ask((bytes) => detect(bytes, asked, sniffBytes), decide);
  }

  /** Looks at who is asked for, where that matters, before TLS begins. */
  private secure(gate: TlsGate): void {
    this.terms.secured();
    this.alarm.cancel();
    this.alarm = this.within(this.terms.limits.handshakeTime, 'handshakeTimeout');
    if (!gate.isStrict) return this.shakeHands(gate);
    this.opening.ask(readClientHello, (hello) => {
      if (hello === undefined) return this.reject('handshake');
      const refusal = gate.refusal(hello);
      if (refusal === undefined) return this.shakeHands(gate);
      this.finish();
      sendAlert(this.raw, refusal.alert, this.terms.clock);
      this.terms.rejected(refusal.why);
    });
  }

  private shakeHands(gate: TlsGate): void {
    this.opening.putBack();
    this.raw.once('close', () => this.reject('handshake'));
    this.ca = gate.ca;
    gate.secure(this.raw, (secured) => {
      secured.on('error', ignore);
      this.socket = secured;
      this.alpn = secured.alpnProtocol || undefined;
      this.opened = this.terms.clock.now();
      this.alarm.cancel();
      this.alarm = this.within(this.terms.limits.sniffTime, 'timeout');
      this.opening = this.open(secured);
      this.sniff(this.agreed(), (found) => {
        if (found !== undefined) this.handOver(found);
        else this.reject(this.alpn === undefined ? 'unknown' : 'alpn');
      });
    });
  }

  /** What was agreed on overrules what the bytes look like: else one protocol's client could be led to another (ALPACA). */
  private agreed(): Asked<Protocol> {
    const { served } = this.terms;
    if (this.alpn === undefined) return served;
    return this.alpn === 'stomp' ? { stomp: served.stomp } : { http: served.http };
  }

  private open(socket: Socket): Opening {
    return new Opening(socket, () => this.reject('ended'));
  }

  /** Absolute: dribbling does not move it. */
  private within(time: number, why: Rejection): Alarm {
    return this.terms.clock.after(time, () => this.reject(why));
  }

  private handOver(protocol: Protocol): void {
    this.finish();
    this.opening.putBack();
    this.terms.handOver(this, protocol);
  }

  private reject(why: Rejection): void {
    if (this.over) return;
    this.finish();
    this.socket.destroy();
    this.terms.rejected(why);
  }

  private finish(): void {
    this.over = true;
    this.alarm.cancel();
    this.opening.stop();
  }
}

/** An error without a listener would end the process; what ends the connection is told by 'close'. */
export function ignore(): void {}
