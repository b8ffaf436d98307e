// What every byte stream promises, run over each: memory, TCP, TLS, WebSocket.

import { afterEach, describe, expect, test } from 'vitest';
import { type ByteStream, ConnectionError, encodeText } from '@sallyport/core';

/** Two ends of one connection. */
export interface StreamPair {
  left: ByteStream;
  right: ByteStream;
  /** Breaks the connection as a network or a crash does; left out where there is no such thing. */
  tear?(): void;
  /** Frees what else was opened for the pair, such as a listening server. */
  dispose?(): Promise<void> | void;
}

export interface ByteStreamSuiteOptions {
  /** Whether send() ever asks the sender to wait. Default true. */
  pushesBack?: boolean;
}

/** Collects what comes in, until the end or until there are `length` bytes. */
export async function collect(stream: ByteStream, length = Infinity): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk.slice());
    size += chunk.length;
    if (size >= length) break;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

export function byteStreamSuite(
  name: string,
  open: () => Promise<StreamPair>,
  { pushesBack = true }: ByteStreamSuiteOptions = {},
): void {
  describe(`byte stream: ${name}`, () => {
    let pair: StreamPair | undefined;

    async function opened(): Promise<StreamPair> {
      pair = await open();
      return pair;
    }

    afterEach(async () => {
      if (pair === undefined) return;
      const failure = new Error('the test is over');
      await Promise.all([pair.left.close(failure), pair.right.close(failure)]);
      await pair.dispose?.();
      pair = undefined;
    });

    test('keeps order, of texts and bytes mixed, within a turn and over turns', async () => {
      const { left, right } = await opened();
      const received = collect(right);
      let expected: number[] = [];
      for (let turn = 0; turn < 20; turn++) {
        for (let one = 0; one < 20; one++) {
          const text = `${turn}.${one} ä€😀;`;
          const item = one % 3 === 2 ? new Uint8Array([0, 255, 128, one]) : text;
          expected = [...expected, ...(typeof item === 'string' ? encodeText(item) : item)];
          await left.send(item);
        }
        await Promise.resolve();
      }
      void left.close();
      expect(await received).toEqual(Uint8Array.from(expected));
    });

    test('carries both ways at once', async () => {
      const { left, right } = await opened();
      const size = 300_000;
      void left.send('l'.repeat(size));
      void right.send('r'.repeat(size));
      const [atLeft, atRight] = await Promise.all([collect(left, size), collect(right, size)]);
      expect(isSame(atLeft, encodeText('r'.repeat(size)))).toBe(true);
      expect(isSame(atRight, encodeText('l'.repeat(size)))).toBe(true);
    });

    test('carries single bytes', async () => {
      const { left, right } = await opened();
      const received = collect(right);
      for (let byte = 0; byte < 256; byte++) await left.send(Uint8Array.of(byte));
      void left.close();
      expect(await received).toEqual(Uint8Array.from({ length: 256 }, (_, byte) => byte));
    });

    test('carries what is large, as text and as bytes', async () => {
      const { left, right } = await opened();
      const text = 'grüße 😀 '.repeat(400_000);
      const bytes = Uint8Array.from({ length: 3_000_000 }, (_, at) => (at * 31) & 255);
      const received = collect(right);
      await left.send(text);
      await left.send(bytes);
      void left.close();
      const all = await received;
      const head = encodeText(text);
      expect(all.length).toBe(head.length + bytes.length);
      expect(isSame(all.subarray(0, head.length), head)).toBe(true);
      expect(isSame(all.subarray(head.length), bytes)).toBe(true);
    });

    test('flushes before a close, and ends in good order at the other side', async () => {
      const { left, right } = await opened();
      const text = 'last words '.repeat(20_000);
      void left.send(text);
      const closed = left.close();
      expect(isSame(await collect(right), encodeText(text))).toBe(true);
      await Promise.all([closed, right.close()]);
    });

    test('delivers what was sent before the close to a reader that comes late', async () => {
      const { left, right } = await opened();
      void left.send('early');
      const closed = left.close();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await collect(right)).toEqual(encodeText('early'));
      await right.close();
      await closed;
    });

    test('can still answer after its reader broke out of the loop', async () => {
      const { left, right } = await opened();
      void left.send('question');
      expect(await collect(right, 8)).toEqual(encodeText('question'));
      void left.send('something nobody reads');
      void right.send('answer');
      const closed = right.close();
      expect(await collect(left)).toEqual(encodeText('answer'));
      await left.close();
      await closed;
    });

    test('ends its own iteration when it is closed from this side', async () => {
      const { left, right } = await opened();
      const mine = collect(left);
      const theirs = collect(right);
      await Promise.all([left.close(), theirs.then(() => right.close())]);
      expect(await mine).toHaveLength(0);
    });

    test('is closed once, and then takes nothing more', async () => {
      const { left, right } = await opened();
      const ended = collect(right).then(() => right.close());
      await Promise.all([left.close(), left.close(), left.close(new Error('again')), ended]);
      expect(left.send('too late')).toBeUndefined();
      await left.close();
    });

    test('resolves close with a reason, and the other side ends too', async () => {
      const { left, right } = await opened();
      const theirs = collect(right).catch((error: unknown) => error);
      await left.close(new Error('enough'));
      // Some carriers can tell a break from an end, some cannot.
      const outcome = await theirs;
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(ConnectionError);
      await right.close();
    });

    test('throws at the reader when the connection breaks', async () => {
      const { left, tear } = await opened();
      if (tear === undefined) return;
      const reading = collect(left);
      tear();
      await expect(reading).rejects.toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECTION_LOST' });
      expect(left.send('nobody there')).toBeUndefined();
      await left.close();
    });

    test('releases a sender that waits for room when the connection breaks', async () => {
      const { left, tear } = await opened();
      if (tear === undefined || !pushesBack) return;
      const reading = collect(left).catch(() => {});
      const waiting = fill(left);
      tear();
      await waiting;
      await reading;
    });

    if (pushesBack)
      test('makes the sender wait while nobody reads, and go on when somebody does', async () => {
        const { left, right } = await opened();
        let free = false;
        const room = fill(left).then(() => (free = true));
        await new Promise((resolve) => setTimeout(resolve, 30));
        expect(free).toBe(false);
        const received = collect(right);
        await room;
        void left.close();
        expect((await received).length).toBeGreaterThan(0);
      });
  });
}

/** Sends far more than all the buffers of a system hold, one piece whenever there is room. */
async function fill(stream: ByteStream): Promise<void> {
  const chunk = new Uint8Array(1024 * 1024);
  for (let sent = 0; sent < 64; sent++) await stream.send(chunk);
}

/** Far quicker than toEqual for what is large. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
