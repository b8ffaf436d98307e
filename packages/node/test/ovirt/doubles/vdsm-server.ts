// A double of vdsm's server as it was observed: what it takes, what it answers, and what it breaks over. It speaks any
// stream, on any clock, and notes down what a client must never do to a real one.

import { type ByteStream, type Clock, RpcError, systemClock } from '@sallyport/core';
import { memoryStreams } from '@sallyport/core/testing';
import { readFrame, type WireFrame } from './vdsm-frames.js';
import { pythonError, pythonJson } from './vdsm-json.js';

export const requests = 'jms.topic.vdsm_requests';
export const responses = 'jms.topic.vdsm_responses';
export const events = 'jms.queue.events';

const requestQueues = [requests, 'jms.topic.vdsm_irs_requests'];

/** The longest command, which the detector waits to be able to hold. */
const DETECTED = 'UNSUBSCRIBE'.length;
const DETECTION_TIME = 10_000;
const LEAST_BEAT = 1000;
const WORKERS = 8;
const QUEUE = 10 * WORKERS;

const commands = /^(CONNECT|CONNECTED|DISCONNECT|ERROR|MESSAGE|RECEIPT|SEND|SUBSCRIBE|UNSUBSCRIBE)/;

export interface VdsmOptions {
  clock?: Clock;
  methods?: Record<string, (params: unknown) => unknown>;
}

interface JsonRequest {
  jsonrpc?: unknown;
  method?: unknown;
  params?: unknown;
  id?: unknown;
}

interface Subscription {
  id: string;
  destination: string;
  session: VdsmSession;
}

export class VdsmServer {
  readonly clock: Clock;
  readonly methods: Record<string, (params: unknown) => unknown>;
  /** What a client did that harms the real one, or loses its own answers. */
  readonly faults: string[] = [];
  /** All connections there have been. */
  readonly sessions: VdsmSession[] = [];
  /** All requests that were begun, by method. */
  readonly begun: string[] = [];
  readonly subscriptions: Subscription[] = [];
  /** Where answers go, by the id of the request alone. */
  readonly #replyTo = new Map<unknown, string | undefined>();
  readonly #queue: (() => Promise<void>)[] = [];
  #busy = 0;
  /** A notification ends the loop that serves requests. */
  isDead = false;

  constructor({ clock = systemClock, methods = {} }: VdsmOptions = {}) {
    this.clock = clock;
    this.methods = methods;
  }

  /** Dials it without a network. */
  readonly dial = (): Promise<ByteStream> => {
    const [near, far] = memoryStreams();
    this.accept(far);
    return Promise.resolve(near);
  };

  accept(stream: ByteStream): void {
    this.sessions.push(new VdsmSession(this, stream));
  }

  /** The latest connection. */
  get session(): VdsmSession {
    return this.sessions.at(-1)!;
  }

  /** How many requests are running or in the queue. */
  get load(): number {
    return this.#busy + this.#queue.length;
  }

  emit(method: string, params: Record<string, unknown>): void {
    const notification = {
      jsonrpc: '2.0',
      method,
      params: { ...params, notify_time: Math.trunc(this.clock.now()) },
    };
    this.#publish(events, notification);
  }

  /** SEND. */
  take(frame: WireFrame): string | undefined {
    const destination = frame.header('destination')!;
    const isRequest = requestQueues.some((queue) => destination === queue || destination.startsWith(queue + '.'));
    const subscribers = this.subscriptions.filter(
      ({ destination: own }) => own === destination || destination.startsWith(own + '.'),
    );
    for (const { id, session } of subscribers) session.forward(id, frame);
    if (isRequest) this.#request(frame);
    else if (subscribers.length === 0) return 'Subscription not available';
    return undefined;
  }

  #request(frame: WireFrame): void {
    if (this.isDead) return;
    let message: unknown;
    try {
      message = JSON.parse(Buffer.from(frame.body, 'latin1').toString('utf8'));
    } catch {
      return this.#fail(-32700, 'Invalid JSON');
    }
    if (!Array.isArray(message)) return this.#one(message, frame);
    if (message.length === 0) return this.#fail(-32600, 'Empty batch');
    if (message.length > 1) this.faults.push('a batch: its answers are lost');
    for (const one of message as unknown[]) this.#one(one, frame, message.length > 1);
  }

  #one(message: unknown, frame: WireFrame, isLost = false): void {
    const { jsonrpc, method, params = [], id } = (message ?? {}) as JsonRequest;
    if (jsonrpc !== '2.0') return this.#fail(-32600, 'wrong protocol version');
    if (typeof params !== 'object' || params === null) return this.#fail(-32600, 'wrong params type');
    if (id === undefined || id === null) {
      this.isDead = true;
      this.faults.push(`a notification: ${String(method)}`);
      return;
    }
    if (this.#replyTo.has(id)) this.faults.push(`an id that is in flight: ${String(id)}`);
    this.#replyTo.set(id, isLost ? undefined : frame.header('reply-to'));
    const name = String(method);
    if (this.#queue.length >= QUEUE)
      return this.#answer({
        jsonrpc: '2.0',
        id,
        error: pythonError(1100, 'Not enough resources', { reason: 'Too many tasks' }),
      });
    this.#queue.push(() => this.#run(id, name, params));
    this.#work();
  }

  #work(): void {
    while (this.#busy < WORKERS && this.#queue.length > 0) {
      this.#busy++;
      void this.#queue.shift()!().then(() => {
        this.#busy--;
        this.#work();
      });
    }
  }

  async #run(id: unknown, name: string, params: object): Promise<void> {
    const method = this.methods[name];
    this.begun.push(name);
    if (method === undefined) {
      const error = pythonError(-32601, 'The method does not exist or is not available', { method: name });
      return this.#answer({ jsonrpc: '2.0', id, error });
    }
    try {
      const result = await method(params);
      this.#answer({ jsonrpc: '2.0', id, result: result ?? true });
    } catch (error) {
      const told =
        error instanceof RpcError
          ? { code: error.code, message: error.message }
          : pythonError(-32603, 'Internal JSON-RPC error', { reason: (error as Error).message });
      this.#answer({ jsonrpc: '2.0', id, error: told });
    }
  }

  #answer(answer: { id: unknown; [member: string]: unknown }): void {
    const destination = this.#replyTo.get(answer.id);
    this.#replyTo.delete(answer.id);
    if (destination !== undefined && !this.isDead) this.#publish(destination, answer);
  }

  /** Without an id it cannot be told where the answer should go. */
  #fail(code: number, message: string): void {
    this.faults.push(`what only an answer without id could tell: ${message}`);
    this.#publish(responses, { jsonrpc: '2.0', id: null, error: { code, message } });
  }

  /** Answers and events look the name up as it is. */
  #publish(destination: string, message: unknown): void {
    const body = pythonJson(message);
    for (const subscription of this.subscriptions)
      if (subscription.destination === destination) subscription.session.message(subscription, body);
  }
}

export class VdsmSession {
  /** What came and went, one character a byte. */
  received = '';
  readonly sent: string[] = [];
  isClosed = false;
  /** Whether nothing of what it says leaves it any more. */
  isMute = false;
  readonly #server: VdsmServer;
  readonly #stream: ByteStream;
  #unread = '';
  #isDetected = false;
  #lastSent: number;
  #lastReceived: number;
  #beats = 0;

  constructor(server: VdsmServer, stream: ByteStream) {
    this.#server = server;
    this.#stream = stream;
    this.#lastSent = this.#lastReceived = server.clock.now();
    server.clock.after(DETECTION_TIME, () => void (this.#isDetected || this.close()));
    void this.#read();
  }

  /** What came, frame by frame, and EOLs between them. */
  get frames(): string[] {
    return this.received.split(/(?<=\0)/);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    const { subscriptions } = this.#server;
    for (let at = subscriptions.length - 1; at >= 0; at--)
      if (subscriptions[at]!.session === this) subscriptions.splice(at, 1);
    void this.#stream.close();
  }

  /** Says whatever a test wants. */
  say(text: string): void {
    this.#lastSent = this.#server.clock.now();
    if (this.isClosed || this.isMute) return;
    this.sent.push(text);
    void this.#stream.send(Buffer.from(text, 'latin1'));
  }

  message({ id, destination }: Subscription, body: string): void {
    const head = `MESSAGE\ndestination:${destination}\ncontent-type:application/json\nsubscription:${id}`;
    this.say(`${head}\ncontent-length:${body.length}\n\n${body}\0`);
  }

  forward(id: string, { lines, body }: WireFrame): void {
    this.say(`MESSAGE\nsubscription:${id}\n${lines.map((line) => line + '\n').join('')}\n${body}\0`);
  }

  async #read(): Promise<void> {
    try {
      for await (const chunk of this.#stream) {
        const text = Buffer.from(chunk).toString('latin1');
        this.received += text;
        this.#unread += text;
        this.#lastReceived = this.#server.clock.now();
        this.#work();
      }
    } catch {
      // The client is gone.
    }
    this.close();
  }

  #work(): void {
    if (!this.#isDetected) {
      if (this.#unread.length < DETECTED) return;
      if (!commands.test(this.#unread)) return this.close();
      this.#isDetected = true;
    }
    while (!this.isClosed) {
      const found = readFrame(this.#unread);
      if (found === 'more') return;
      if (found === 'broken') return this.close();
      this.#unread = found.rest;
      this.#execute(found.frame);
    }
  }

  #execute(frame: WireFrame): void {
    switch (frame.command) {
      case 'CONNECT':
        return this.#connect(frame);
      case 'SEND':
        return frame.header('destination') === undefined ? this.close() : this.#error(this.#server.take(frame));
      case 'SUBSCRIBE':
        return this.#error(this.#subscribe(frame));
      case 'UNSUBSCRIBE':
        return this.#error(this.#unsubscribe(frame));
      case 'DISCONNECT': {
        const receipt = frame.header('receipt');
        return receipt === undefined ? this.close() : this.say(`RECEIPT\nreceipt-id:${receipt}\n\n\0`);
      }
      default:
        return this.close();
    }
  }

  #connect(frame: WireFrame): void {
    if (frame.header('accept-version') !== '1.2') return this.#error('Version unsupported');
    const beat = (text: string | undefined): number => {
      const interval = Number(/^\d+$/.exec(text ?? '')?.[0] ?? 0);
      return interval === 0 ? 0 : Math.max(interval, LEAST_BEAT);
    };
    const [theirs, ours] = (frame.header('heart-beat') ?? '').split(',').map(beat) as [number, number?];
    this.say(`CONNECTED\nversion:1.2\nheart-beat:${ours ?? 0},${theirs}\n\n\0`);
    const beats = ++this.#beats;
    if (ours) this.#keepSending(ours, beats);
    if (theirs) this.#watch(theirs, beats);
  }

  #subscribe(frame: WireFrame): string | undefined {
    const [destination, id] = [frame.header('destination'), frame.header('id')];
    if (destination === undefined || id === undefined) return 'Missing destination or subscription id header';
    const { subscriptions } = this.#server;
    if (subscriptions.some((one) => one.session === this && one.id === id)) return 'Subscription id already exists';
    subscriptions.push({ id, destination, session: this });
    return undefined;
  }

  #unsubscribe(frame: WireFrame): string | undefined {
    const id = frame.header('id');
    if (id === undefined) return 'Missing id header';
    const { subscriptions } = this.#server;
    const at = subscriptions.findIndex((one) => one.session === this && one.id === id);
    if (at !== -1) subscriptions.splice(at, 1);
    return undefined;
  }

  #error(text: string | undefined): void {
    if (text === undefined) return;
    this.#server.faults.push(text);
    this.say(`ERROR\ncontent-length:${text.length}\n\n${text}\0`);
  }

  #keepSending(interval: number, beats: number): void {
    const { clock } = this.#server;
    const left = this.#lastSent + interval - clock.now();
    clock.after(left, () => {
      if (this.isClosed || beats !== this.#beats) return;
      if (clock.now() >= this.#lastSent + interval) this.say('\n');
      this.#keepSending(interval, beats);
    });
  }

  /** No grace at all. */
  #watch(interval: number, beats: number): void {
    const { clock } = this.#server;
    const left = this.#lastReceived + interval - clock.now();
    clock.after(left, () => {
      if (this.isClosed || beats !== this.#beats) return;
      if (clock.now() < this.#lastReceived + interval) return this.#watch(interval, beats);
      this.#server.faults.push('a beat that did not come');
      this.close();
    });
  }
}
