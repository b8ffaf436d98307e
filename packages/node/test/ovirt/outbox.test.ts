import type { ByteStream } from '@sallyport/core';
import { ManualClock, settled } from '@sallyport/core/testing';
import { describe, expect, test } from 'vitest';
import { Outbox } from '../../src/ovirt/outbox.js';

interface Sent {
  at: number;
  text: string;
}

function startOutbox(secure: boolean, { spares = true, isBusy = false } = {}) {
  const clock = new ManualClock();
  const sent: Sent[] = [];
  let full: Promise<void> | undefined;
  const stream: Pick<ByteStream, 'send' | 'apart'> = {
    send(item) {
      sent.push({ at: clock.now(), text: Buffer.from(item).toString() });
      return full;
    },
  };
  const options = { clock, secure, isBusy: () => isBusy, sent: () => {} };
  const outbox = new Outbox(stream as ByteStream, options);
  if (spares) outbox.spare();
  return { clock, sent, outbox, stream, fill: (room: Promise<void>) => (full = room) };
}

const head = 'MESSAGE\ndestination:answers\ncontent-type:application/json\nsubscription:1\n';
const FULL = `${head}content-length:2\n\n{}\0`;
const error = 'ERROR\ncontent-length:2\n\nno\0';

test('whoever is not engine’s gets everything at once, and as it is', () => {
  const { outbox, sent, stream } = startOutbox(true, { spares: false });
  for (let count = 0; count < 100; count++) outbox.message(head, '{}');
  outbox.write(error);
  expect(sent.map(({ text }) => text)).toEqual([...Array<string>(100).fill(FULL), error]);
  expect([outbox.room, stream.apart]).toEqual([undefined, undefined]);
});

describe.each([
  ['plain', false, 1024],
  ['TLS', true, 8800],
])('to engine’s: %s', (_, secure, padded) => {
  test('each frame is a write of its own; what stands alone has its full head and no blanks', () => {
    const { outbox, sent, stream } = startOutbox(secure);
    outbox.message(head, '{}');
    expect(stream.apart).toBe(true);
    expect(sent).toEqual([{ at: 0, text: FULL }]);
  });

  test('in a burst all are padded, behind a first that is read by itself', async () => {
    const { outbox, sent, clock } = startOutbox(secure);
    for (let count = 0; count < 10; count++) outbox.message(head, '{}');
    await clock.run(200, 1);
    expect(sent).toHaveLength(10);
    expect(sent[1]!.at).toBeGreaterThanOrEqual(15);
    for (const { text } of sent.slice(1)) expect(text.length).toBeGreaterThanOrEqual(padded);
  });

  test('answers do not leave faster than engine’s client takes them, and nothing more is worked on meanwhile', async () => {
    const { outbox, sent, clock } = startOutbox(secure, { isBusy: true });
    const times: number[] = [];
    const work = (async () => {
      for (let count = 0; count < 1000; count++) {
        if (outbox.room !== undefined) await outbox.room;
        outbox.message(head, '{}');
        times.push(clock.now());
      }
    })();
    await clock.run(1000, 1);
    await work;
    // None of them has waited: the handler that comes next has.
    expect(sent.map(({ at }) => at)).toEqual(times);
    const perSecond = 1000 / (sent.at(-1)!.at / 1000);
    expect(perSecond).toBeLessThan(secure ? 2000 : 7000);
    expect(perSecond).toBeGreaterThan(secure ? 1000 : 4000);
    for (let at = 0; at < sent.length; at++) {
      const inOne = sent.filter((one) => one.at >= sent[at]!.at && one.at < sent[at]!.at + 1).length;
      expect(inOne).toBeLessThanOrEqual(secure ? 4 : 12);
    }
  });

  test('answers that are ready at once wait here, in order, and are paced alike', async () => {
    const { outbox, sent, clock } = startOutbox(secure, { isBusy: true });
    for (let id = 0; id < 100; id++) outbox.message(head, `{"id":${id}}`);
    expect(sent.length).toBeLessThan(20);
    const { room } = outbox;
    let isFree = false;
    void room!.then(() => (isFree = true));
    await clock.run(9, 1);
    expect(isFree).toBe(false);
    await clock.run(200, 1);
    expect(isFree).toBe(true);
    expect(outbox.room).toBeUndefined();
    expect(sent.map(({ text }) => Number(/"id":(\d+)/.exec(text)![1]))).toEqual(
      Array.from({ length: 100 }, (__, id) => id),
    );
  });

  test('what cannot be padded keeps its distance, before and behind', async () => {
    const { outbox, sent, clock } = startOutbox(secure, { isBusy: true });
    for (const say of ['message', 'error', 'message', 'error', 'error'])
      if (say === 'error') outbox.write(error);
      else outbox.message(head, '{}');
    await clock.run(200, 1);
    expect(sent.map(({ text }) => text.slice(0, 5))).toEqual(['MESSA', 'ERROR', 'MESSA', 'ERROR', 'ERROR']);
    for (let at = 1; at < sent.length; at++) expect(sent[at]!.at - sent[at - 1]!.at).toBeGreaterThanOrEqual(15);
  });

  test('a beat, too, is read by itself, and is left out where something waits', async () => {
    const { outbox, sent, clock } = startOutbox(secure);
    outbox.beat();
    outbox.message(head, '{}');
    outbox.beat();
    await clock.run(100, 1);
    expect(sent.map(({ at }) => at)).toEqual([0, 15]);
    expect(sent[0]!.text).toBe('\n');
  });

  test('the end: what waits is sent, or forgotten, and whoever waits for room goes on', async () => {
    const { outbox, sent } = startOutbox(secure);
    for (let count = 0; count < 5; count++) outbox.message(head, '{}');
    const { room } = outbox;
    outbox.flush();
    expect(sent).toHaveLength(5);
    outbox.stop();
    await room;
    outbox.message(head, '{}');
    expect(sent).toHaveLength(5);
  });

  test('what waits is bounded: then the stream’s own limits count', () => {
    const { outbox, sent } = startOutbox(secure);
    for (let count = 0; count < 100; count++) outbox.message(head, 'x'.repeat(64 * 1024));
    expect(sent.length).toBeGreaterThanOrEqual(84);
    expect(sent.length).toBeLessThan(100);
  });
});

test('two lines of head in a burst, to whom they are enough', async () => {
  const { outbox, sent, clock } = startOutbox(false, { isBusy: true });
  outbox.message(head, '{}');
  outbox.isTerse = false;
  outbox.message(head, '{}');
  await clock.run(100, 1);
  expect(sent[0]!.text).toMatch(/^MESSAGE\ncontent-length:\d+\n\n\{\} +\0$/);
  expect(sent[1]!.text.startsWith(head)).toBe(true);
  expect(startOutbox(true).outbox.isTerse).toBe(false);
});

test('where the stream is full, that is what is waited for', async () => {
  const { outbox, fill, sent, clock } = startOutbox(false);
  let free!: () => void;
  void fill(new Promise((resolve) => (free = resolve)));
  outbox.message(head, '{}');
  clock.advance(1000);
  const { room } = outbox;
  expect(room).toBeDefined();
  // More is under way than the stream takes: it will be read together with this.
  outbox.message(head, '{}');
  expect(sent[1]!.text).toMatch(/^MESSAGE\ncontent-length/);
  free();
  await room;
  await settled();
  expect(outbox.room).toBeUndefined();
});
