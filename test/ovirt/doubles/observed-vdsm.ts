// As much of a vdsm host as the doubles of its clients need to be tried against: what it was seen to send, and when.

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { type VdsmFrame, VdsmFrameReader } from './vdsm-frames.js';
import { pythonJson } from './python-json.js';

export interface ObservedVdsmOptions {
  tls?: TlsOptions;
  /** Every MESSAGE is at least that long, by blanks behind its JSON. Default: as long as it is. */
  least?: number;
  /** So many answers are gathered before they leave. Default 1: each at once. */
  gather?: number;
  /** How what has been gathered leaves. Default: a write for each frame. */
  deliver?: (socket: Socket, frames: readonly string[]) => void | Promise<void>;
  /** What becomes of CONNECTED. */
  connected?: (frame: string) => string;
  /** Takes a request before it is answered; true if it has seen to it. */
  intercept?: (socket: Socket, request: Request, message: (body: unknown) => string) => boolean;
  /** Heart-beats are neither sent nor expected, though agreed on. */
  isSilent?: boolean;
}

export interface Request {
  readonly id: unknown;
  readonly method: string;
  readonly params: unknown;
}

export class ObservedVdsm {
  /** Commands of all connections, in the order in which they came. */
  readonly commands: string[] = [];
  /** Whole frames, by command. */
  readonly frames: VdsmFrame[] = [];
  /** Pieces as they were read. */
  readonly chunks: string[] = [];
  readonly sockets: Socket[] = [];

  private constructor(
    private readonly options: ObservedVdsmOptions,
    private readonly server: Server,
  ) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Closed when the test is over. */
  static async start(options: ObservedVdsmOptions = {}): Promise<ObservedVdsm> {
    const server = options.tls === undefined ? createServer({ noDelay: true }) : createTlsServer(options.tls);
    const vdsm = new ObservedVdsm(options, server);
    server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => vdsm.accept(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      for (const socket of vdsm.sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return vdsm;
  }

  private accept(socket: Socket): void {
    this.sockets.push(socket);
    const host = new HostSide(this.options, socket);
    const reader = new VdsmFrameReader();
    socket.on('error', () => {}).on('close', () => host.close());
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk.toString());
      host.lastRead = performance.now();
      for (const frame of reader.read(chunk)) {
        this.commands.push(frame.command);
        this.frames.push(frame);
        host.take(frame);
      }
    });
  }
}

/** The host's side of one connection. */
class HostSide {
  lastRead = performance.now();
  private lastWrite = performance.now();
  private readonly subscriptions = new Map<string, string>();
  private readonly gathered: string[] = [];
  private leaving: Promise<void> = Promise.resolve();
  private clock: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ObservedVdsmOptions,
    private readonly socket: Socket,
  ) {}

  take({ command, headers, body }: VdsmFrame): void {
    if (command === 'CONNECT') return this.connect(headers.get('heart-beat') ?? '0,0');
    if (command === 'SUBSCRIBE') return void this.subscriptions.set(headers.get('destination')!, headers.get('id')!);
    if (command !== 'SEND') return;
    const parsed = JSON.parse(body) as Request | Request[];
    const requests = Array.isArray(parsed) ? parsed : [parsed];
    for (const request of requests) this.answer(request, headers.get('reply-to') ?? '');
  }

  close(): void {
    clearInterval(this.clock);
  }

  private connect(asked: string): void {
    const [sends = 0, expects = 0] = asked.split(',').map((each) => clamped(Number(each)));
    const { connected = (frame: string) => frame } = this.options;
    this.write(connected(`CONNECTED\nversion:1.2\nheart-beat:${expects},${sends}\n\n\0`));
    if (this.options.isSilent === true) return;
    this.clock = setInterval(() => {
      const now = performance.now();
      // No grace at all.
      if (sends > 0 && now - this.lastRead > sends) this.socket.resetAndDestroy();
      else if (expects > 0 && now - this.lastWrite >= expects) this.write('\n');
    }, 10);
  }

  private answer(request: Request, replyTo: string): void {
    const message = (body: unknown): string => this.message(replyTo, pythonJson(body));
    if (this.options.intercept?.(this.socket, request, message) === true) return;
    this.gathered.push(message({ jsonrpc: '2.0', id: request.id, result: request.params }));
    if (this.gathered.length < (this.options.gather ?? 1)) return;
    const { deliver = eachByItself } = this.options;
    this.lastWrite = performance.now();
    const frames = this.gathered.splice(0);
    this.leaving = this.leaving.then(() => deliver(this.socket, frames));
  }

  private message(destination: string, body: string): string {
    const id = this.subscriptions.get(destination);
    const head = `MESSAGE\ndestination:${destination}\ncontent-type:application/json\nsubscription:${id}\n`;
    return padded(head, body, this.options.least ?? 0);
  }

  private write(text: string): void {
    this.lastWrite = performance.now();
    this.socket.write(text);
  }
}

/** A frame of at least so many bytes: blanks behind JSON hurt nobody. */
export function padded(head: string, body: string, least: number): string {
  const frame = `${head}content-length:${body.length}\n\n${body}\0`;
  return frame.length >= least ? frame : padded(head, body + ' '.repeat(least - frame.length), least);
}

/**
 * Each in a write of its own, and over TLS in a record of its own: what is written while an earlier write is under way, Node
 * puts into one record with whatever else waits.
 */
export async function eachByItself(socket: Socket, frames: readonly string[]): Promise<void> {
  for (const frame of frames) await new Promise<unknown>((resolve) => socket.write(frame, resolve));
}

/** Not faster than once a second, whatever is asked. */
function clamped(asked: number): number {
  return asked > 0 ? Math.max(asked, 1000) : 0;
}
