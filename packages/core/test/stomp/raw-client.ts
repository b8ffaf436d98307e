// A client that says exactly what a test writes, and a server for it.

import { EmbeddedBroker, type EmbeddedBrokerOptions } from '../../src/broker/index.js';
import { concatBytes } from '../../src/text.js';
import { serveStomp, type StompServerOptions, type Version } from '../../src/stomp/index.js';
import { ManualClock, type MemoryStream, memoryStreams, settled } from '../../src/testing/index.js';
import { decode, octets, type Plain } from './feeding.js';

/** Until nothing goes on any more without time passing, however small the chunks are. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 40; turn++) await settled();
}

export class RawClient {
  readonly stream: MemoryStream;
  /** The server's end of the connection. */
  readonly server: MemoryStream;
  /** What serveStomp resolved with; `running` before it did. */
  outcome: Error | undefined | 'running' = 'running';

  constructor(
    readonly clock: ManualClock,
    options: StompServerOptions,
    chunk?: number,
    /** The version that the server's frames are read in. */
    private readonly version: Version | undefined = '1.2',
  ) {
    [this.stream, this.server] = memoryStreams(chunk === undefined ? {} : { chunk });
    void serveStomp(this.server, options).then((outcome) => (this.outcome = outcome));
  }

  /** Sends text as it stands and waits for what comes of it. */
  async say(text: string | Uint8Array): Promise<void> {
    this.stream.send(text);
    await quiet();
  }

  /** All octets that the server has sent. */
  get bytes(): Uint8Array {
    const { sent } = this.server;
    return concatBytes(
      sent,
      sent.reduce((sum, part) => sum + part.length, 0),
    );
  }

  get octets(): string {
    return octets(this.bytes);
  }

  /** All frames that the server has sent. */
  get frames(): Plain[] {
    return decode([this.bytes], { from: 'server', version: this.version, limits: { leadingEols: Infinity } });
  }

  get commands(): string[] {
    return this.frames.map(({ command }) => command);
  }

  /** A header of the last frame. */
  last(name: string): string | undefined {
    const { headers = [] } = this.frames.at(-1) ?? {};
    return headers.find((_, at) => at % 2 === 1 && headers[at - 1] === name);
  }
}

export interface Setup {
  clock: ManualClock;
  broker: EmbeddedBroker;
  client: RawClient;
}

/** A server with a broker of its own and a client that has said nothing yet. */
export function setUp(
  options: Partial<StompServerOptions> & { chunk?: number; version?: Version; broker?: EmbeddedBrokerOptions } = {},
): Setup {
  const clock = new ManualClock();
  const broker = new EmbeddedBroker({ clock, ...options.broker });
  const server: StompServerOptions = { sessionId: 's1', clock, authenticate: () => broker.link(), ...options };
  return { clock, broker, client: new RawClient(clock, server, options.chunk, options.version) };
}

/** As {@link setUp}, and the client has connected. */
export async function connected(options: Parameters<typeof setUp>[0] = {}): Promise<Setup> {
  const setup = setUp(options);
  await setup.client.say(`CONNECT\naccept-version:${options.version ?? '1.2'}\nhost:h\n\n\0`);
  return setup;
}
