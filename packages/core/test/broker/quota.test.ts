import { expect, it } from 'vitest';
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
