// A double of engine's Java library for JSON-RPC over STOMP, its faults included: it ignores which subscription a message
// is for, notices no end of the stream, and loses what does not come the way vdsm sends it.

import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './call-failure.js';
import { agreedBeats, askedBeats, type JavaBeats } from './java-beats.js';
import { JavaCalls, noConnection } from './java-calls.js';
import { JavaConnection, type JavaConnectionEvents, type Segments } from './java-connection.js';
import type { JavaFrame } from './java-frames.js';

/**
 * What leaves first. Its network thread takes frames from the end of the queue at which they are put in, so that the
 * SUBSCRIBEs may overtake CONNECT, CONNECT may be lost, and a SUBSCRIBE may leave twice.
 */
export type JavaOrder = 'usual' | 'subscribe-first' | 'never-connect' | 'subscribe-twice';

export interface JavaClientOptions {
  port: number;
  /** Default 127.0.0.1. It stands as receiver in the events, too. */
  host?: string;
  tls?: ConnectionOptions;
  /** The silence of the server that it takes, milliseconds; engine takes 20 000. Default 0: any. */
  incoming?: number;
  /** Its own beats, milliseconds. Default 0: none. */
  outgoing?: number;
  order?: JavaOrder;
  /** Where events come from, such as jms.queue.events; without it, it subscribes none. */
  events?: string;
  requests?: string;
  answers?: string;
  /** Of a call, milliseconds. Default 180 000. */
  timeout?: number;
  /** How often a call that is too late is sent again. Default 0. */
  retries?: number;
  /** How long it waits for CONNECTED, milliseconds. Default 20 000; when it never sent CONNECT it then goes on without. */
  connectTime?: number;
  /** In which pieces what is sent to it arrives. Default: as it was written, or more at once. */
  segments?: Segments;
}

export interface JavaEvent {
  /** Its first part, which the server leaves empty, is the host. */
  readonly name: string;
  readonly params: unknown;
}

/** CONNECT leaves that long after the socket is connected, milliseconds. */
const CONNECT_DELAY = 50;

export class JavaClient {
  readonly events: JavaEvent[] = [];
  /** The frames ERROR that came: it only writes them into its log. */
  readonly errors: string[] = [];
  /** What it threw away: answers to nothing it asked, events whose name has not four parts. */
  readonly ignored: string[] = [];
  /** Why it dropped its last connection, or can read nothing more from it. */
  fatal: string | undefined;
  /** How many connections it has made. */
  connections = 0;
  private readonly calls: JavaCalls;
  private readonly host: string;
  private readonly requests: string;
  private readonly answers: string;
  private policy: JavaBeats;
  private connection: JavaConnection | undefined;
  private opening: Promise<void> | undefined;
  private subscriptions: string[] = [];
  private connected: (() => void) | undefined;

  private constructor(private readonly options: JavaClientOptions) {
    this.host = options.host ?? '127.0.0.1';
    this.requests = options.requests ?? 'jms.topic.vdsm_requests';
    this.answers = options.answers ?? `jms.topic.vdsm_responses-${randomUUID()}`;
    this.policy = { incoming: options.incoming ?? 0, outgoing: options.outgoing ?? 0 };
    const { timeout = 180_000, retries = 0 } = options;
    this.calls = new JavaCalls({ timeout, retries, resend: (body) => this.send(body) });
  }

  static async connect(options: JavaClientOptions): Promise<JavaClient> {
    const client = new JavaClient(options);
    try {
      await client.open();
      return client;
    } catch (error) {
      await client.close();
      throw error;
    }
  }

  /** How long each call took that was answered, milliseconds. */
  get times(): readonly number[] {
    return this.calls.times;
  }

  /** What its heart-beats have become, and what the next connection will ask from. */
  get beats(): JavaBeats {
    return this.policy;
  }

  async call(method: string, params: unknown = {}): Promise<unknown> {
    await this.ready();
    return this.write(method, params);
  }

  /** Calls that leave together, before any is answered. */
  async burst(method: string, params: readonly unknown[]): Promise<PromiseSettledResult<unknown>[]> {
    await this.ready();
    return Promise.allSettled(params.map((each) => this.write(method, each)));
  }

  /** Sends what the library would not, such as to a destination that nobody has subscribed. */
  say(text: string): void {
    this.connection?.write(text);
  }

  /** UNSUBSCRIBEs and DISCONNECT are in its queue when it closes the socket; one of them gets out. */
  async close(): Promise<void> {
    this.calls.close();
    const [first] = this.subscriptions;
    if (first !== undefined && this.connection?.isLost === false)
      this.connection.write(`UNSUBSCRIBE\nid:${first}\n\n\0`);
    await this.connection?.close();
  }

  /** A connection that is lost is made again by the next call; nothing is subscribed before. */
  private async ready(): Promise<void> {
    if (this.connection?.isLost === false && this.opening === undefined) return;
    this.opening ??= this.open().finally(() => (this.opening = undefined));
    await this.opening;
  }

  private async open(): Promise<void> {
    const { port, tls, order = 'usual', connectTime = 20_000, segments } = this.options;
    const place = { port, host: this.host };
    let isUp = false;
    const up = new Promise<void>((resolve) => (this.connected = resolve)).then(() => (isUp = true));
    let isDown: (() => void) | undefined;
    const down = new Promise<void>((resolve) => (isDown = resolve));
    const events: JavaConnectionEvents = {
      frame: (frame) => this.take(frame),
      stuck: (why) => (this.fatal = why),
      lost: (why) => {
        this.fatal = why;
        this.calls.failAll(why);
        isDown?.();
      },
    };
    this.connection = await JavaConnection.open(place, tls, events, segments).catch((error: unknown) => {
      throw noConnection(this.host, error);
    });
    this.connections++;
    const waiting = new AbortController();
    await this.introduce(this.connection, order);
    const late = delay(connectTime, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([up, down, late]);
    waiting.abort();
    if (isUp || (order === 'never-connect' && !this.connection.isLost)) return;
    const { connection } = this;
    await connection.close();
    throw noConnection(this.host);
  }

  private async introduce(connection: JavaConnection, order: JavaOrder): Promise<void> {
    const destinations = [this.options.events, this.answers].filter((name) => name !== undefined);
    this.subscriptions = destinations.map(() => randomUUID());
    const subscribes = destinations.map(
      (name, at) => `SUBSCRIBE\ndestination:${name}\nack:auto\nid:${this.subscriptions[at]}\n\n\0`,
    );
    const connect = `CONNECT\naccept-version:1.2\nheart-beat:${askedBeats(this.policy)}\nhost:peer-1\n\n\0`;
    if (order === 'subscribe-twice') subscribes.push(subscribes.at(-1)!);
    const isOvertaken = order === 'subscribe-first' || order === 'never-connect';
    if (isOvertaken) connection.write(subscribes.join(''));
    await delay(CONNECT_DELAY);
    if (connection.isLost) return;
    if (order !== 'never-connect') connection.write(connect);
    if (!isOvertaken) connection.write(subscribes.join(''));
  }

  private write(method: string, params: unknown): Promise<unknown> {
    const id = randomUUID();
    const body = JSON.stringify({ jsonrpc: '2.0', method, params, id });
    const answer = this.calls.add(id, body);
    this.send(body);
    return answer;
  }

  private send(body: string): void {
    if (this.connection === undefined || this.connection.isLost) return;
    const head = `SEND\ndestination:${this.requests}\nreply-to:${this.answers}\n`;
    this.connection.write(`${head}content-length:${Buffer.byteLength(body)}\n\n${body}\0`);
  }

  private take({ command, headers, body }: JavaFrame): void {
    if (command === 'CONNECTED') {
      // The policy itself is overwritten.
      this.policy = agreedBeats(this.policy, headers.get('heart-beat'));
      this.connection!.beats = this.policy;
      this.connected?.();
    } else if (command === 'ERROR') {
      this.errors.push(headers.get('message') ?? body);
    } else if (command === 'MESSAGE') {
      this.takeMessage(body);
    }
  }

  /** Of a message only the body counts. */
  private takeMessage(body: string): void {
    let parsed: Answer | Answer[];
    try {
      parsed = JSON.parse(body) as Answer | Answer[];
    } catch {
      this.ignored.push(body);
      return;
    }
    for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
      if (typeof one.method === 'string') this.takeEvent(one.method, one.params, body);
      else if (!this.calls.answer(one)) this.ignored.push(body);
    }
  }

  private takeEvent(method: string, params: unknown, body: string): void {
    if (method.split('|').length === 4) this.events.push({ name: this.host + method, params });
    else this.ignored.push(body);
  }
}
