// What starting, killing and starting again have in common, whichever broker it is.

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from './ports.js';
import type { Program } from './program.js';

/** A broker of its own for a test file, which takes login `guest` with passcode `guest`. */
export interface TestBroker {
  /** By transport. */
  readonly urls: Record<string, string>;
  /** What is to be trusted where there is TLS, PEM. */
  readonly certificate?: string | undefined;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** On the same ports, with the same data. */
  startAgain(): Promise<void>;
  /** For good; nothing is left. */
  stop(): Promise<void>;
}

/** One kind of broker. */
export interface BrokerKind {
  readonly name: string;
  /** How many ports it needs; the first is STOMP's. */
  readonly ports: number;
  urls(ports: readonly number[]): Record<string, string>;
  /** Writes what it needs into its folder; resolves with the certificate to trust, if it shows one. */
  prepare(folder: string, ports: readonly number[]): Promise<string | undefined>;
  /** Starts its programs; the broker itself is the last one. */
  start(folder: string, ports: readonly number[]): Program[];
}

/** How long a start may take on a machine that is busy, milliseconds. */
const START = 90_000;
/** How often to look whether it answers, milliseconds. */
const LOOK = 50;

/** Starts it, and resolves when it answers CONNECT. Other ports are tried if somebody was quicker to take one. */
export async function startBroker(kind: BrokerKind): Promise<TestBroker> {
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(kind.ports);
    const folder = await mkdtemp(join(tmpdir(), `sallyport-${kind.name.toLowerCase()}-`));
    const broker = new RunningBroker(kind, folder, ports);
    try {
      broker.certificate = await kind.prepare(folder, ports);
      await broker.startAgain();
      return broker;
    } catch (error) {
      const isClash = /in.?use/i.test((error as Error).message);
      await broker.stop();
      if (!isClash || attempt === 3) throw error;
    }
  }
}

class RunningBroker implements TestBroker {
  readonly urls: Record<string, string>;
  certificate: string | undefined;
  #programs: Program[] = [];

  constructor(
    private readonly kind: BrokerKind,
    private readonly folder: string,
    private readonly ports: readonly number[],
  ) {
    this.urls = kind.urls(ports);
  }

  async startAgain(): Promise<void> {
    this.#programs = this.kind.start(this.folder, this.ports);
    const broker = this.#programs.at(-1)!;
    const until = performance.now() + START;
    for (const url of Object.values(this.urls)) {
      while (!(await answers(Number(new URL(url).port), url.startsWith('tcp:')))) {
        if (broker.hasEnded || performance.now() > until) throw new Error(await this.#whyNot());
        await delay(LOOK);
      }
    }
  }

  async kill(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.kill()));
  }

  async stop(): Promise<void> {
    await this.kill();
    // What the program had started in turn may need a moment to notice.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #whyNot(): Promise<string> {
    const log = await readFile(join(this.folder, `${this.kind.name}.log`), 'utf8').catch(() => '(no log)');
    return `${this.kind.name} did not start:\n${log.slice(-4000)}`;
  }
}

/** Whether a port takes connections, and answers CONNECT if STOMP is spoken there. */
function answers(port: number, isStomp: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(5000, () => settle(false));
    socket.on('error', () => settle(false)).on('close', () => settle(false));
    socket.on('connect', () => {
      if (isStomp) socket.write('CONNECT\naccept-version:1.2\nhost:/\nlogin:guest\npasscode:guest\n\n\0');
      else settle(true);
    });
    socket.on('data', (data) => settle(data.toString().startsWith('CONNECTED\n')));
  });
}
