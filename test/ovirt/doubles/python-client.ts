// A double of vdsm's own client for JSON-RPC over STOMP. It asks before it is answered, sends arrays of one, is killed by any
// ERROR and any answer it did not ask for, and comes back after missed heart-beats only.

import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { type Answer, CallFailure } from './call-failure.js';
import { pythonJson } from './python-json.js';
import { type VdsmFrame, VdsmFrameReader } from './vdsm-frames.js';

export interface PythonClientOptions {
  port: number;
  host?: string;
  tls?: ConnectionOptions;
  /** The silence of the server that it takes, milliseconds; it asks for 20 % less. Default 30 000. */
  incoming?: number;
  /** Its own beats, milliseconds; it promises them 20 % later. Default 0: none. */
  outgoing?: number;
  requests?: string;
  /** Where events come from; without it, it subscribes none. */
  events?: string;
  /** Of a call, milliseconds. Default 15 000. */
  timeout?: number;
  /** How often it tries to come back after missed heart-beats. Default 1. */
  retries?: number;
  /** How long it waits before that, milliseconds. Default 2000. */
  retryDelay?: number;
}

export interface PythonEvent {
  readonly method: string;
  readonly params: unknown;
}

interface Open {
  readonly begun: number;
  readonly timer: NodeJS.Timeout;
  resolve(result: unknown): void;
  reject(failure: Error): void;
}

export class PythonClient {
  readonly events: PythonEvent[] = [];
  /** How long each call took that was answered, milliseconds. */
  readonly times: number[] = [];
  /** Messages of a subscription that it does not have: it throws them away. */
  readonly ignored: string[] = [];
  /** Why it is of no use any more: nothing it asks is answered. */
  fatal: string | undefined;
  connections = 0;
  private readonly answers = randomUUID();
  private readonly calls = new Map<unknown, Open>();
  private readonly kept: string[] = [];
  private socket: Socket | undefined;
  private reader = new VdsmFrameReader();
  private subscriptions = new Map<string, string>();
  private lastRead = 0;
  private lastWrite = 0;
  private clock: NodeJS.Timeout | undefined;
  private isClosed = false;
  private readonly incoming: number;
  private readonly outgoing: number;

  private constructor(private readonly options: PythonClientOptions) {
    this.incoming = options.incoming ?? 30_000;
    this.outgoing = options.outgoing ?? 0;
  }

  /** Resolves when the socket is connected: it waits for no CONNECTED. */
  static async connect(options: PythonClientOptions): Promise<PythonClient> {
    const client = new PythonClient(options);
    await client.open();
    return client;
  }

  /** Resolves with undefined where it would give its caller None: there is no answer in time. */
  call(method: string, params: unknown = {}): Promise<unknown> {
    const id = randomUUID();
    const body = pythonJson([{ jsonrpc: '2.0', method, params, id }]);
    const { requests = 'jms.topic.vdsm_requests', timeout = 15_000 } = this.options;
    const head = `SEND\ndestination:${requests}\ncontent-type:application/json\nreply-to:${this.answers}\n`;
    const answer = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.calls.delete(id);
        resolve(undefined);
      }, timeout);
      this.calls.set(id, { begun: performance.now(), timer, resolve, reject });
    });
    const frame = `${head}content-length:${body.length}\n\n${body}\0`;
    // What is sent while it is disconnected is kept for the next connection.
    if (this.socket === undefined) this.kept.push(frame);
    else this.write(frame);
    return answer;
  }

  /** UNSUBSCRIBE and FIN; no DISCONNECT. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.clock);
    for (const { timer, resolve } of this.calls.values()) {
      clearTimeout(timer);
      resolve(undefined);
    }
    const { socket } = this;
    if (socket === undefined || socket.destroyed) return;
    for (const id of this.subscriptions.keys()) this.write(`UNSUBSCRIBE\nid:${id}\n\n\0`);
    const closed = once(socket, 'close').catch(() => {});
    socket.end();
    socket.destroySoon();
    await closed;
  }

  private async open(): Promise<void> {
    const { port, host = '127.0.0.1', tls, events } = this.options;
    const socket =
      tls === undefined
        ? connect({ port, host, noDelay: true })
        : connectTls({ checkServerIdentity: () => undefined, ...tls, port, host });
    await once(socket, tls === undefined ? 'connect' : 'secureConnect');
    this.connections++;
    this.lastRead = performance.now();
    this.reader = new VdsmFrameReader();
    socket.on('data', (chunk: Buffer) => this.read(socket, chunk)).on('error', () => {});
    // After the other side has closed, it never comes back.
    socket.on('close', () => this.socket === socket && this.die('the server closed the connection'));
    const destinations = [this.answers, ...(events === undefined ? [] : [events])];
    this.subscriptions = new Map(destinations.map((destination) => [randomUUID(), destination]));
    const asked = `${Math.trunc(this.outgoing * 1.2)},${Math.trunc(this.incoming * 0.8)}`;
    const subscribes = [...this.subscriptions].map(
      ([id, destination]) => `SUBSCRIBE\ndestination:${destination}\nack:auto\nid:${id}\n\n\0`,
    );
    this.socket = socket;
    this.write(`CONNECT\naccept-version:1.2\nheart-beat:${asked}\n\n\0${subscribes.join('')}`);
    for (const frame of this.kept.splice(0)) this.write(frame);
    // Its own numbers count, whatever the server answered.
    const shortest = Math.min(this.incoming || Infinity, this.outgoing || Infinity);
    if (shortest < Infinity) this.clock = setInterval(() => this.keepTime(), shortest / 10);
  }

  private write(text: string): void {
    this.lastWrite = performance.now();
    if (this.socket?.writable === true) this.socket.write(text);
  }

  private read(socket: Socket, chunk: Buffer): void {
    if (this.socket !== socket) return;
    this.lastRead = performance.now();
    try {
      for (const frame of this.reader.read(chunk)) this.take(frame);
    } catch (error) {
      this.die((error as Error).message);
    }
  }

  private take({ command, headers, body }: VdsmFrame): void {
    if (command === 'ERROR') throw new Error(`ERROR: ${body}`);
    if (command !== 'MESSAGE') return;
    if (!this.subscriptions.has(headers.get('subscription') ?? '')) return void this.ignored.push(body);
    const parsed = JSON.parse(body) as Answer | Answer[];
    for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
      if (typeof one.method === 'string') this.events.push({ method: one.method, params: one.params });
      else this.answer(one);
    }
  }

  private answer({ id, result, error }: Answer): void {
    const call = this.calls.get(id);
    if (call === undefined) throw new Error(`an answer with the unknown id ${String(id)}`);
    this.calls.delete(id);
    clearTimeout(call.timer);
    this.times.push(performance.now() - call.begun);
    if (error === undefined) call.resolve(result);
    else call.reject(new CallFailure(error.code, String(error.message)));
  }

  private keepTime(): void {
    const now = performance.now();
    if (this.incoming > 0 && now - this.lastRead > this.incoming) return void this.comeBack();
    // It promised a fifth more than this.
    if (this.outgoing > 0 && now - this.lastWrite >= this.outgoing) this.write('\n');
  }

  private async comeBack(): Promise<void> {
    clearInterval(this.clock);
    this.socket?.destroy();
    this.socket = undefined;
    const { retries = 1, retryDelay = 2000 } = this.options;
    for (let attempt = 0; attempt < retries && !this.isClosed; attempt++) {
      await delay(retryDelay);
      if (this.isClosed) return;
      const isUp = await this.open().then(
        () => true,
        () => false,
      );
      if (isUp) return;
    }
    this.die('missed heart-beats, and no way back');
  }

  private die(why: string): void {
    if (this.isClosed) return;
    this.fatal ??= why;
    clearInterval(this.clock);
    this.socket?.destroy();
  }
}
