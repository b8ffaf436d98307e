// One connection as the server's user sees it: who is there, how it came, and its methods to call back.

import type { SecureContextOptions } from 'node:tls';
import { ConnectionError } from '@sallyport/core';
import type { CallOptions, Caller } from '@sallyport/core/jsonrpc';
import type { Quota } from '@sallyport/core/broker';
import { type Contract, remote, type Remote } from '@sallyport/core/client';

/** How a connection reached the port. */
export interface Origin {
  /** What it speaks; inside a WebSocket, what is spoken there. */
  readonly protocol: 'stomp' | 'jsonrpc' | 'http';
  /** What carries that. */
  readonly transport: 'tcp' | 'websocket' | 'http';
  /** Whether TLS was spoken. */
  readonly secure: boolean;
  /** The client's IP address, as a trusted proxy says if there is one; IPv4 ones are written the IPv4 way. */
  readonly remoteAddress: string;
  /** The same as `remoteAddress`. */
  readonly remote: string;
  /** The page's origin, of a browser. */
  readonly origin?: string | undefined;
  /** What the TLS handshake told; undefined on a plain connection. */
  readonly tls?: TlsOrigin | undefined;
  /** The client's certificate, if it gave one that its CA vouches for. */
  readonly peerCertificate?: ClientCertificate | undefined;
}

/** Node's own description of a certificate, as far as most look at it. */
export interface ClientCertificate {
  /** By the short names of its parts: `{ CN: 'node7.example', … }`. */
  readonly subject: unknown;
  /** SHA-256 of the whole, hexadecimal with colons. */
  readonly fingerprint256: string;
  /** The whole, DER. */
  readonly raw?: Uint8Array | undefined;
}

/** What a TLS handshake told of a client. */
export interface TlsOrigin {
  /** Whether the client gave a certificate that its CA vouches for. */
  readonly authorized: boolean;
  /** The client's certificate, if it is authorized. */
  readonly peerCertificate: ClientCertificate | undefined;
  /** The name the client asked for (SNI). */
  readonly servername: string | undefined;
  /** The protocol agreed on by ALPN. */
  readonly alpn: string | undefined;
  /**
   * The option `tls.ca` that the client's certificate was verified by; after {@link Server.reloadTls} there may be another. It
   * is not enumerable.
   */
  readonly ca?: SecureContextOptions['ca'];
}

/** What a session needs of its protocol. */
export interface Wire {
  call(method: string, params: unknown, options?: CallOptions): Promise<unknown>;
  notify(method: string, params: unknown): Promise<void>;
  /** Sends a text as it is, where the protocol's messages are texts. */
  forward?(text: string): void;
  close(reason?: Error): Promise<void>;
}

/** One connection as the server sees it, or one request by HTTP: `call.session` in a handler, `server.sessions`. */
export class Session<Api extends Contract = Contract> implements Caller, Origin {
  /** What it speaks. */
  readonly protocol: Origin['protocol'];
  /** What carries that. */
  readonly transport: Origin['transport'];
  /** Whether TLS is spoken. */
  readonly secure: boolean;
  /** The client's IP address; behind a trusted proxy, as that says. */
  readonly remoteAddress: string;
  /** The same as `remoteAddress`. */
  readonly remote: string;
  /** The page's origin, of a browser. */
  readonly origin: string | undefined;
  /** What the TLS handshake told; undefined on a plain connection. */
  readonly tls: Origin['tls'];
  /** The client's certificate, if it gave one that its CA vouches for. */
  readonly peerCertificate: Origin['peerCertificate'];
  /** What `authenticate` returned. */
  principal: unknown;
  /** When the login ends unless it is renewed, milliseconds since 1970; undefined if it does not. */
  expires: number | undefined;
  /** What is kept for this connection counts here. */
  quota: Quota | undefined;
  /** The calls of this connection that are being worked on. */
  readonly running: Caller['running'] = new Map();
  /** The connection's own methods: `session.api.ui.confirm(question)`. */
  readonly api: Remote<Api>;
  private wire: Wire | undefined;
  private calls = 0;
  private readonly endings: (() => void)[] = [];

  constructor(
    /** A name of its own, which nobody can guess. */
    readonly id: string,
    came: Origin,
    /** When it came, milliseconds since 1970. */
    readonly since: number = Date.now(),
  ) {
    this.protocol = came.protocol;
    this.transport = came.transport;
    this.secure = came.secure;
    this.remoteAddress = came.remoteAddress;
    this.remote = came.remote;
    this.origin = came.origin;
    this.tls = came.tls;
    this.peerCertificate = came.peerCertificate;
    this.api = remote((method, params, options) => this.call(method, params, options));
  }

  /** Itself: a handler's `call.session`. */
  get session(): this {
    return this;
  }

  /** How many calls of this side wait for this connection's answer. */
  get asked(): number {
    return this.calls;
  }

  /** Calls a method that this connection implements. */
  async call<Result = unknown>(method: string, params?: unknown, options?: CallOptions): Promise<Result> {
    if (this.wire === undefined) throw this.unreachable(method);
    this.calls++;
    try {
      return (await this.wire.call(method, params, options)) as Result;
    } finally {
      this.calls--;
    }
  }

  /** Sends a notification to this connection. */
  notify(method: string, params?: unknown): Promise<void> {
    return this.wire === undefined ? Promise.reject(this.unreachable(method)) : this.wire.notify(method, params);
  }

  /** Ends the connection. It is told a reason that is a SallyportError; any other just tears it down. */
  async close(reason?: Error): Promise<void> {
    await this.wire?.close(reason);
  }

  /** Runs `run` when the connection has ended. */
  onEnd(run: () => void): void {
    this.endings.push(run);
  }

  /** Connects the session with its protocol; until then it cannot be reached. */
  attach(wire: Wire): void {
    this.wire = wire;
  }

  /** The connection has ended. */
  detach(): void {
    this.wire = undefined;
    for (const run of this.endings.splice(0)) run();
  }

  /** Sends a text as it is. */
  forward(text: string): void {
    this.wire?.forward?.(text);
  }

  private unreachable(method: string): ConnectionError {
    return new ConnectionError(
      'ERR_NOT_CONNECTED',
      `${method}: this session is not connected, or its protocol has no way back`,
    );
  }
}
