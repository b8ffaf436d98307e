// What leaves slowly, or not at all, whatever the client says meanwhile.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { selfSigned } from '../../src/certificate.js';
import type { Rpc } from '../../src/http/rpc.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { httpPort } from '../fixtures/http.js';
import { closed, dialled, dialledTls, received, resolvers, until } from '../fixtures/sockets.js';

const keys = await selfSigned();
/** More than the system holds for both sides together. */
const LARGE = 24_000_000;
const large = 'x'.repeat(LARGE);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-outgoing-'));
  await writeFile(join(directory, 'large.txt'), large);
});
afterAll(() => rm(directory, { recursive: true }));

const pause = (time: number) => new Promise((resolve) => setTimeout(resolve, time));

function post(path: string, type: string, version = '1.1'): string {
  return `POST ${path} HTTP/${version}\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: 2\r\n\r\n{}`;
}
const CALL = post('/rpc', 'application/json');
const chunked =
  'POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n';

const requests: Record<string, string> = {
  'JSON-RPC': CALL,
  'JSON-RPC in chunks': chunked,
  'JSON-RPC by HTTP/1.0': post('/rpc', 'application/json', '1.0'),
  'XML-RPC': post('/RPC2', 'text/xml'),
  'a file': 'GET /large.txt HTTP/1.1\r\nHost: a\r\n\r\n',
};

const dials: Record<string, (port: number) => Promise<Socket>> = { plain: dialled, TLS: dialledTls };

/** A server whose answers are large, and the connections it has. */
async function generous(options: HttpServerOptions = {}) {
  let calls = 0;
  const rpc = (() =>
    Promise.resolve(() => {
      calls++;
      return Promise.resolve(large);
    })) as Rpc & Rpc<Uint8Array>;
  const port = await httpPort({ rpc, xmlRpc: { path: '/RPC2', rpc }, page: directory, ...options }, keys);
  const sockets: Socket[] = [];
  const { adopt } = port.http;
  port.http.adopt = (accepted) => {
    sockets.push(accepted.socket as Socket);
    adopt.call(port.http, accepted);
  };
  return { ...port, sockets, calls: () => calls };
}

type Port = Awaited<ReturnType<typeof generous>>;

/** A client that has asked and does not read. Resolves when the system takes nothing more for it. */
async function deaf({ port, sockets }: Port, asked: string, dial = dialled): Promise<[client: Socket, server: Socket]> {
  const client = await dial(port);
  client.on('error', () => {}).pause();
  client.write(asked);
  await until(() => (sockets[0]?.writableLength ?? 0) > 0);
  await settled(sockets[0]!);
  return [client, sockets[0]!];
}

/** Resolves when a socket has not moved for a while. */
async function settled(server: Socket): Promise<void> {
  let before = -1;
  while (server.writableLength !== before) {
    before = server.writableLength;
    await pause(50);
  }
}

/** How much the system has taken from a socket. */
function taken(server: Socket): number {
  return server.bytesWritten - server.writableLength;
}

/** Reads until the server has got rid of something more; returns how many bytes came. */
async function readSome(client: Socket, server: Socket): Promise<number> {
  const before = taken(server);
  let length = 0;
  const count = (chunk: Buffer): unknown => (length += chunk.length);
  client.on('data', count).resume();
  await until(() => taken(server) > before);
  client.pause().off('data', count);
  return length;
}

describe.each(Object.keys(dials))('%s', (how) => {
  const dial = dials[how]!;

  test.each(Object.keys(requests))(
    'who takes nothing of an answer is cut, though he goes on talking: %s',
    async (what) => {
      const port = await generous();
      const { clock, acceptor } = port;
      const [client] = await deaf(port, requests[what]!, dial);
      let seconds = 0;
      for (; acceptor.counts.connections > 0 && seconds < 100; seconds++) {
        client.write('G');
        await pause(1);
        clock.advance(1000);
        await pause(1);
        if (seconds < 9) expect(acceptor.counts.connections).toBe(1);
      }
      expect(seconds).toBeLessThan(25);
      expect(clock.pending).toBe(0);
    },
  );

  test.each(Object.keys(requests))('a slow but steady reader gets all: %s', async (what) => {
    const port = await generous({ limits: { keepAliveTime: 1e9 } });
    const { clock, acceptor } = port;
    const [client, server] = await deaf(port, requests[what]!, dial);
    let length = 0;
    while (server.writableLength > 0) {
      length += await readSome(client, server);
      clock.advance(9000);
      expect(acceptor.counts.connections).toBe(1);
    }
    client.on('data', (chunk: Buffer) => (length += chunk.length)).resume();
    await until(() => length > LARGE);
    // Nothing of it stays: what is pending is the time for the next request.
    await until(() => clock.pending <= 1);
  });

  test('who asks without reading gets nothing made, and is not read', async () => {
    const port = await generous();
    const [client, server] = await deaf(port, CALL.repeat(300), dial);
    expect(port.calls()).toBeLessThan(3);
    for (let count = 0; count < 20; count++) client.write(CALL.repeat(3000));
    await pause(100);
    // He reads, but more slowly than he asks.
    for (let count = 0; count < 8; count++) {
      await until(() => server.writableLength > 0);
      await readSome(client, server);
      port.clock.advance(5000);
    }
    expect(port.calls()).toBeLessThan(5);
    expect(server.bytesRead).toBeLessThan(1_000_000);
    expect(port.acceptor.counts.connections).toBe(1);
    await settled(server);
    port.clock.advance(20_000);
    await until(() => port.acceptor.counts.connections === 0);
  });

  test('the answer arrives though the client has ended its side', async () => {
    const port = await generous();
    const [client] = await deaf(port, CALL, dial);
    client.end();
    await pause(20);
    const text = await received(client);
    expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(LARGE);
  });

  test('junk behind it is answered once, when it has left', async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', warn);
    onTestFinished(() => void process.off('warning', warn));
    const port = await generous();
    const [client] = await deaf(port, CALL, dial);
    for (let count = 0; count < 40; count++) {
      client.write('junk\r\n\r\n');
      await pause(1);
    }
    const text = await received(client);
    expect(text.indexOf('HTTP/1.1 400 ')).toBeGreaterThan(LARGE);
    expect(text.split('HTTP/1.1 400 ').length).toBe(2);
    expect(warnings).toEqual([]);
  });
});

describe('several requests at once', () => {
  /** A server that answers when it is told to, with what it is told. */
  async function asked(count: number, limits = {}) {
    const answers = Array.from({ length: count }, () => resolvers<string>());
    let next = 0;
    const port = await generous({ limits, rpc: () => Promise.resolve(() => answers[next++]!.promise) });
    const client = await dialled(port.port);
    client.write(CALL.repeat(count));
    await until(() => next === count);
    return { ...port, client, answers: answers.map(({ resolve }) => resolve) };
  }

  test('answers that wait for a slow one are not the fault of the client', async () => {
    const { client, answers, clock } = await asked(3);
    answers[1]!('"second"');
    answers[2]!('"third"');
    await pause(5);
    clock.advance(600_000);
    answers[0]!('"first"');
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await until(() => text.endsWith('"third"'));
    expect(text.match(/"(first|second|third)"/g)).toEqual(['"first"', '"second"', '"third"']);
  });

  test('more bytes than that may not wait behind another answer', async () => {
    const { client, answers, acceptor } = await asked(3, { writeBuffer: 1_000_000 });
    answers[1]!('x'.repeat(600_000));
    await pause(20);
    expect(acceptor.counts.connections).toBe(1);
    answers[2]!('x'.repeat(600_000));
    await closed(client);
    await until(() => acceptor.counts.connections === 0);
  });

  test('the first is made, however much waits for it', async () => {
    const first = resolvers<void>();
    let count = 0;
    const port = await generous({
      rpc: async () => {
        const mine = count++;
        if (mine === 0) await first.promise;
        return () => Promise.resolve(mine === 0 ? '"first"' : 'x'.repeat(1_000_000));
      },
    });
    const client = await dialled(port.port);
    const text = received(client);
    client.write(CALL.repeat(2) + CALL.replace('Host', 'Connection: close\r\nHost'));
    await pause(20);
    first.resolve();
    const bodies = (await text).split(/HTTP\/1\.1 200 OK\r\n/).map((answer) => answer.split('\r\n\r\n')[1]?.length);
    expect(bodies).toEqual([undefined, 7, 1_000_000, 1_000_000]);
  });

  test('of a client that has left none is made', async () => {
    let count = 0;
    const signals: AbortSignal[] = [];
    const port = await generous({
      rpc: ({ signal }) => {
        signals.push(signal);
        return Promise.resolve(() => (count++ === 0 ? Promise.resolve(large) : new Promise<string>(() => {})));
      },
    });
    const [client] = await deaf(port, CALL.repeat(20));
    const before = count;
    client.destroy();
    await until(() => port.acceptor.counts.connections === 0);
    await pause(5);
    expect(count).toBe(before);
    await until(() => signals.every(({ aborted }) => aborted));
  });
});
