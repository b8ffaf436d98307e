import { expect, test, vi } from 'vitest';
import { Arrivals } from '../src/arrivals.js';

function arrivals() {
  const source = { pause: vi.fn<() => void>(), resume: vi.fn<() => void>() };
  return { source, arrivals: new Arrivals<string>(source) };
}

const done = { done: true, value: undefined };
const item = (value: string) => ({ done: false, value });

test('what comes before the reader waits, what comes after is handed over', async () => {
  const { arrivals: coming } = arrivals();
  coming.push('a');
  coming.push('b');
  expect(coming.waiting).toBe(2);
  expect(await coming.next()).toEqual(item('a'));
  expect(await coming.next()).toEqual(item('b'));
  const next = coming.next();
  coming.push('c');
  expect(coming.waiting).toBe(0);
  expect(await next).toEqual(item('c'));
});

test('the end comes after what waits; and stays', async () => {
  const { arrivals: coming } = arrivals();
  coming.push('a');
  coming.end();
  coming.push('too late');
  expect(await coming.next()).toEqual(item('a'));
  expect(await coming.next()).toEqual(done);
  expect(await coming.next()).toEqual(done);
});

test('a failure comes after what waits, once; then it is over', async () => {
  const { arrivals: coming } = arrivals();
  coming.push('a');
  coming.end(new Error('lost'));
  coming.end(new Error('again'));
  expect(await coming.next()).toEqual(item('a'));
  await expect(coming.next()).rejects.toThrow('lost');
  expect(await coming.next()).toEqual(done);
});

test('a waiting reader is told of the end, or the failure', async () => {
  const one = arrivals().arrivals;
  const next = one.next();
  one.end();
  expect(await next).toEqual(done);
  const other = arrivals().arrivals;
  const failing = other.next();
  other.end(new Error('lost'));
  await expect(failing).rejects.toThrow('lost');
});

test('dropping throws away what waits and lets the source run dry', async () => {
  const { arrivals: coming, source } = arrivals();
  coming.push('x'.repeat(300_000));
  expect(source.pause).toHaveBeenCalledTimes(1);
  coming.drop(new Error('cut'));
  expect(source.resume).toHaveBeenCalledTimes(1);
  coming.push('y'.repeat(300_000));
  expect(source.pause).toHaveBeenCalledTimes(1);
  await expect(coming.next()).rejects.toThrow('cut');
  expect(await coming.next()).toEqual(done);
});

test('the source is paused beyond 256 KiB and resumed when all is read', async () => {
  const { arrivals: coming, source } = arrivals();
  for (let one = 0; one < 4; one++) coming.push('x'.repeat(65_536));
  expect(source.pause).not.toHaveBeenCalled();
  coming.push('x');
  coming.push('x');
  expect(source.pause).toHaveBeenCalledTimes(1);
  for (let one = 0; one < 5; one++) await coming.next();
  expect(source.resume).not.toHaveBeenCalled();
  await coming.next();
  expect(source.resume).toHaveBeenCalledTimes(1);
});

test('breaking out of a loop drops the rest', async () => {
  const { arrivals: coming, source } = arrivals();
  coming.push('a');
  coming.push('x'.repeat(300_000));
  for await (const one of coming) {
    expect(one).toBe('a');
    break;
  }
  expect(source.resume).toHaveBeenCalledTimes(1);
  expect(await coming.next()).toEqual(done);
});

test('two readers are a mistake', async () => {
  const { arrivals: coming } = arrivals();
  const first = coming.next();
  await expect(coming.next()).rejects.toMatchObject({
    name: 'SallyportError',
    code: 'ERR_READER',
    message: expect.stringContaining('one reader') as string,
  });
  coming.push('a');
  expect(await first).toEqual(item('a'));
});
