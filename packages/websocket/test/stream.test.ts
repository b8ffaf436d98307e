import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { AuthError, type ByteStream, LimitError, type MessageChannel, ProtocolError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { byteStreamSuite, collect } from '../../core/test/suites/byte-stream.js';
import type { PortOptions } from '../src/port-channel.js';
import { type WebSocketLike, webSocketMessages, webSocketStream } from '../src/stream.js';
import { emitterStream, type Upgraded } from '../src/upgrade.js';
import { dialledWebSocket, upgrading } from './fixtures/servers.js';

// One end is the standard WebSocket's interface, as in a page; the other takes the short way into `ws`.
byteStreamSuite('WebSocket, from a page', async () => {
  const { client, stream, raw } = await both();
  return { left: webSocketStream(client), right: stream, tear: () => raw().resetAndDestroy() };
});
byteStreamSuite(
  'WebSocket, to a page',
  async () => {
    const { client, stream } = await both();
    return { left: stream, right: webSocketStream(client), tear: () => client.terminate() };
  },
  { pushesBack: false },
);
byteStreamSuite('WebSocket, between servers', async () => {
  const { client, stream, raw } = await both();
  return {
    left: emitterStream(client, { schedule: process.nextTick }),
    right: stream,
    tear: () => raw().resetAndDestroy(),
  };
});

/** A client of the `ws` package and the server's byte stream. */
async function both(options: PortOptions = {}) {
  const { port, upgraded, raw } = await upgrading(options);
  const client = await dialledWebSocket(port, ['v12.stomp']);
  return { client, stream: streamOf(await upgraded), raw };
}

/** The same without a subprotocol: whole messages. */
async function bothMessages(options: PortOptions = {}) {
  const { port, upgraded } = await upgrading(options);
  const client = await dialledWebSocket(port);
  return { client, messages: messagesOf(await upgraded) };
}

function streamOf(upgraded: Upgraded): ByteStream {
  if (upgraded.protocol === undefined) throw new Error('this is JSON-RPC');
  return upgraded.stream;
}

function messagesOf(upgraded: Upgraded): MessageChannel {
  if (upgraded.protocol !== undefined) throw new Error('this is STOMP');
  return upgraded.messages;
}

/** The messages that a client gets until its close; and the code of that. */
function log(client: WebSocket): { texts: string[]; binaries: Buffer[]; code: Promise<number> } {
  const texts: string[] = [];
  const binaries: Buffer[] = [];
  client.on('message', (data: Buffer, isBinary) => (isBinary ? binaries.push(data) : texts.push(data.toString())));
  const code = once(client, 'close').then(([code]) => code as number);
  return { texts, binaries, code };
}

describe('sending', () => {
  test('what one turn sends is one text message', async () => {
    const { client, stream } = await both();
    const { texts, code } = log(client);
    for (let one = 0; one < 10; one++) void stream.send(`${one};`);
    await Promise.resolve();
    void stream.send('same turn');
    await new Promise((resolve) => setImmediate(resolve));
    void stream.send('another turn');
    await stream.close();
    expect(texts).toEqual(['0;1;2;3;4;5;6;7;8;9;same turn', 'another turn']);
    expect(await code).toBe(1000);
  });

  test('the same in a page, where a turn ends with its microtasks', async () => {
    const { client, stream } = await both();
    const page = webSocketStream(client);
    for (const text of ['a', 'b', 'c']) void page.send(text);
    void page.close();
    const chunks: string[] = [];
    for await (const chunk of stream) chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(['abc']);
  });

  test('bytes are text where they can be, for clients that look only at text', async () => {
    const { client, stream } = await both();
    const { texts, binaries } = log(client);
    void stream.send('head');
    void stream.send(Buffer.from('grüße\0'));
    await new Promise((resolve) => setImmediate(resolve));
    void stream.send('head');
    void stream.send(Uint8Array.of(0xff, 0xfe));
    void stream.send('tail');
    await stream.close();
    expect(texts).toEqual(['head', 'grüße\0', 'head', 'tail']);
    expect(binaries).toEqual([Buffer.of(0xff, 0xfe)]);
  });

  test('what is joined stays below 64 KiB', async () => {
    const { client, stream } = await both();
    const { texts } = log(client);
    for (let one = 0; one < 5; one++) void stream.send('x'.repeat(20_000));
    await stream.close();
    expect(texts.join('').length).toBe(100_000);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(64 * 1024);
    expect(texts.length).toBeLessThan(5);
  });

  test('is in one message however large, unless parts are wanted; then no character is cut', async () => {
    const { client, stream } = await both();
    const { texts, binaries } = log(client);
    const large = 'a€😀'.repeat(20_000);
    void stream.send(large);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stream.longestMessage).toBe(Infinity);
    stream.longestMessage = 4096;
    void stream.send(large);
    await new Promise((resolve) => setImmediate(resolve));
    void stream.send(new Uint8Array(10_000).fill(0xff));
    await stream.close();
    expect(texts[0]).toBe(large);
    expect(texts.slice(1).join('')).toBe(large);
    expect(Math.max(...texts.slice(1).map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(4096);
    expect(texts.slice(1).some((text) => text.includes('\ufffd'))).toBe(false);
    expect(binaries.map(({ length }) => length)).toEqual([4096, 4096, 1808]);
  });

  test.each(['text', 'binary'])('what is very large comes in fragments, as %s', async (kind) => {
    const { port, upgraded } = await upgrading();
    const client = await dialledWebSocket(port, ['v12.stomp']);
    const stream = streamOf(await upgraded);
    const { texts, binaries } = log(client);
    const large = Buffer.alloc(3_500_000, kind === 'text' ? 'ä😀' : Buffer.of(0xff));
    void stream.send(kind === 'text' ? large.toString() : large);
    void stream.send('last');
    await stream.close();
    if (kind === 'text') expect(texts.join('')).toBe(large.toString() + 'last');
    else expect([Buffer.compare(binaries[0]!, large), texts]).toEqual([0, ['last']]);
  });

  test('several messages of one turn are one write', async () => {
    const { port, upgraded, raw } = await upgrading();
    const client = await dialledWebSocket(port);
    const messages = messagesOf(await upgraded);
    const { texts } = log(client);
    const before = raw().bytesWritten;
    for (let one = 0; one < 20; one++) void messages.send(`{"id":${one}}`);
    await new Promise((resolve) => process.nextTick(() => process.nextTick(resolve)));
    expect(raw().bytesWritten).toBeGreaterThan(before);
    expect(raw().writableCorked).toBe(0);
    await messages.close();
    expect(texts).toHaveLength(20);
  });
});

describe('octets are heard', () => {
  test('before they make up a message', async () => {
    const clock = new ManualClock();
    const { client, stream } = await both({ clock });
    expect(stream.heardAt).toBeUndefined();
    clock.advance(500);
    client.send('begun, ', { fin: false });
    while (stream.heardAt === undefined) await new Promise((resolve) => setImmediate(resolve));
    expect(stream.heardAt).toBe(clock.now());
    client.send('and ended');
    client.close();
    expect(Buffer.from(await collect(stream)).toString()).toBe('begun, and ended');
  });
});

describe('messages', () => {
  test('come and go whole, in order', async () => {
    const { client, messages } = await bothMessages();
    const { texts, code } = log(client);
    client.send('{"a":"ä€😀"}');
    client.send(Buffer.from('[1,2]'), { binary: true });
    client.send('');
    client.close();
    const got: string[] = [];
    for await (const text of messages) got.push(text);
    // An empty one is nothing, as an empty line is.
    expect(got).toEqual(['{"a":"ä€😀"}', '[1,2]']);
    expect(texts).toEqual([]);
    await code;
  });

  test('binary that is not UTF-8 is against the protocol', async () => {
    const { client, messages } = await bothMessages();
    const { code } = log(client);
    client.send(Buffer.of(0xc3, 0x28), { binary: true });
    await expect(collectTexts(messages)).rejects.toMatchObject({ name: 'ProtocolError', code: 'ERR_UTF8' });
    expect(await code).toBe(1007);
  });

  test('one beyond the limit is too much, and the error names it', async () => {
    const { client } = await bothMessages();
    const page = new FakePage();
    const messages = webSocketMessages(page, { limits: { body: 1000 } });
    page.receive('x'.repeat(1000));
    page.receive('x'.repeat(1001));
    const reading = collectTexts(messages);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_BODY', limit: 'body' });
    expect(page.closed).toEqual([4009, 'ERR_BODY']);
    client.close();
  });
});

async function collectTexts(messages: MessageChannel): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of messages) texts.push(text);
  return texts;
}

describe('the end', () => {
  test.each([1000, 1001, undefined])('in good order with code %s', async (code) => {
    const { client, stream } = await both();
    client.send('last');
    client.close(code);
    expect(Buffer.from(await collect(stream)).toString()).toBe('last');
  });

  test.each([1002, 1008, 1011, 1013, 4009])('as a failure with code %i, which it names', async (code) => {
    const { client, stream } = await both();
    client.close(code, 'ERR_SOMETHING');
    await expect(collect(stream)).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: `the WebSocket ended with close code ${code}, ERR_SOMETHING`,
    });
  });

  test.each([
    [new ProtocolError('ERR_SOMETHING', 'what was said is not repeated'), 1002, 'ERR_SOMETHING'],
    [new LimitError('ERR_BODY', 'too long', 'body'), 1009, 'ERR_BODY'],
    [new AuthError('ERR_AUTH', 'who are you'), 1008, 'ERR_AUTH'],
    [new Error('a secret of ours'), 1011, ''],
  ])('for a reason: %s is close code %i', async (reason, code, text) => {
    const { client, stream } = await both();
    const close = once(client, 'close') as Promise<[number, Buffer]>;
    const reading = collect(stream);
    void stream.send('dropped');
    void stream.close(reason);
    await expect(reading).rejects.toBe(reason);
    const [got, why] = await close;
    expect([got, why.toString()]).toEqual([code, text]);
  });

  test('a client that does not answer our close is cut after two seconds', async () => {
    const clock = new ManualClock();
    const { client, stream } = await both({ clock });
    client.pause();
    let over = false;
    const closing = stream.close().then(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(1999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    clock.advance(1);
    await closing;
    expect(clock.pending).toBe(0);
  });

  test('a page whose server does not answer gives up as well', async () => {
    const clock = new ManualClock();
    const page = new FakePage();
    const stream = webSocketStream(page, { clock });
    const closing = stream.close();
    await Promise.resolve();
    await Promise.resolve();
    expect(page.closed).toEqual([1000, '']);
    clock.advance(2000);
    await closing;
  });
});

describe('a client that does not read', () => {
  test('is cut when it takes nothing for the time allowed', async () => {
    const clock = new ManualClock();
    const { client, stream } = await both({ clock });
    const reading = collect(stream);
    reading.catch(() => {});
    client.pause();
    for (let one = 0; one < 100; one++) void stream.send('x'.repeat(60_000) + one);
    const room = stream.send('more');
    expect(room).toBeInstanceOf(Promise);
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(10_000);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_STALL' });
    await room;
    await stream.close();
  });

  test('has no more time for a large message than for many small ones', async () => {
    const clock = new ManualClock();
    const { client, stream, raw } = await both({ clock });
    const reading = collect(stream);
    reading.catch(() => {});
    client.pause();
    void stream.send('x'.repeat(15_000_000));
    // Whatever the system takes, it does not take all of it.
    let written = -1;
    while (written !== raw().bytesWritten) {
      written = raw().bytesWritten;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    clock.advance(10_000);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_STALL' });
    await stream.close();
  });

  test('is cut when more waits for it than the limit', async () => {
    const { client, stream } = await both({ limits: { writeBuffer: 1_000_000 } });
    const reading = collect(stream);
    reading.catch(() => {});
    client.pause();
    for (let one = 0; one < 300; one++) {
      void stream.send('x'.repeat(60_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_BUFFER' });
  });
});

describe('a page', () => {
  test('waits while its buffer is full; there is no event, so the clock is asked', async () => {
    const clock = new ManualClock();
    const page = new FakePage();
    const stream = webSocketStream(page, { clock });
    void stream.send('a');
    await Promise.resolve();
    expect(page.sent).toEqual(['a']);
    page.bufferedAmount = 2_000_000;
    const room = stream.send('b');
    let free = false;
    const waiting = room?.then(() => (free = true));
    await clock.run(100, 10);
    expect([page.sent.length, free]).toEqual([1, false]);
    page.bufferedAmount = 0;
    await clock.run(10);
    expect(page.sent).toHaveLength(2);
    await waiting;
  });

  test('whose server takes nothing for the time allowed gives up', async () => {
    const clock = new ManualClock();
    const page = new FakePage();
    const stream = webSocketStream(page, { clock });
    const reading = collect(stream);
    reading.catch(() => {});
    page.bufferedAmount = 2_000_000;
    const room = stream.send('a');
    await clock.run(9_900, 100);
    expect(page.closed).toBeUndefined();
    await clock.run(200, 100);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_STALL' });
    expect(page.closed).toEqual([4013, 'ERR_WRITE_STALL']);
    await room;
  });

  test('cannot hold the server back, so what nobody reads has an end', async () => {
    const page = new FakePage();
    const stream = webSocketStream(page);
    for (let one = 0; one < 65; one++) page.receive(new ArrayBuffer(1024 * 1024));
    await expect(collect(stream)).rejects.toMatchObject({ code: 'ERR_UNREAD' });
  });

  test('takes text and binary alike', async () => {
    const page = new FakePage();
    const stream = webSocketStream(page);
    page.receive('grüße');
    page.receive(Uint8Array.of(0xff).buffer);
    page.receive('');
    page.end(1000);
    expect(await collect(stream)).toEqual(Uint8Array.from([...Buffer.from('grüße'), 0xff]));
  });
});

/** A page's WebSocket as the standard has it, where it is stricter than ws. */
class FakePage implements WebSocketLike {
  binaryType = 'blob';
  bufferedAmount = 0;
  readonly sent: (string | Uint8Array)[] = [];
  closed: [code?: number, reason?: string] | undefined;
  private readonly listeners: Record<string, (event: never) => void> = {};

  send(data: string | Uint8Array): void {
    this.sent.push(data);
  }

  close(code?: number, reason?: string): void {
    if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999)) throw new TypeError('InvalidAccessError');
    this.closed = [code, reason];
  }

  addEventListener(type: string, listener: (event: never) => void): void {
    this.listeners[type] = listener;
  }

  receive(data: string | ArrayBuffer): void {
    expect(this.binaryType).toBe('arraybuffer');
    this.listeners.message!({ data } as never);
  }

  end(code: number): void {
    this.listeners.close!({ code, reason: '' } as never);
  }
}
