// A running broker as an engine for the suite over all brokers: each test has names of its own there, for what another
// test has left must not be in its way.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Broker, Delivery, Message } from '@sallyport/core/broker';
import { StompBroker } from '@sallyport/core/client';
import { dial } from '../../packages/node/src/dial-url.js';
import type { Engine } from '../../packages/core/test/suites/broker.js';

/** Long enough for who was cut off to be missed by the broker, milliseconds. */
const AWAY = 300;

export function sharedEngine(url: () => string): Promise<Engine> {
  const apart = new Apart();
  const brokers = new Map<Broker, StompBroker>();
  const marks = new Marks(apart.name('/topic/marks'));
  return Promise.resolve({
    async connect() {
      const stomp = new StompBroker({
        host: '/',
        auth: { login: 'guest', passcode: 'guest' },
        dial: () => dial(new URL(url()), {}),
        random: () => 1,
        firstDelay: AWAY,
      });
      await stomp.connected;
      await marks.watch(stomp);
      const broker = apart.of(stomp);
      brokers.set(broker, stomp);
      return broker;
    },
    settle: () => marks.reachAll(),
    confirm: (broker, message) => brokers.get(broker)!.sendConfirmed(apart.renamed(message)),
    cut: (broker) => marks.cut(brokers.get(broker)!),
    async close() {
      await Promise.all([...brokers.values()].map((stomp) => stomp.close()));
    },
  });
}

/** Names that no other test has. */
class Apart {
  readonly #token = randomUUID().slice(0, 8);

  name(destination: string): string {
    return destination.replace(/^(\/(?:topic|queue)\/)(?=.)/, `$1${this.#token}.`);
  }

  renamed(message: Message): Message {
    return { ...message, destination: this.name(message.destination) };
  }

  /** A broker that has these names and tells the plain ones. */
  of(broker: Broker): Broker {
    const plain = (delivery: Delivery): Delivery => ({
      ...delivery,
      destination: delivery.destination.replace(`${this.#token}.`, ''),
    });
    return {
      can: broker.can,
      get state() {
        return broker.state;
      },
      send: (message) => broker.send(this.renamed(message)),
      subscribe: (destination, on, options) =>
        broker.subscribe(this.name(destination), (delivery) => on(plain(delivery)), options),
      inbox: (on) => broker.inbox(on),
      begin: () => {
        const transaction = broker.begin!();
        return {
          send: (message) => transaction.send(this.renamed(message)),
          ack: (delivery) => transaction.ack(delivery),
          nack: (delivery) => transaction.nack(delivery),
          commit: () => transaction.commit(),
          abort: () => transaction.abort(),
        };
      },
      onState: (listener) => broker.onState(listener),
      close: () => broker.close(),
    };
  }
}

/** When everybody has got everybody's mark, twice, what was sent before has arrived. */
class Marks {
  readonly #topic: string;
  /** How many marks each has still to get. */
  readonly #missing = new Map<StompBroker, number>();
  #look = (): void => {};

  constructor(topic: string) {
    this.#topic = topic;
  }

  async watch(broker: StompBroker): Promise<void> {
    const count = (): void => {
      this.#missing.set(broker, this.#missing.get(broker)! - 1);
      this.#look();
    };
    await broker.subscribe(this.#topic, count).ready;
    this.#missing.set(broker, 0);
  }

  /** Loses a connection; nobody waits for it until it is back with its subscriptions. */
  async cut(broker: StompBroker): Promise<void> {
    this.#missing.delete(broker);
    const back = new Promise<void>((resolve) => broker.onState((state) => state === 'up' && resolve()));
    broker.cut();
    await back;
    await broker.sendConfirmed({ destination: `${this.#topic}.other`, body: '' });
    this.#missing.set(broker, 0);
  }

  async reachAll(): Promise<void> {
    for (const broker of this.#missing.keys()) if (broker.state !== 'up') this.#missing.delete(broker);
    for (let round = 0; round < 2; round++) {
      const brokers = [...this.#missing.keys()];
      const all = new Promise<void>((resolve) => {
        this.#look = () => brokers.every((broker) => this.#missing.get(broker)! <= 0) && resolve();
      });
      for (const broker of brokers) this.#missing.set(broker, brokers.length);
      for (const broker of brokers) void broker.send({ destination: this.#topic, body: 'mark' });
      this.#look();
      await all;
    }
    await delay(5);
  }
}
