// Who floods is slowed down by those who read; by those who do not, only for a moment.

import { expect, test } from 'vitest';
import { type Delivery, EmbeddedBroker, type EmbeddedLink } from '../../src/broker/index.js';
import { Deferred } from '../../src/deferred.js';
import { HeaderList } from '../../src/header-list.js';
import { ManualClock, settled } from '../../src/testing/index.js';

function start(limits = {}) {
  const clock = new ManualClock();
  const broker = new EmbeddedBroker({ clock, limits });
  const send = (link: EmbeddedLink, destination: string) =>
    link.send({ destination, headers: HeaderList.empty, body: 'x'.repeat(1000) });
  return { clock, broker, send };
}

/** A subscriber that has no room after each delivery until it is given some. */
function slow(link: EmbeddedLink, destination: string) {
  const seen: Delivery[] = [];
  let room = new Deferred();
  link.subscribe(destination, (delivery) => {
    seen.push(delivery);
    return room.promise;
  });
  return {
    seen,
    get room() {
      return room;
    },
    async read() {
      room.resolve();
      room = new Deferred();
      await settled();
    },
  };
}

async function isSettled(promise: Promise<void> | undefined): Promise<boolean> {
  let done = promise === undefined;
  void promise?.then(() => (done = true));
  await settled();
  return done;
}

test('a sender to a topic waits for a subscriber that reads', async () => {
  const { broker, send } = start();
  const reader = slow(broker.link(), '/topic/x');
  const sent = send(broker.link(), '/topic/x');
  expect(await isSettled(sent)).toBe(false);
  await reader.read();
  expect(await isSettled(sent)).toBe(true);
});

test('…and once, for a moment, for one that does not', async () => {
  const { broker, clock, send } = start();
  const link = broker.link();
  const deaf = slow(broker.link(), '/topic/x');
  const [one, two] = [send(link, '/topic/x'), send(link, '/topic/x')];
  await clock.run(249);
  expect([await isSettled(one), await isSettled(two)]).toEqual([false, false]);
  await clock.run(1);
  expect([await isSettled(one), await isSettled(two)]).toEqual([true, true]);
  expect(send(link, '/topic/x')).toBeUndefined();
  await deaf.read();
  expect(send(link, '/topic/x')).toBeInstanceOf(Promise);
  expect(deaf.seen).toHaveLength(4);
});

test('others get at once what one has no room for', () => {
  const { broker, send } = start();
  slow(broker.link(), '/topic/x');
  const seen: Delivery[] = [];
  broker.link().subscribe('/topic/x', (delivery) => void seen.push(delivery));
  for (let n = 0; n < 3; n++) void send(broker.link(), '/topic/x');
  expect(seen).toHaveLength(3);
});

test('a sender to a queue that is half full waits for those who take from it', async () => {
  const { broker, send } = start({ queueMessages: 10 });
  const link = broker.link();
  const worker = slow(broker.link(), '/queue/x');
  const sent = Array.from({ length: 7 }, () => send(link, '/queue/x'));
  expect(sent.slice(0, 6)).toEqual(Array(6).fill(undefined));
  expect(await isSettled(sent[6])).toBe(false);
  await worker.read();
  expect(await isSettled(sent[6])).toBe(true);
});

test('…no longer than they get on', async () => {
  const { broker, clock, send } = start({ queueMessages: 10 });
  const link = broker.link();
  const worker = slow(broker.link(), '/queue/x');
  const sent = Array.from({ length: 7 }, () => send(link, '/queue/x'));
  await clock.run(1000);
  expect(await isSettled(sent[6])).toBe(true);
  for (let n = 8; n <= 11; n++) expect(send(link, '/queue/x')).toBeUndefined();
  expect(() => send(link, '/queue/x')).toThrow(expect.objectContaining({ code: 'ERR_QUEUE_FULL' }));
  for (let n = 0; n < 6; n++) await worker.read();
  expect(worker.seen).toHaveLength(7);
});

test('nobody waits for a queue that nobody takes from', () => {
  const { broker, send } = start({ queueMessages: 10 });
  const link = broker.link();
  for (let n = 0; n < 10; n++) expect(send(link, '/queue/x')).toBeUndefined();
});

test('who answers waits for an asker that reads, and for a moment for one that does not', async () => {
  const { broker, clock, send } = start();
  const asker = broker.link();
  const reader = slow(asker, '/temp-queue/answers');
  const service = broker.link();
  const address = asker.addressOf('/temp-queue/answers')!;
  const sent = send(service, address);
  expect(await isSettled(sent)).toBe(false);
  await reader.read();
  expect(await isSettled(sent)).toBe(true);
  const late = send(service, address);
  await clock.run(250);
  expect(await isSettled(late)).toBe(true);
  expect(send(service, address)).toBeUndefined();
});
