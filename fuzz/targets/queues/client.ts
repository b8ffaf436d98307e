// A STOMP client that does what it is told, and keeps account of it.

import type { EmbeddedBroker } from '@sallyport/core/broker';
import { Decoder, type Frame, serveStomp, type Version } from '@sallyport/core/stomp';
import { type ManualClock, memoryStreams, type MemoryStream } from '@sallyport/core/testing';
import { check } from '../../target.js';
import { type Holding, type Item, limits, type Model } from './model.js';

/** What one transaction will do, and what it has taken out of reach. */
interface Open {
  sends: (() => void)[];
  settlements: { how: 'ack' | 'nack'; name: string; item: Item; holding: Holding }[];
}

export class Client {
  readonly holdings = new Map<string, Holding>();
  readonly transactions = new Map<string, Open>();
  readonly receipts = new Set<string>();
  isOpen = true;
  private readonly stream: MemoryStream;
  private readonly server: MemoryStream;
  private readonly decoder = new Decoder({ from: 'server' });
  private read = 0;

  constructor(
    readonly version: Version,
    broker: EmbeddedBroker,
    clock: ManualClock,
    private readonly model: Model,
    private readonly story: string[],
  ) {
    [this.stream, this.server] = memoryStreams();
    void serveStomp(this.server, { sessionId: 's', clock, limits, authenticate: () => broker.link() });
    this.decoder.version = version;
    this.stream.send(`CONNECT\naccept-version:${version}\nhost:h\n\n\0`);
  }

  say(command: string, headers: Record<string, string | undefined>, body = ''): void {
    const lines = Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name}:${value}\n`],
    );
    this.story.push(`${this.version} > ${command} ${lines.join('').replaceAll('\n', ' ')}${body}`);
    this.stream.send(`${command}\n${lines.join('')}\n${body}\0`);
  }

  cut(): void {
    this.story.push(`${this.version} is cut`);
    this.stream.cut();
    this.gone();
  }

  /** What it holds goes back, and what it was about to do is not done. */
  gone(): void {
    this.isOpen = false;
    const open = [...this.transactions.values()];
    this.transactions.clear();
    for (const { item } of open.flatMap(({ settlements }) => settlements)) this.model.back(item);
    for (const holding of this.holdings.values()) this.model.returned(holding);
    this.holdings.clear();
  }

  /** Frames that have come since last time. */
  *heard(): Generator<Frame> {
    const { sent } = this.server;
    for (; this.read < sent.length; this.read++) {
      this.decoder.push(sent[this.read]!);
      for (let frame = this.decoder.next(); frame !== undefined; frame = this.decoder.next()) {
        this.story.push(`${this.version} < ${frame.command} ${[...frame.headers].join(' ')} ${frame.text}`);
        yield frame;
      }
    }
  }

  take(frame: Frame): Item {
    const holding = this.holdings.get(frame.header('subscription')!);
    check(holding !== undefined, `a MESSAGE for the subscription ${frame.header('subscription')}, which is not there`);
    const isNamed = holding.ack !== 'auto' && this.version === '1.2';
    check((frame.header('ack') !== undefined) === isNamed, 'a header ack is there where none belongs, or missing');
    const name = frame.header(isNamed ? 'ack' : 'message-id')!;
    const count = frame.header('delivery-count');
    check((frame.header('redelivered') === 'true') === (count !== undefined), 'redelivered and delivery-count differ');
    return this.model.delivered(frame.text, name, holding, count === undefined ? undefined : Number(count));
  }

  /** What an ACK or NACK of a message is about, which from now on is out of reach. */
  settled(holding: Holding, name: string): [name: string, item: Item][] {
    const isCumulative = holding.ack === 'client' && this.version !== '1.0';
    const names = holding.given.filter((one) => holding.unsettled.has(one));
    const taken = isCumulative ? names.slice(0, names.indexOf(name) + 1) : [name];
    return taken.map((one) => {
      const item = holding.unsettled.get(one)!;
      holding.unsettled.delete(one);
      return [one, item];
    });
  }
}
