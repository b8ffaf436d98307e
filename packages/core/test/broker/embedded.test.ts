// What is the embedded broker's own; what all brokers promise is in suites/broker.ts.

import { describe, expect, it } from 'vitest';
import { type Delivery, EmbeddedBroker, type EmbeddedBrokerOptions } from '../../src/broker/index.js';
import { LimitError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { encodeText } from '../../src/text.js';
import { ManualClock } from '../../src/testing/index.js';

function start(options: EmbeddedBrokerOptions = {}) {
  let names = 0;
  return new EmbeddedBroker({ clock: new ManualClock(), newName: () => `name-${++names}`, ...options });
}

const message = (destination: string, body: string | Uint8Array = 'x') => ({
  destination,
  headers: HeaderList.empty,
  body,
});

describe('EmbeddedBroker', () => {
  it('delivers at once, with who sent it', () => {
    const broker = start();
    const origin = { user: 'u' };
    const seen: Delivery[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    void broker.link({ origin }).send(message('/queue/a'));
    expect(seen).toHaveLength(1);
    expect(seen[0]!.origin).toBe(origin);
  });

  it('asks about what nobody listens to before it keeps it', () => {
    const asked: string[] = [];
    const undeliverable = ({ destination }: Delivery): boolean => {
      asked.push(destination);
      return destination === '/queue/rpc.none';
    };
    const broker = start({ undeliverable });
    const link = broker.link();
    void link.send(message('/queue/rpc.none'));
    void link.send(message('/queue/a'));
    link.subscribe('/queue/b', () => {});
    void link.send(message('/queue/b'));
    expect(asked).toEqual(['/queue/rpc.none', '/queue/a']);
    expect([broker.hasQueue('/queue/rpc.none'), broker.hasQueue('/queue/a')]).toEqual([false, true]);
  });

  it('commits what makes no queue, though more of them have come back than there may be', () => {
    const broker = start({ limits: { destinations: 2 } });
    const link = broker.link();
    const worker = broker.link().subscribe('/queue/c', () => {}, { ack: 'client-individual' });
    for (const name of ['c', 'a', 'b']) void link.send(message(`/queue/${name}`));
    worker.close();
    const transaction = link.begin();
    void transaction.send(message('/topic/t'));
    expect(() => void transaction.commit()).not.toThrow();
    expect(() => void link.send(message('/queue/d'))).toThrow('limits.destinations');
  });

  it('counts a queue that is kept by what was refused after its consumer had left', () => {
    const broker = start({ limits: { destinations: 3 } });
    const link = broker.link();
    const refuseLate = (name: string): void => {
      let delivery: Delivery | undefined;
      const subscription = link.subscribe(name, (one) => (delivery = one), { ack: 'client-individual' });
      void link.send(message(name));
      const transaction = link.begin();
      transaction.nack(delivery!);
      subscription.close();
      void transaction.commit();
    };
    for (const name of ['/queue/a', '/queue/b', '/queue/c']) refuseLate(name);
    expect(() => void link.send(message('/queue/d'))).toThrow('limits.destinations');
  });

  it('keeps nothing of an inbox that there is no room for', () => {
    const broker = start({ limits: { clientQueuedBytes: 40_000 } });
    const link = broker.link();
    const fill = (): void => {
      for (let one = 0; one < 1000; one++) link.inbox(() => {});
    };
    expect(fill).toThrow(LimitError);
    const used = broker.queuedBytes;
    expect(fill).toThrow(LimitError);
    expect(broker.queuedBytes).toBe(used);
  });

  it('waits for nothing once it is closed: neither for what expires nor for what comes again', () => {
    const clock = new ManualClock();
    const broker = start({ clock });
    const link = broker.link();
    void link.send({ ...message('/queue/a'), headers: HeaderList.of({ expiration: '600000' }) });
    void link.send(message('/queue/dead-letter.b'));
    void link.send(message('/queue/c'));
    link.subscribe('/queue/c', ({ nack }) => nack!(), { ack: 'client-individual' });
    expect(clock.pending).toBeGreaterThan(0);
    void link.close();
    broker.close();
    void broker.link().send({ ...message('/queue/a'), headers: HeaderList.of({ expiration: '600000' }) });
    expect([clock.pending, broker.queuedBytes]).toEqual([0, 0]);
  });

  it('hands replies to a temporary queue that was never subscribed to who takes them', () => {
    const broker = start();
    const seen: Delivery[] = [];
    const asker = broker.link({ unsubscribedReply: (delivery) => seen.push(delivery) });
    const service = broker.link();
    service.subscribe('/queue/work', ({ replyTo }) => void service.send(message(replyTo!, 're')));
    void asker.send({ ...message('/queue/work'), replyTo: '/temp-queue/never' });
    expect(seen).toMatchObject([{ destination: '/temp-queue/never', body: 're' }]);
  });

  it('gives addresses that nobody can guess from those of others', () => {
    const broker = new EmbeddedBroker();
    const addresses = [1, 2, 3].map(() => broker.link().inbox(() => {}).address);
    expect(new Set(addresses).size).toBe(3);
    for (const address of addresses) expect(address).toMatch(/^\/reply-queue\/[a-z0-9]{28}$/);
  });

  it('forgets the addresses and queues of a link that closes', async () => {
    const broker = start();
    const link = broker.link();
    const { address } = link.inbox(() => {});
    link.subscribe('/queue/a', () => {});
    expect(broker.ownsReplyAddress(address, link)).toBe(true);
    await link.close();
    expect(broker.ownsReplyAddress(address, link)).toBe(false);
    expect(broker.hasQueue('/queue/a')).toBe(false);
    void broker.link().send(message(address));
  });

  it.each(['/queue/a', '/topic/a'])(
    'keeps a copy of what waits in %s, not the chunk that it came in',
    (destination) => {
      const broker = start();
      const link = broker.link();
      const chunk = encodeText('....body....');
      const before = broker.history.cursor;
      void link.send(message(destination, chunk.subarray(4, 8)));
      chunk.fill(0);
      const seen: Delivery[] = [];
      link.subscribe(destination, (delivery) => seen.push(delivery), { after: before });
      expect(seen.map(({ body }) => new TextDecoder().decode(body as Uint8Array))).toEqual(['body']);
      expect((seen[0]!.body as Uint8Array).buffer.byteLength).toBe(4);
    },
  );

  it('tells the address of a temporary queue while it is subscribed', () => {
    const link = start().link();
    expect(link.addressOf('/temp-queue/rpc')).toBeUndefined();
    const subscription = link.subscribe('/temp-queue/rpc', () => {});
    const address = link.addressOf('/temp-queue/rpc');
    expect(link.addressOf('/temp-queue/rpc')).toBe(address);
    subscription.close();
    expect(link.addressOf('/temp-queue/rpc')).toBeUndefined();
  });

  it('lets a listener leave, send and subscribe while it is being told', () => {
    const link = start().link();
    const seen: string[] = [];
    const subscription = link.subscribe('/topic/a', () => {
      seen.push('first');
      subscription.close();
      link.subscribe('/topic/b', () => seen.push('second'));
      void link.send(message('/topic/b'));
    });
    void link.send(message('/topic/a'));
    void link.send(message('/topic/a'));
    expect(seen).toEqual(['first', 'second']);
  });
});

describe('a transaction', () => {
  it('is done all together, though what it sends comes back to take its own room', async () => {
    const broker = start({ limits: { clientQueuedBytes: 10_000 } });
    const link = broker.link();
    for (const _ of [1, 2]) link.subscribe('/topic/t', () => {}, { ack: 'client-individual', onEnd: () => {} });
    const transaction = link.begin();
    for (let one = 0; one < 6; one++) void transaction.send(message('/topic/t', 'x'.repeat(400)));
    for (let one = 0; one < 4; one++) void transaction.send(message('/queue/a', 'x'.repeat(400)));
    await transaction.commit();
    const seen: Delivery[] = [];
    broker.link().subscribe('/queue/a', (delivery) => seen.push(delivery));
    expect(seen).toHaveLength(4);
  });

  it('lets subscribers that are cut off in the midst of it leave', async () => {
    const broker = start();
    const [reader, link] = [broker.link(), broker.link()];
    let seen = 0;
    reader.subscribe('/topic/t', () => {
      if (++seen === 3) void Promise.resolve().then(() => reader.close());
    });
    const transaction = link.begin();
    for (let one = 0; one < 1000; one++) void transaction.send(message('/topic/t'));
    await transaction.commit();
    expect(seen).toBeLessThan(10);
    expect(broker.queuedBytes).toBe(0);
  });

  it('finds room where only what has expired is in the way', () => {
    const clock = new ManualClock();
    const broker = start({ clock, limits: { queueMessages: 1 } });
    const link = broker.link();
    void link.send({ ...message('/queue/a'), headers: HeaderList.of({ expiration: '10' }) });
    clock.advance(10);
    const transaction = link.begin();
    void transaction.send(message('/queue/a'));
    expect(() => transaction.commit()).not.toThrow();
  });
});

describe('what a transaction held comes back in the order in which it was sent', () => {
  /** A link that has been given 1, 2, 3 of one queue and left it, with these acknowledged; and one that waits for them. */
  const held = (order: readonly number[]) => {
    const broker = start();
    const link = broker.link();
    const hands: Delivery[] = [];
    const take = (delivery: Delivery): void => void hands.push(delivery);
    const subscription = link.subscribe('/queue/a', take, { ack: 'client-individual', prefetch: 3 });
    for (const body of ['1', '2', '3']) void link.send(message('/queue/a', body));
    const transaction = link.begin();
    for (const at of order) transaction.ack(hands[at]!);
    subscription.close();
    const seen: unknown[] = [];
    const wait = () => broker.link().subscribe('/queue/a', ({ body }) => seen.push(body));
    return { broker, link, transaction, seen, wait, hands };
  };

  it('by ABORT', () => {
    const { transaction, seen, wait } = held([2, 0, 1]);
    wait();
    expect(seen).toEqual([]);
    transaction.abort();
    expect(seen).toEqual(['1', '2', '3']);
  });

  it('by a COMMIT that is refused', () => {
    const { broker, link, transaction, seen, wait } = held([2, 1, 0]);
    wait();
    for (let one = 0; one < 1000; one++) void link.send(message(`/queue/n${one}`));
    void transaction.send(message('/queue/one-more'));
    expect(() => transaction.commit()).toThrow(expect.objectContaining({ code: 'ERR_DESTINATIONS' }));
    expect(seen).toEqual(['1', '2', '3']);
    expect(broker.hasQueue('/queue/one-more')).toBe(false);
  });

  it('with the end of the connection, before what its subscriptions give back', () => {
    const { link, transaction, seen, wait } = held([1, 0, 2]);
    // Two of its own take what comes meanwhile, the younger first to go.
    for (const body of ['4', '5']) {
      link.subscribe('/queue/a', () => {}, { ack: 'client-individual', prefetch: 1 });
      void link.send(message('/queue/a', body));
    }
    wait();
    void link.close();
    expect(seen).toEqual(['1', '2', '3', '4', '5']);
    transaction.abort();
    expect(seen).toHaveLength(5);
  });
});

describe('what is refused again and again', () => {
  const refuseAll = (clock: ManualClock, destination: string, broker: EmbeddedBroker): number => {
    const link = broker.link();
    let count = 0;
    link.subscribe(
      destination,
      (delivery) => {
        count++;
        delivery.nack!();
      },
      { ack: 'client-individual' },
    );
    void link.send(message(destination));
    for (let one = 0; one < 20; one++) clock.advance(30_000);
    return count;
  };

  it('can be read among the dead letters however long its name is', () => {
    const clock = new ManualClock();
    const broker = start({ clock });
    const name = 'n'.repeat(248);
    expect(refuseAll(clock, `/queue/${name}`, broker)).toBe(6);
    const seen: Delivery[] = [];
    broker.link().subscribe(`/queue/dead-letter.${name}`.slice(0, 255), (delivery) => seen.push(delivery));
    expect(seen.map(({ headers }) => headers.get('original-destination'))).toEqual([`/queue/${name}`]);
  });

  /** Refuses whatever comes to some queues, once: that is enough. */
  const sour = (options: EmbeddedBrokerOptions) => {
    const lost: string[] = [];
    const onLost = ({ destination }: Delivery, why: Error): void => void lost.push(`${destination}: ${why.message}`);
    const broker = start({ ...options, limits: { deliveries: 1, ...options.limits }, onLost });
    const worker = broker.link();
    const refuse = (name: string) =>
      worker.subscribe(name, (delivery) => delivery.nack!(), { ack: 'client-individual' });
    return { broker, lost, refuse };
  };

  it('counts as a queue that its sender has brought into being', () => {
    const { broker, lost, refuse } = sour({ limits: { destinations: 2 } });
    const [sender, other] = [broker.link(), broker.link()];
    for (const name of ['a', 'b', 'c']) {
      const work = refuse(`/queue/${name}`);
      for (let one = 0; one < 3; one++) void sender.send(message(`/queue/${name}`));
      work.close();
    }
    const kept = ['a', 'b', 'c'].map((name) => broker.hasQueue(`/queue/dead-letter.${name}`));
    expect(kept).toEqual([true, true, false]);
    const why = '/queue/c: this connection has reached limits.destinations, which is 2';
    expect(lost).toEqual([why, why, why]);
    expect(() => sender.send(message('/queue/d'))).toThrow(expect.objectContaining({ code: 'ERR_DESTINATIONS' }));
    // Others have names of their own, and what has been read leaves its own free.
    void other.send(message('/queue/d'));
    broker.link().subscribe('/queue/dead-letter.a', () => {});
    void sender.send(message('/queue/dead-letter.b'));
    broker
      .link()
      .subscribe('/queue/dead-letter.b', () => {})
      .close();
    void sender.send(message('/queue/e'));
  });

  it('is kept among the dead letters for so long, and not for ever', () => {
    const clock = new ManualClock();
    const { broker, refuse } = sour({ clock, limits: { deadLetterTime: 10_000 } });
    refuse('/queue/a');
    const before = broker.queuedBytes;
    void broker.link().send(message('/queue/a'));
    clock.advance(9999);
    expect(broker.hasQueue('/queue/dead-letter.a')).toBe(true);
    clock.advance(1);
    expect(broker.hasQueue('/queue/dead-letter.a')).toBe(false);
    expect(broker.queuedBytes).toBe(before);
  });

  it.each(['/temp-queue/own', '/topic/own'])('of %s is nobody else’s to read, and goes on coming', (destination) => {
    const clock = new ManualClock();
    const broker = start({ clock });
    expect(refuseAll(clock, destination, broker)).toBeGreaterThan(10);
    expect(broker.hasQueue('/queue/dead-letter.own')).toBe(false);
  });
});

it('a temporary queue subscribed twice is there until both have left', () => {
  const broker = start();
  const link = broker.link();
  const seen: string[] = [];
  link.subscribe('/temp-queue/a', () => seen.push('first'));
  const second = link.subscribe('/temp-queue/a', () => seen.push('second'));
  const address = link.addressOf('/temp-queue/a')!;
  void broker.link().send(message(address));
  second.close();
  void broker.link().send(message(address));
  expect(seen).toEqual(['second', 'first']);
});
