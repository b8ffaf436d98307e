// The body of a request while it comes in.

import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { LimitError } from '@sallyport/core';
import { Quotas } from '@sallyport/core/broker';
import { Body } from '../../src/http/body.js';

const MOST = 1_000_000;

function reading({
  promised,
  room = 10 * MOST,
  most = MOST,
}: { promised?: number; room?: number; most?: number } = {}) {
  const quotas = new Quotas({ clientQueuedBytes: 100 * MOST, addressQueuedBytes: room, queuedBytes: 100 * MOST });
  const { quota } = quotas.open('::1');
  const stream = new PassThrough();
  const headers = promised === undefined ? {} : { 'content-length': String(promised) };
  const body = new Body(most, () => quota);
  const outcome = body.read(Object.assign(stream, { headers }) as unknown as IncomingMessage);
  const push = async (...sizes: number[]): Promise<void> => {
    for (const size of sizes) {
      stream.write(Buffer.alloc(size, size));
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { body, stream, outcome, quota, push };
}

test('it is what has come, in pieces of any size', async () => {
  const { body, stream, outcome, push } = reading();
  const sizes = [1, 2, 3, 70_000, 1, 5, 300_000, 7];
  await push(...sizes);
  stream.end();
  expect(await outcome).toBe('whole');
  expect(Buffer.compare(body.bytes, Buffer.concat(sizes.map((size) => Buffer.alloc(size, size))))).toBe(0);
});

test('it takes twice of what has come at most, and no more than was promised; all of it counts', async () => {
  const { quota, push, body } = reading({ promised: 300_000 });
  await push(4000);
  expect(quota.used).toBe(8000);
  await push(60_000);
  expect(quota.used).toBe(128_000);
  await push(120_000);
  expect(quota.used).toBe(300_000);
  body.drop();
  expect(quota.used).toBe(0);
});

test('a small one does not count', async () => {
  const { quota, push } = reading({ promised: 4095 });
  await push(3000, 1000);
  expect(quota.used).toBe(0);
});

test('without room it is refused, and the limit named; then nothing is kept of it', async () => {
  const { quota, push, outcome } = reading({ room: 100_000 });
  await push(40_000, 40_000, 40_000);
  expect(((await outcome) as LimitError).message).toContain('limits.addressQueuedBytes is 100000 bytes');
  expect(quota.used).toBe(0);
  await push(60_000);
  expect(quota.used).toBe(0);
});

test('too long it is refused, and nothing is kept of it', async () => {
  const { quota, push, outcome } = reading({ most: 50_000 });
  await push(40_000, 20_000);
  expect(await outcome).toBe('too long');
  expect(quota.used).toBe(0);
});

test('of a client that leaves nothing is kept', async () => {
  const { quota, push, outcome, stream } = reading();
  await push(40_000);
  expect(quota.used).toBe(80_000);
  stream.destroy(new Error('aborted'));
  await expect(outcome).rejects.toThrow('aborted');
  expect(quota.used).toBe(0);
});
