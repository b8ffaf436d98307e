// The sockets of the `ws` package as ports, by their own events: text arrives as bytes and need not be decoded, and a
// written batch reports back. Known by shape only, so that this package stays without dependencies.

import type { ByteStream, MessageChannel } from '@sallyport/core';
import type { WebSocketEvents, WebSocketPort } from './port.js';
import { portMessages, type PortOptions, portStream } from './port-channel.js';

/** A WebSocket of the `ws` package. */
export interface EmitterWebSocket {
  readonly protocol: string;
  send(data: string | Uint8Array, taken: (error?: Error) => void): void;
  send(data: Uint8Array, options: { binary: boolean; fin: boolean }, taken: (error?: Error) => void): void;
  pong(data: Uint8Array, mask: undefined, taken: (error?: Error) => void): void;
  close(code?: number, reason?: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: 'message', listener: (data: Uint8Array, isBinary: boolean) => void): unknown;
  on(event: 'ping' | 'pong', listener: (data: Uint8Array) => void): unknown;
  on(event: 'close', listener: (code: number, reason: { toString(): string }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** The connection below, at a server: holding it back makes one write of several messages. */
export interface Corkable {
  cork(): void;
  uncork(): void;
  end(): unknown;
}

/** A socket of `ws` as a byte stream. In Node, pass `schedule: process.nextTick`. */
export function emitterStream(socket: EmitterWebSocket, options?: PortOptions, below?: Corkable): ByteStream {
  return portStream(new EmitterPort(socket, below), options);
}

/** A socket of `ws` as a message channel. In Node, pass `schedule: process.nextTick`. */
export function emitterMessages(socket: EmitterWebSocket, options?: PortOptions, below?: Corkable): MessageChannel {
  return portMessages(new EmitterPort(socket, below), options);
}

class EmitterPort implements WebSocketPort {
  constructor(
    private readonly socket: EmitterWebSocket,
    private readonly below: Corkable | undefined,
  ) {}

  listen(events: WebSocketEvents): void {
    this.socket.on('message', (data) => events.message(data));
    this.socket.on('ping', (data) => events.ping(data));
    this.socket.on('error', (error) => events.error(error));
    this.socket.on('close', (code, reason) => events.close(code, reason.toString()));
  }

  send(messages: readonly (string | Uint8Array)[], taken: () => void): void {
    const last = messages.length - 1;
    if (last === 0) return this.write(messages[0]!, taken);
    this.below?.cork();
    messages.forEach((message, at) => this.write(message, at === last ? taken : ignore));
    this.below?.uncork();
  }

  fragment(data: Uint8Array, isText: boolean, isLast: boolean, taken: () => void): void {
    this.socket.send(data, { binary: !isText, fin: isLast }, unlessFailed(taken));
  }

  pong(data: Uint8Array, taken: () => void): void {
    // Whether to mask it is decided by which side this is.
    this.socket.pong(data, undefined, unlessFailed(taken));
  }

  close(code: number, reason: string): void {
    // ws would ask for the answer to our close frame, which a paused socket never reads.
    this.socket.resume();
    this.socket.close(code, reason);
    // Nothing may follow a close frame (RFC 6455, section 5.5.1), and a server is to be the first to say that it is over
    // (7.1.1): a client that does not answer with a frame of its own sees the end all the same. Reading goes on.
    this.below?.end();
  }

  terminate(): void {
    this.socket.terminate();
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  private write(message: string | Uint8Array, taken: () => void): void {
    this.socket.send(message, unlessFailed(taken));
  }
}

/** An error is followed by 'close', which ends the channel. */
function unlessFailed(taken: () => void): (error?: Error) => void {
  return (error) => {
    if (error === undefined || error === null) taken();
  };
}

function ignore(): void {}
