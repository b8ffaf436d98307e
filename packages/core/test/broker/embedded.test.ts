// What is the embedded broker's own; what all brokers promise is in suites/broker.ts.

import { describe, expect, it } from 'vitest';
import { type Delivery, EmbeddedBroker, type EmbeddedBrokerOptions } from '../../src/broker/index.js';
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
