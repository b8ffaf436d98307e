import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Consumer, type Delivery, EmbeddedBroker, type QueueHost, Quota, WorkQueue } from '../../src/broker/index.js';
import { HandOut } from '../../src/broker/hand-out.js';
import { WaitingLine } from '../../src/broker/waiting-line.js';
import { LimitError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { ManualClock } from '../../src/testing/index.js';

const enough = {
  queueMessages: 5,
  queueBytes: 100_000,
  deliveries: 3,
  redeliveryDelay: 100,
  longestRedeliveryDelay: 150,
  deadLetterTime: 60_000,
};

/** The date of a test when its clock stands at 0. */
const EPOCH = 1_700_000_000_000;

function start(limits: Partial<QueueHost['limits']> = {}, name = '/queue/a') {
  const clock = new ManualClock();
  const began = clock.now();
  const quota = new Quota('queuedBytes', 1e6);
  const buried: string[] = [];
  let idle = 0;
  const queue = new WorkQueue(name, {
    limits: { ...enough, ...limits },
    clock,
    handOut: new HandOut(),
    wallClock: () => EPOCH + clock.now() - began,
    bury: ({ delivery, attempts }) => buried.push(`${delivery.id} after ${attempts}`),
    idle: () => idle++,
  });
  const offer = (body: string, headers: Record<string, string> = {}): void =>
    void queue.offer({ destination: name, headers: HeaderList.of(headers), body, id: body } satisfies Delivery, quota);
  const listen = (prefetch?: number) => {
    const seen: unknown[] = [];
    const hands: Delivery[] = [];
    const consumer = new Consumer((delivery) => {
      seen.push(delivery.body);
      hands.push(delivery);
    }, prefetch);
    queue.add(consumer);
    return { seen, hands, leave: () => queue.remove(consumer) };
  };
  return { clock, queue, quota, offer, listen, buried, idle: () => idle };
}

describe('WorkQueue', () => {
  it('puts those that come back one by one before all that came later', () => {
    const { clock, offer, listen } = start({ queueMessages: 10 });
    const one = listen(3);
    for (const body of ['1', '2', '3', '4', '5', '6', '7', '8']) offer(body);
    for (const at of [2, 0, 1]) one.hands[at]!.nack!();
    expect(one.seen.slice(3)).toEqual(['4', '5', '6']);
    clock.advance(100);
    for (let at = 3; at < 11; at++) one.hands[at]!.ack!();
    expect(one.seen.slice(6)).toEqual(['1', '2', '3', '7', '8']);
  });

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
    const link = new EmbeddedBroker({ clock, limits: { queuedBytes: 12_500 } }).link();
    const send = (name: string, expiration?: string): void =>
      void link.send({ destination: `/queue/${name}`, headers: HeaderList.of({ expiration }), body: 'x'.repeat(4000) });
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

  it('looks for what has expired once a second, however many there are, and before it refuses', () => {
    const { clock, offer, listen, quota } = start();
    for (const time of ['10', '20', '30', '40', '50']) offer(time, { expiration: time });
    clock.advance(500);
    expect(quota.used).toBeGreaterThan(0);
    for (const body of ['a', 'b', 'c', 'd', 'e']) offer(body, { expiration: '600' });
    expect(() => offer('f')).toThrow(LimitError);
    clock.advance(600);
    expect(listen().seen).toEqual([]);
    clock.advance(1000);
    expect(quota.used).toBe(0);
  });

  it('looks through a full line seldom, however often it is found full', () => {
    const { take } = WaitingLine.prototype;
    let looked = 0;
    const spy = vi.spyOn(WaitingLine.prototype, 'take').mockImplementation(function (this: WaitingLine, wanted) {
      return take.call(this, (item) => {
        looked++;
        return wanted(item);
      });
    });
    onTestFinished(() => spy.mockRestore());
    const most = 3000;
    const { clock, offer } = start({ queueMessages: most, queueBytes: 1e9 }, '/queue/a');
    for (let at = 1; at <= most; at++) offer(String(at), { expires: String(EPOCH + 500 + at) });
    const refused = () => {
      try {
        offer('more', { expires: String(EPOCH + 100_000) });
        return false;
      } catch {
        return true;
      }
    };
    let refusals = 0;
    // While nothing has expired nobody looks at all; then one message expires in each millisecond.
    for (let send = 0; send < 5000; send++) if (refused()) refusals++;
    expect({ refusals, looked }).toEqual({ refusals: 5000, looked: 0 });
    clock.advance(500);
    for (let time = 0; time < 400; time++) {
      clock.advance(1);
      for (let send = 0; send < 50; send++) if (refused()) refusals++;
    }
    // A thousand in each millisecond, and what the alarm looks at.
    expect(looked).toBeLessThan(400 * 1000 + most);
    // What had expired has made room all the same.
    expect(refusals).toBeLessThan(5000 + 400 * 50 - 300);
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
    const [one, two] = [new Consumer(() => {}), new Consumer(() => {})];
    queue.add(one);
    expect([queue.isExclusiveTo(one), queue.isExclusiveTo(two)]).toEqual([true, false]);
    queue.add(two);
    expect(queue.isExclusiveTo(one)).toBe(false);
  });

  it.each([
    ['/queue/dead-letter.a', ['sooner']],
    ['/queue/a', ['sooner', 'later', 'never']],
  ])('keeps what is in %s no longer than it may', (name, gone) => {
    const { clock, offer, listen, quota } = start({ deadLetterTime: 10_000 }, name);
    offer('sooner', { expiration: '5000' });
    offer('later', { expiration: '15000' });
    offer('never');
    const { used } = quota;
    clock.advance(6000);
    expect(quota.used).toBeLessThan(used);
    clock.advance(6000);
    expect(listen().seen).toEqual(gone.length === 1 ? [] : ['later', 'never']);
  });

  it('drops what is past the date in `expires`, as if it had never come', () => {
    const { clock, offer, listen, queue, quota } = start();
    offer('gone', { expires: String(EPOCH - 1) });
    offer('soon', { expires: String(EPOCH + 1000) });
    offer('never', { expires: '0' });
    clock.advance(1000);
    const { seen } = listen();
    offer('late', { expires: String(EPOCH) });
    expect(seen).toEqual(['never']);
    expect([quota.used, queue.isUnused]).toEqual([0, false]);
  });

  it('tells when there is nothing left, be it by time', () => {
    const { clock, offer, listen, idle, quota } = start();
    offer('1', { expiration: '1000' });
    expect(idle()).toBe(0);
    clock.advance(1000);
    expect([idle(), quota.used]).toEqual([1, 0]);
    listen().leave();
    expect(idle()).toBe(2);
  });
});

describe('WorkQueue with consumers that have no room', () => {
  it('lets others have what one cannot take, and goes on when it can', async () => {
    const { queue, offer, listen } = start();
    let makeRoom = (): void => {};
    const seen: unknown[] = [];
    queue.add(
      new Consumer(({ body }) => {
        seen.push(body);
        return new Promise<void>((resolve) => (makeRoom = resolve));
      }),
    );
    offer('1');
    offer('2');
    expect(seen).toEqual(['1']);
    const other = listen();
    offer('3');
    expect(other.seen).toEqual(['2', '3']);
    other.leave();
    offer('4');
    makeRoom();
    await Promise.resolve();
    await Promise.resolve();
    expect(seen).toEqual(['1', '4']);
  });
});

describe('WorkQueue with acknowledgement', () => {
  it('hands out as many as may be outstanding, and keeps them until they are acknowledged', () => {
    const { offer, listen, queue, quota } = start();
    const { seen, hands, leave } = listen(2);
    for (const body of ['1', '2', '3']) offer(body);
    expect(seen).toEqual(['1', '2']);
    hands[1]!.ack!();
    expect(seen).toEqual(['1', '2', '3']);
    hands[0]!.ack!();
    hands[2]!.ack!();
    leave();
    expect([queue.isUnused, quota.used]).toEqual([true, 0]);
  });

  it('counts what is outstanding among what it keeps', () => {
    const { offer, listen } = start();
    listen(10);
    for (const body of ['1', '2', '3', '4', '5']) offer(body);
    expect(() => offer('6')).toThrow(expect.objectContaining({ limit: 'queueMessages' }));
  });

  it('gives back what was not acknowledged, in its old place, and says that it comes again', () => {
    const { offer, listen } = start();
    const one = listen(3);
    for (const body of ['1', '2', '3', '4']) offer(body);
    one.hands[1]!.ack!();
    one.leave();
    const two = listen(10);
    expect(two.seen).toEqual(['1', '3', '4']);
    expect(two.hands.map(({ attempt }) => attempt)).toEqual([2, 2, 2]);
    one.hands[0]!.ack!();
    one.hands[0]!.nack!();
    expect(two.seen).toHaveLength(3);
  });

  it('leaves what a transaction holds in the hand of who has left, until it is settled or released', () => {
    const { offer, listen, queue, idle } = start();
    const one = listen(3);
    for (const body of ['1', '2', '3']) offer(body);
    one.hands[0]!.hold!();
    one.hands[1]!.hold!();
    one.leave();
    const two = listen(10);
    expect(two.seen).toEqual(['3']);
    one.hands[0]!.release!();
    one.hands[0]!.release!();
    one.hands[0]!.ack!();
    expect(two.seen).toEqual(['3', '1']);
    two.hands.forEach((delivery) => delivery.ack!());
    two.leave();
    expect(queue.isUnused).toBe(false);
    one.hands[1]!.ack!();
    expect([queue.isUnused, idle()]).toEqual([true, 1]);
  });

  it('gives back what was released before its consumer left', () => {
    const { offer, listen } = start();
    const one = listen(3);
    offer('1');
    one.hands[0]!.hold!();
    one.hands[0]!.release!();
    one.leave();
    expect(listen().seen).toEqual(['1']);
  });

  it('gives it at once to others who are there', () => {
    const { offer, listen } = start();
    const [one, two] = [listen(5), listen()];
    for (const body of ['1', '2', '3']) offer(body);
    expect([one.seen, two.seen]).toEqual([['1', '3'], ['2']]);
    one.leave();
    expect(two.seen).toEqual(['2', '1', '3']);
  });

  it('keeps back what was refused, longer each time, and buries it in the end', () => {
    const { clock, offer, listen, buried, quota } = start();
    const { seen, hands } = listen(1);
    offer('1');
    offer('2');
    hands[0]!.nack!();
    expect(seen).toEqual(['1', '2']);
    hands[1]!.ack!();
    clock.advance(99);
    expect(seen).toHaveLength(2);
    clock.advance(1);
    expect(hands[2]).toMatchObject({ id: '1', attempt: 2 });
    hands[2]!.nack!();
    clock.advance(149);
    expect(seen).toHaveLength(3);
    clock.advance(1);
    hands[3]!.nack!();
    clock.advance(100_000);
    expect([seen.length, buried, quota.used]).toEqual([4, ['1 after 3'], 0]);
  });

  it('hands each one out to one at a time, and settles it once', () => {
    const { clock, offer, listen, buried } = start();
    const one = listen(5);
    offer('1');
    one.hands[0]!.nack!();
    one.hands[0]!.nack!();
    one.hands[0]!.ack!();
    clock.advance(100);
    expect(one.seen).toEqual(['1', '1']);
    one.hands[0]!.ack!();
    one.leave();
    expect(listen().seen).toEqual(['1']);
    expect(buried).toEqual([]);
  });

  it('serves a consumer that acknowledges at once without piling up calls', () => {
    const { queue, offer } = start({ queueMessages: 100_000, queueBytes: 1e9 });
    for (let n = 0; n < 3000; n++) offer(String(n));
    const seen: unknown[] = [];
    queue.add(
      new Consumer((delivery) => {
        seen.push(delivery.body);
        delivery.ack!();
      }, 1),
    );
    expect(seen).toHaveLength(3000);
    expect(seen.at(-1)).toBe('2999');
  });
});
