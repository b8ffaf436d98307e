import { describe, expect, it } from 'vitest';
import { EmbeddedBroker, Quota } from '../../src/broker/index.js';
import { HeaderList } from '../../src/header-list.js';

it('Quota takes from itself and from those above, or from none of them', () => {
  const all = new Quota('queuedBytes', 100);
  const one = new Quota('clientQueuedBytes', 60, all);
  const other = new Quota('clientQueuedBytes', 60, all);
  one.take(50);
  expect(() => one.take(11)).toThrow(expect.objectContaining({ limit: 'clientQueuedBytes', code: 'ERR_QUEUE_FULL' }));
  expect(() => other.take(51)).toThrow(expect.objectContaining({ limit: 'queuedBytes' }));
  other.take(50);
  expect([one.used, other.used, all.used]).toEqual([50, 50, 100]);
  one.release(50);
  expect([one.used, other.used, all.used]).toEqual([0, 50, 50]);
});

it('EmbeddedBroker leaves room for others, whatever one client, or one address, has filled', () => {
  const limits = { clientQueuedBytes: 10_000, addressQueuedBytes: 15_000, queuedBytes: 30_000 };
  const broker = new EmbeddedBroker({ limits });
  const fill = (address: string): string => {
    const link = broker.link({ address });
    try {
      for (;;) void link.send({ destination: '/queue/x', headers: HeaderList.empty, body: 'x'.repeat(4000) });
    } catch (error) {
      return (error as { limit: string }).limit;
    } finally {
      void link.close();
    }
  };
  expect([fill('a'), fill('a'), fill('b')]).toEqual(['clientQueuedBytes', 'addressQueuedBytes', 'clientQueuedBytes']);
  broker
    .link()
    .subscribe('/queue/x', () => {})
    .close();
  expect(broker.queuedBytes).toBe(0);
  expect(fill('a')).toBe('clientQueuedBytes');
});

describe('queues that nobody listens to', () => {
  const limits = { destinations: 3, clientQueuedBytes: 20_000, addressQueuedBytes: 30_000, queuedBytes: 50_000 };
  const message = (destination: string) => ({ destination, headers: HeaderList.empty, body: '' });

  function start(more: Partial<typeof limits> = {}) {
    const broker = new EmbeddedBroker({ limits: { ...limits, ...more } });
    let made = 0;
    /** Fills so many queues of their own, and leaves. */
    const leave = (address: string, queues = 3): void => {
      const link = broker.link({ address });
      try {
        for (let at = 0; at < queues; at++) void link.send(message(`/queue/${++made}`));
      } finally {
        void link.close();
      }
    };
    return { broker, leave };
  }

  it('count beyond the end of who filled them, for its address', () => {
    const { broker, leave } = start();
    expect(() => {
      for (let turn = 0; turn < 100; turn++) leave('a');
    }).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL', limit: 'addressQueuedBytes' }));
    expect(broker.queuedBytes).toBeGreaterThan(28_000);
    // Others have room of their own.
    leave('b');
  });

  it('cost what they cost, until they are empty', () => {
    const { broker, leave } = start();
    leave('a', 1);
    expect(broker.queuedBytes).toBeGreaterThan(1400);
    const reader = broker.link();
    const seen: string[] = [];
    reader.subscribe('/queue/1', ({ destination }) => seen.push(destination));
    expect([seen, broker.queuedBytes]).toEqual([['/queue/1'], 0]);
    void reader.close();
    expect([broker.hasQueue('/queue/1'), broker.queuedBytes]).toEqual([false, 0]);
  });

  it('are those of their filler again when a listener gives back what it has not acknowledged', () => {
    const { broker } = start();
    const sender = broker.link({ address: 'a' });
    const reader = broker.link({ address: 'b' });
    const listen = (name: string) => reader.subscribe(name, () => {}, { ack: 'client-individual', prefetch: 1 });
    for (const name of ['/queue/1', '/queue/2', '/queue/3']) {
      const subscription = listen(name);
      void sender.send(message(name));
      subscription.close();
    }
    const { queuedBytes } = broker;
    expect(queuedBytes).toBeGreaterThan(3 * 1400);
    expect(() => sender.send(message('/queue/4'))).toThrow(expect.objectContaining({ limit: 'destinations' }));
    const again = listen('/queue/1');
    expect(broker.queuedBytes).toBeLessThan(queuedBytes - 1100);
    // As long as somebody listens, it is not there because of what waits.
    void sender.send(message('/queue/4'));
    again.close();
    expect(() => sender.send(message('/queue/5'))).toThrow(expect.objectContaining({ limit: 'destinations' }));
  });

  it('cost nothing where a message was refused', () => {
    const { broker } = start({ clientQueuedBytes: 1400 });
    const link = broker.link();
    expect(() => link.send(message('/queue/1'))).toThrow(expect.objectContaining({ limit: 'clientQueuedBytes' }));
    expect([broker.hasQueue('/queue/1'), broker.queuedBytes]).toEqual([false, 0]);
  });

  it('are all made by a transaction, or none of them', () => {
    // Room for both messages, and for one queue.
    const { broker } = start({ clientQueuedBytes: 2500 });
    const link = broker.link();
    const transaction = link.begin();
    void transaction.send(message('/queue/1'));
    void transaction.send(message('/queue/2'));
    expect(() => transaction.commit()).toThrow(expect.objectContaining({ limit: 'clientQueuedBytes' }));
    expect([broker.hasQueue('/queue/1'), broker.queuedBytes]).toEqual([false, 0]);
  });
});

describe('what ends with its connection', () => {
  const limits = { clientQueuedBytes: 30_000, addressQueuedBytes: 40_000, queuedBytes: 1e6 };

  it('counts beyond the little that every connection needs, and is free again', () => {
    const broker = new EmbeddedBroker({ limits });
    const link = broker.link({ address: 'a' });
    link.subscribe('/topic/a', () => {});
    link.inbox(() => {});
    expect(broker.queuedBytes).toBe(0);
    const many = (): void => {
      for (let at = 0; at < 100; at++) link.subscribe(`/topic/a.${at}`, () => {});
    };
    expect(many).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL', limit: 'clientQueuedBytes' }));
    expect(broker.queuedBytes).toBeGreaterThan(28_000);
    // Somebody else is served, whatever has been used up.
    const other = broker.link({ address: 'a' });
    other.subscribe('/topic/a', () => {});
    other.inbox(() => {});
    void link.close();
    expect(broker.queuedBytes).toBe(0);
  });

  it('is counted by the names that answers are to go to', () => {
    const broker = new EmbeddedBroker({ limits });
    const link = broker.link({ address: 'a' });
    const ask = (): void => {
      for (let at = 0; at < 200; at++) {
        const replyTo = `/temp-queue/${at}.${'x'.repeat(200)}`;
        void link.send({ destination: '/topic/a', headers: HeaderList.empty, body: '', replyTo });
      }
    };
    expect(ask).toThrow(expect.objectContaining({ limit: 'clientQueuedBytes' }));
    void link.close();
    expect(broker.queuedBytes).toBe(0);
  });

  it('keeps nothing of a subscription that was refused', () => {
    const broker = new EmbeddedBroker({ limits });
    const link = broker.link();
    for (let at = 0; at < 100; at++) expect(() => link.subscribe('/topic/a.#.b', () => {})).toThrow();
    link.subscribe('/topic/a', () => {});
  });
});

it('a message counts with its many small headers', () => {
  const broker = new EmbeddedBroker();
  const headers = new HeaderList(Array.from({ length: 128 }, (_, at) => String.fromCharCode(97 + (at % 26))));
  void broker.link().send({ destination: '/queue/a', headers, body: '' });
  expect(broker.queuedBytes).toBeGreaterThan(128 * 16);
});
