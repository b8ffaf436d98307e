import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type ByteStream, ConnectionError, LimitError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { byteStreamSuite, collect, type StreamPair } from '../../core/test/suites/byte-stream.js';
import { selfSigned } from '../src/certificate.js';
import { socketStream, type SocketStreamOptions } from '../src/tcp.js';
import { TlsGate } from '../src/tls.js';
import { closed, listening, received, resolvers, socketPair, until } from './fixtures/sockets.js';

const keys = await selfSigned();

byteStreamSuite('TCP', async () => {
  const [client, server] = await socketPair();
  return { left: socketStream(client), right: socketStream(server), tear: () => server.resetAndDestroy() };
});

byteStreamSuite('TLS', async (): Promise<StreamPair> => {
  const gate = new TlsGate(keys);
  const secured = resolvers<Socket>();
  const raw = resolvers<Socket>();
  const { port } = await listening((socket) => {
    raw.resolve(socket.on('error', () => {}));
    gate.secure(socket, secured.resolve);
  });
  const client = connectTls({ port, host: '127.0.0.1', ca: keys.cert, servername: 'localhost' });
  onTestFinished(() => void client.on('error', () => {}).destroy());
  await once(client, 'secureConnect');
  const below = await raw.promise;
  return {
    left: socketStream(client),
    right: socketStream(await secured.promise),
    tear: () => below.resetAndDestroy(),
  };
});

/** A stream on a manual clock, and the bare socket at its other end. */
async function streamAndPeer(
  options: SocketStreamOptions = {},
): Promise<{ stream: ByteStream; socket: Socket; peer: Socket; clock: ManualClock }> {
  const clock = new ManualClock();
  const [peer, socket] = await socketPair();
  return { stream: socketStream(socket, { clock, ...options }), socket, peer, clock };
}

describe('writing', () => {
  test('what one turn sends leaves in one write', async () => {
    const { stream, socket, peer } = await streamAndPeer();
    const write = vi.spyOn(socket, 'write');
    for (let one = 0; one < 100; one++) void stream.send(`${one};`);
    // Microtasks belong to the turn: that is where handlers answer.
    await Promise.resolve();
    void stream.send('and this');
    const text = received(peer);
    await stream.close();
    expect(write).toHaveBeenCalledTimes(1);
    expect(await text).toBe(Array.from({ length: 100 }, (_, one) => `${one};`).join('') + 'and this');
  });

  test('bytes among the texts leave in the same flush, in order', async () => {
    const { stream, socket, peer } = await streamAndPeer();
    const uncork = vi.spyOn(socket, 'uncork');
    const text = received(peer);
    void stream.send('head\n\n');
    void stream.send(Uint8Array.of(0xff, 0x00));
    void stream.send('\0tail');
    await stream.close();
    expect(uncork).toHaveBeenCalledTimes(1);
    expect(await text).toBe('head\n\n\xff\0\0tail');
  });

  test('there is room until there is not', async () => {
    const { stream } = await streamAndPeer();
    expect(stream.send('x'.repeat(100_000))).toBeUndefined();
    const room = stream.send('y'.repeat(100_000));
    expect(room).toBeInstanceOf(Promise);
    // The system takes it, though nobody reads.
    await room;
    expect(stream.send('z')).toBeUndefined();
  });
});

describe('a peer that does not read', () => {
  test('is cut when more waits for it than the limit', async () => {
    const { stream } = await streamAndPeer({ limits: { writeBuffer: 1_000_000 } });
    const reading = collect(stream);
    const failure = expect(reading).rejects.toThrow(/limits\.writeBuffer/);
    const flood = async () => {
      for (let one = 0; one < 1000; one++) {
        void stream.send('x'.repeat(100_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await flood();
    await failure;
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_BUFFER', limit: 'writeBuffer' });
    await expect(reading).rejects.toBeInstanceOf(LimitError);
  });

  test('is not cut for one large turn that it keeps up with', async () => {
    const { stream, peer } = await streamAndPeer({ limits: { writeBuffer: 1_000_000 } });
    const text = received(peer);
    for (let one = 0; one < 50; one++) void stream.send('x'.repeat(100_000));
    await stream.close();
    expect(await text).toHaveLength(5_000_000);
  });

  test('is cut when it takes nothing for the time allowed', async () => {
    const { stream, socket, clock } = await streamAndPeer();
    const reading = collect(stream);
    reading.catch(() => {});
    const room = stream.send(new Uint8Array(12_000_000));
    await until(() => socket.writableLength > 0 && socket.writableNeedDrain);
    await new Promise((resolve) => setTimeout(resolve, 50));
    clock.advance(9_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    await expect(reading).rejects.toMatchObject({ code: 'ERR_WRITE_STALL', limit: 'writeStall' });
    expect(socket.destroyed).toBe(true);
    // Whoever waited for room is released.
    await room;
    expect(clock.pending).toBe(0);
  });

  test('is not cut while it takes a little now and then', async () => {
    const { stream, socket, peer, clock } = await streamAndPeer();
    void collect(stream).catch(() => {});
    void stream.send(new Uint8Array(12_000_000));
    let taken = 0;
    peer.pause();
    peer.on('data', (chunk: Buffer) => (taken += chunk.length));
    peer.pause();
    for (let round = 0; round < 8; round++) {
      clock.advance(9_000);
      const before = taken;
      peer.resume();
      await until(() => taken > before + 1_000_000 || taken >= 12_000_000);
      peer.pause();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(socket.destroyed).toBe(false);
  });
});

describe('reading', () => {
  test('the socket is paused while nobody reads, and goes on when somebody does', async () => {
    const { stream, socket, peer } = await streamAndPeer();
    const sent = 4_000_000;
    peer.write(new Uint8Array(sent));
    await until(() => socket.isPaused());
    const read = socket.bytesRead;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(socket.bytesRead - read).toBeLessThan(100_000);
    peer.end();
    expect(await collect(stream)).toHaveLength(sent);
  });

  test('a chunk goes to a waiting reader at once', async () => {
    const { stream, socket } = await streamAndPeer();
    const next = stream[Symbol.asyncIterator]().next();
    socket.emit('data', Buffer.from('now'));
    expect(await next).toEqual({ done: false, value: Buffer.from('now') });
  });

  test('a peer that has ended its side still gets answers', async () => {
    const { stream, peer } = await streamAndPeer();
    peer.end('question');
    const answer = received(peer);
    expect(Buffer.from(await collect(stream)).toString()).toBe('question');
    await new Promise((resolve) => setTimeout(resolve, 10));
    void stream.send('answer');
    await stream.close();
    expect(await answer).toBe('answer');
  });

  test('a reset is a lost connection, with its cause', async () => {
    const { stream, peer } = await streamAndPeer();
    const reading = collect(stream);
    peer.resetAndDestroy();
    const error = await reading.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', cause: { code: 'ECONNRESET' } });
    expect((error as Error).message).toMatch(/^the connection to 127\.0\.0\.1:\d+ was lost: /);
  });

  test('a socket that is closed already is a lost connection', async () => {
    const [, socket] = await socketPair();
    socket.destroy();
    await once(socket, 'close');
    await expect(collect(socketStream(socket))).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  });
});

describe('closing', () => {
  test('the last frame reaches a peer that is still sending', async () => {
    const { stream, peer } = await streamAndPeer();
    // Unread bytes at a close would make the system send a reset, which throws away what the peer has not read.
    peer.write(new Uint8Array(3_000_000));
    const flood = setInterval(() => peer.writable && peer.write(new Uint8Array(10_000)), 1);
    onTestFinished(() => clearInterval(flood));
    await new Promise((resolve) => setTimeout(resolve, 20));
    void stream.send('ERROR\nmessage:malformed frame\n\n\0');
    const closing = stream.close();
    const errors: unknown[] = [];
    peer.on('error', (error) => errors.push(error));
    await new Promise((resolve) => setTimeout(resolve, 30));
    let text = '';
    peer.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(peer, 'end');
    peer.end();
    await closing;
    expect(text).toBe('ERROR\nmessage:malformed frame\n\n\0');
    expect(errors).toEqual([]);
  });

  test('a peer that does not end is cut after two seconds', async () => {
    const { stream, socket, peer, clock } = await streamAndPeer();
    void stream.send('bye');
    const closing = stream.close();
    peer.resume();
    await once(peer, 'end');
    clock.advance(1_999);
    expect(socket.destroyed).toBe(false);
    clock.advance(1);
    await closing;
    expect(socket.destroyed).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('a peer that does not take the rest is cut after the time of a stall', async () => {
    const { stream, socket, clock } = await streamAndPeer();
    void stream.send(new Uint8Array(12_000_000));
    const closing = stream.close();
    await until(() => socket.writableNeedDrain);
    clock.advance(10_000);
    await closing;
    expect(clock.pending).toBe(0);
  });

  test('with a reason it is over at once, and the reader gets the reason', async () => {
    const { stream, socket, peer } = await streamAndPeer();
    const reading = collect(stream);
    const reason = new Error('no beat');
    void stream.send('dropped');
    const closing = stream.close(reason);
    expect(socket.destroyed).toBe(true);
    await expect(reading).rejects.toBe(reason);
    await closing;
    await closed(peer);
  });

  test('a second close changes nothing, not even with a reason', async () => {
    const { stream, peer } = await streamAndPeer();
    void stream.send('x'.repeat(1_000_000));
    const closing = stream.close();
    void stream.close(new Error('late'));
    expect(await received(peer)).toHaveLength(1_000_000);
    peer.end();
    await closing;
  });
});
