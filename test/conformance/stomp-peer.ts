// A STOMP client that is nothing but a connection. It sends what a test writes, and reads the server's frames by a reader
// of its own, which knows the grammar of each version and takes no octet that it does not allow.

import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { WebSocket } from 'ws';

export type Transport = 'tcp' | 'tls' | 'ws' | 'wss';
export type Version = '1.0' | '1.1' | '1.2';

/** A frame that the server has sent, headers unescaped. */
export class ServerFrame {
  constructor(
    readonly command: string,
    readonly headers: readonly (readonly [name: string, value: string])[],
    readonly body: Buffer,
  ) {}

  /** The first value of a header. */
  get(name: string): string | undefined {
    return this.headers.find((header) => header[0] === name)?.[1];
  }

  get text(): string {
    return this.body.toString();
  }
}

interface Wire {
  write(data: Buffer | string): void;
  end(): void;
  destroy(): void;
}

/** Longer than anything takes on a busy machine. */
const PATIENCE = 8000;

export class StompPeer {
  /** What CONNECTED said; until then nothing is escaped. */
  version: Version | undefined;
  /** Frames that have come and were not taken. */
  readonly frames: ServerFrame[] = [];
  /** When each piece came, and what the server sent between frames. */
  readonly arrivals: number[] = [];
  eols = 0;
  closed = false;
  private wire!: Wire;
  private unread: Buffer = Buffer.alloc(0);
  private fault: Error | undefined;
  private wake: () => void = () => {};
  private barriers = 0;

  static async dial(port: number, transport: Transport, subprotocol = 'v12.stomp'): Promise<StompPeer> {
    const peer = new StompPeer();
    peer.wire = await (transport === 'tcp' || transport === 'tls'
      ? peer.dialSocket(port, transport)
      : peer.dialWebSocket(`${transport}://127.0.0.1:${port}/`, subprotocol));
    return peer;
  }

  /** Sends all of it at once, as one piece. */
  send(...parts: readonly (string | Uint8Array)[]): void {
    if (parts.every((part) => typeof part === 'string')) this.wire.write(parts.join(''));
    else this.wire.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /** Sends one octet at a time. */
  async dribble(text: string | Uint8Array): Promise<void> {
    for (const octet of Buffer.from(text)) {
      this.wire.write(Buffer.of(octet));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Takes the next frame; with a command, it must be that. */
  async next(command?: string): Promise<ServerFrame> {
    await this.until(() => this.frames.length > 0 || this.closed, 'a frame');
    const frame = this.frames.shift();
    if (frame === undefined) throw new Error('the server has closed the connection');
    if (command !== undefined && frame.command !== command)
      throw new Error(`instead of ${command} came ${frame.command} ${frame.headers.join(' ')} ${frame.text}`);
    return frame;
  }

  /** Takes so many MESSAGEs. */
  async messages(count: number): Promise<ServerFrame[]> {
    const messages: ServerFrame[] = [];
    while (messages.length < count) messages.push(await this.next('MESSAGE'));
    return messages;
  }

  /** Sends a frame that asks for the receipt `receipt`, and takes all frames that come before that RECEIPT. */
  async confirmed(receipt: string, ...parts: readonly (string | Uint8Array)[]): Promise<ServerFrame[]> {
    this.send(...parts);
    const before: ServerFrame[] = [];
    for (;;) {
      const frame = await this.next();
      if (frame.command === 'ERROR') throw new Error(`ERROR ${frame.headers.join(' ')}`);
      if (frame.command === 'RECEIPT' && frame.get('receipt-id') === receipt) return before;
      before.push(frame);
    }
  }

  /** All frames that the server has for us so far: those before the receipt of a frame that does nothing else. */
  settled(): Promise<ServerFrame[]> {
    const receipt = `settled-${++this.barriers}`;
    return this.confirmed(receipt, `SEND\ndestination:/topic/nobody.listens\nreceipt:${receipt}\n\n\0`);
  }

  /** All frames until the server closes the connection. */
  async rest(): Promise<ServerFrame[]> {
    await this.until(() => this.closed, 'the end of the connection');
    return this.frames.splice(0);
  }

  /** Resolves when the server has closed the connection. */
  async ended(): Promise<void> {
    await this.until(() => this.closed, 'the end of the connection');
  }

  /** Ends our side only. */
  end(): void {
    this.wire.end();
  }

  /** Breaks off. */
  destroy(): void {
    this.wire.destroy();
  }

  private async until(condition: () => boolean, what: string): Promise<void> {
    const late = Date.now() + PATIENCE;
    while (!condition() || this.fault !== undefined) {
      if (this.fault !== undefined) throw this.fault;
      if (Date.now() >= late) throw new Error(`${what} did not come`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, late - Date.now());
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  private async dialSocket(port: number, transport: 'tcp' | 'tls'): Promise<Wire> {
    const at = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true };
    const socket: Socket =
      transport === 'tcp' ? connectTcp(at) : connectTls({ ...at, rejectUnauthorized: false, ALPNProtocols: ['stomp'] });
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => {});
    socket.on('end', () => this.finish()).on('close', () => this.finish());
    await once(socket, transport === 'tcp' ? 'connect' : 'secureConnect');
    return {
      write: (data) => void socket.write(data),
      end: () => void socket.end(),
      destroy: () => void socket.destroy(),
    };
  }

  private async dialWebSocket(url: string, subprotocol: string): Promise<Wire> {
    const socket = new WebSocket(url, [subprotocol], { rejectUnauthorized: false });
    socket.on('message', (data: Buffer) => this.receive(data));
    socket.on('error', () => {}).on('close', () => this.finish());
    await once(socket, 'open');
    return {
      write: (data) => socket.readyState === WebSocket.OPEN && socket.send(data),
      end: () => socket.close(),
      destroy: () => socket.terminate(),
    };
  }

  private receive(chunk: Buffer): void {
    this.arrivals.push(performance.now());
    this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    try {
      for (let frame = this.read(); frame !== undefined; frame = this.read()) {
        this.frames.push(frame);
        if (frame.command === 'CONNECTED') this.version = frame.get('version') as Version;
      }
    } catch (error) {
      this.fault ??= error as Error;
    }
    this.wake();
  }

  private finish(): void {
    if (!this.closed && this.unread.length > 0) this.fault ??= new Error('the server closed within a frame');
    this.closed = true;
    this.wake();
  }

  /** The next whole frame. */
  private read(): ServerFrame | undefined {
    while (this.unread[0] === LF) {
      this.unread = this.unread.subarray(1);
      this.eols++;
    }
    const headEnd = this.unread.indexOf('\n\n');
    if (headEnd === -1) return undefined;
    const [command = '', ...lines] = utf8.decode(this.unread.subarray(0, headEnd)).split('\n');
    if (!/^(CONNECTED|MESSAGE|RECEIPT|ERROR)$/.test(command)) throw new Error(`no command of a server: ${command}`);
    const headers = lines.map((line) => this.readHeader(command, line));
    const stated = headers.find(([name]) => name === 'content-length')?.[1];
    const start = headEnd + 2;
    // Our server states the length of every body (recommended in all versions); without it there must be none.
    const stop = start + Number(stated ?? 0);
    if (this.unread.length <= stop) return undefined;
    if (this.unread[stop] !== 0) throw new Error(`content-length ${stated} and no NUL behind: ${command}`);
    const body = Buffer.from(this.unread.subarray(start, stop));
    if (body.length > 0 && command !== 'MESSAGE' && command !== 'ERROR') throw new Error(`${command} has a body`);
    this.unread = this.unread.subarray(stop + 1);
    return new ServerFrame(command, headers, body);
  }

  private readHeader(command: string, line: string): [name: string, value: string] {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Error(`no header: ${line}`);
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1)];
    // CONNECTED is never escaped; an ERROR that takes its place must be plain in every version.
    if (command === 'CONNECTED') return [name, value];
    if (this.version === undefined && /[\\:]/.test(value)) throw new Error(`escaped or not? ${line}`);
    const isOwn = (command === 'RECEIPT' || command === 'ERROR' ? 'receipt-id' : 'subscription') === name;
    return [unescape(name, this.version), unescape(value, this.version, isOwn)];
  }
}

const LF = 0x0a;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What is our own may have the CR that we put there; before 1.2 it is an octet like any other. */
function unescape(text: string, version: Version | undefined, isOwn = false): string {
  if (text.includes('\r') && !(isOwn && version !== '1.2')) throw new Error(`a bare CR: ${JSON.stringify(text)}`);
  if (version === '1.0' || version === undefined) return text;
  if (text.includes(':')) throw new Error(`not escaped: ${text}`);
  return text.replace(/\\(.?)/gs, (escape, letter: string) => {
    if (letter === 'n') return '\n';
    if (letter === 'c') return ':';
    if (letter === '\\') return '\\';
    if (letter === 'r' && version === '1.2') return '\r';
    throw new Error(`an escape that STOMP ${version} does not define: ${escape}`);
  });
}
