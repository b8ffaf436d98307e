import { describe, expect, it } from 'vitest';
import { type Delivery, EmbeddedBroker, WorkQueue } from '../../src/broker/index.js';
import { LimitError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { ManualClock } from '../../src/testing/index.js';

function start(limits: { queueMessages?: number; queueBytes?: number } = {}) {
  const clock = new ManualClock();
  const queue = new WorkQueue(
    '/queue/a',
    { queueMessages: 5, queueBytes: 100_000, queuedBytes: 1e6, ...limits },
    clock,
  );
  const offer = (body: string, headers: Record<string, string> = {}): void =>
    queue.offer({ destination: '/queue/a', headers: HeaderList.of(headers), body, id: body } satisfies Delivery);
  const listen = () => {
    const seen: unknown[] = [];
    const listener = { deliver: ({ body }: Delivery) => void seen.push(body) };
    queue.add(listener);
    return { seen, leave: () => queue.remove(listener) };
  };
  return { clock, queue, offer, listen };
}

describe('WorkQueue', () => {
  it('shares out in turn', () => {
    const { offer, listen } = start();
    const [one, two, three] = [listen(), listen(), listen()];
    for (const body of ['1', '2', '3', '4', '5', '6', '7']) offer(body);
    expect([one.seen, two.seen, three.seen]).toEqual([
      ['1', '4', '7'],
      ['2', '5'],
      ['3', '6'],
    ]);
  });

  it('goes on with those who stay', () => {
    const { offer, listen, queue } = start();
    const [one, two] = [listen(), listen()];
    offer('1');
    one.leave();
    for (const body of ['2', '3']) offer(body);
    expect([one.seen, two.seen]).toEqual([['1'], ['2', '3']]);
    two.leave();
    two.leave();
    expect(queue.isUnused).toBe(true);
  });

  it('keeps messages, in order, for who comes next', () => {
    const { offer, listen, queue } = start();
    for (const body of ['1', '2', '3']) offer(body);
    expect(queue.isUnused).toBe(false);
    expect(listen().seen).toEqual(['1', '2', '3']);
    const other = listen();
    expect(other.seen).toEqual([]);
  });

  it('keeps as many as its limits say, and says which limit', () => {
    const { offer, listen } = start();
    for (const body of ['1', '2', '3', '4', '5']) offer(body);
    expect(() => offer('6')).toThrow(LimitError);
    expect(() => offer('6')).toThrow(expect.objectContaining({ limit: 'queueMessages', code: 'ERR_QUEUE_FULL' }));
    expect(listen().seen).toEqual(['1', '2', '3', '4', '5']);
  });

  it.each([
    ['body', (offer: (body: string, headers?: Record<string, string>) => void) => offer('x'.repeat(4000))],
    [
      'headers',
      (offer: (body: string, headers?: Record<string, string>) => void) => offer('', { note: 'x'.repeat(4000) }),
    ],
  ])('counts bytes of the %s', (_, big) => {
    const { offer } = start({ queueBytes: 10_000 });
    big(offer);
    big(offer);
    expect(() => big(offer)).toThrow(expect.objectContaining({ limit: 'queueBytes' }));
  });

  it('counts the bytes of all queues of a broker, until they are taken or expire', () => {
    const clock = new ManualClock();
    const link = new EmbeddedBroker({ clock, limits: { queuedBytes: 10_000 } }).link();
    const send = (name: string, expiration?: string): void =>
      link.send({ destination: `/queue/${name}`, headers: HeaderList.of({ expiration }), body: 'x'.repeat(4000) });
    send('a');
    send('b', '1000');
    expect(() => send('c')).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL', limit: 'queuedBytes' }));
    clock.advance(1000);
    send('c');
    expect(() => send('d')).toThrow(LimitError);
    link.subscribe('/queue/a', () => {});
    send('d');
  });

  it('drops what has expired', () => {
    const { clock, offer, listen } = start();
    offer('1', { expiration: '1000' });
    offer('2');
    offer('3', { expiration: '3000' });
    offer('4', { expiration: '0' });
    offer('5', { expiration: 'soon' });
    clock.advance(1000);
    expect(listen().seen).toEqual(['2', '3', '4', '5']);
  });

  it('makes room by dropping what has expired, wherever it stands', () => {
    const { clock, offer, listen } = start();
    offer('1');
    for (const body of ['2', '3', '4', '5']) offer(body, { expiration: '1000' });
    clock.advance(1000);
    for (const body of ['6', '7', '8', '9']) offer(body);
    expect(() => offer('10')).toThrow(LimitError);
    expect(listen().seen).toEqual(['1', '6', '7', '8', '9']);
  });

  it('is unused once all has expired', () => {
    const { clock, offer, queue } = start();
    offer('1', { expiration: '1000' });
    expect(queue.isUnused).toBe(false);
    clock.advance(1000);
    expect(queue.isUnused).toBe(true);
  });

  it('knows whether somebody listens alone', () => {
    const { queue } = start();
    const [one, two] = [{ deliver: () => {} }, { deliver: () => {} }];
    queue.add(one);
    expect([queue.isExclusiveTo(one), queue.isExclusiveTo(two)]).toEqual([true, false]);
    queue.add(two);
    expect(queue.isExclusiveTo(one)).toBe(false);
  });
});
