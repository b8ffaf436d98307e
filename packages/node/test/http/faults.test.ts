// What comes behind requests that came whole, and is none, or wants another protocol: these are answered first.

import type { Socket } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import { webSocketUpgrade } from '@sallyport/websocket/upgrade';
import { selfSigned } from '../../src/certificate.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { answering, httpPort } from '../fixtures/http.js';
import { closed, dialled, dialledTls, received, resolvers, until } from '../fixtures/sockets.js';

const keys = await selfSigned();
const dials: Record<string, (port: number) => Promise<Socket>> = {
  plain: dialled,
  TLS: async (port) => {
    const client = await dialledTls(port);
    client.allowHalfOpen = true;
    return client;
  },
};

function post(body: string, lines: readonly string[] = [`Content-Length: ${body.length}`]): string {
  return ['POST /rpc HTTP/1.1', 'Host: a', 'Content-Type: application/json', ...lines, '', body].join('\r\n');
}

/** A server that answers a text with itself, `slow` when it is let go. */
async function patient(options: HttpServerOptions = {}) {
  const let_ = resolvers<void>();
  const calls: string[] = [];
  const rpc = answering(async (text) => {
    calls.push(text);
    if (text === 'slow') await let_.promise;
    return text;
  });
  return { ...(await httpPort({ rpc, health: () => 'well', ...options }, keys)), calls, go: () => let_.resolve() };
}

/** Statuses and bodies, in their order. */
function answers(heard: string): string[] {
  return heard
    .split('HTTP/1.1 ')
    .slice(1)
    .map((answer) => `${answer.slice(0, 3)} ${answer.split('\r\n\r\n')[1]!.trim()}`);
}

const CHUNKED = ['Transfer-Encoding: chunked'];
const none = '400 this is no HTTP request';
const wrong: Record<string, [sent: string, answer: string]> = {
  'a header that is none': ['GET / HTTP/1.1\r\nbroken\r\n\r\n', none],
  'another protocol': ['CONNECT\naccept-version:1.2\n\n\0', none],
  'a bad size of a chunk': [post('zz\r\n{}\r\n0\r\n\r\n', CHUNKED), none],
  'a length and chunks': [post('0\r\n\r\n', ['Content-Length: 5', ...CHUNKED]), none],
  'a head that is too long': [
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    '431 the head is longer than 16384 bytes (limits.httpHead)',
  ],
  'a method that is unknown': ['BREW / HTTP/1.1\r\nHost: a\r\n\r\n', '501 there is no such method'],
};

describe.each(Object.keys(dials))('%s: behind requests that came whole', (carrier) => {
  test.each(Object.entries(wrong))('%s, in one piece', async (_, [sent, answer]) => {
    const { port, calls } = await patient();
    const client = await dials[carrier]!(port);
    client.write(post('1') + post('2') + sent + post('3'));
    const heard = await received(client);
    expect(answers(heard)).toEqual(['200 1', '200 2', answer]);
    expect(heard.match(/connection: close/gi)).toHaveLength(1);
    expect(calls).toEqual(['1', '2']);
  });

  test.each(Object.entries(wrong))('%s, while one of them is worked on', async (_, [sent, answer]) => {
    const { port, calls, clock, go } = await patient();
    const client = await dials[carrier]!(port);
    const heard = received(client);
    client.write(post('slow') + post('2'));
    await until(() => calls[0] === 'slow');
    client.write(sent);
    client.write(post('3'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    // Nothing more is due from the client.
    clock.advance(3_600_000);
    go();
    expect(answers(await heard)).toEqual(['200 slow', '200 2', answer]);
    expect(calls).toEqual(['slow', '2']);
  });

  test.each([
    ['a request that ends too early', 'GET / HTTP/1.1\r\nHos'],
    ['a body that ends too early', post('{', ['Content-Length: 2'])],
  ])('%s', async (_, sent) => {
    const { port, calls, go } = await patient();
    const client = await dials[carrier]!(port);
    const heard = received(client);
    client.write(post('slow'));
    await until(() => calls[0] === 'slow');
    client.end(sent);
    await new Promise((resolve) => setTimeout(resolve, 20));
    go();
    expect(answers(await heard)).toEqual(['200 slow', none]);
  });

  test('who leaves meanwhile is waited for as long as a half-close, and nobody is told of an error', async () => {
    const onError = vi.fn();
    const { port, calls, clock, acceptor, http } = await patient({ onError, limits: { halfClosedTime: 700 } });
    const adopt = vi.spyOn(http, 'adopt');
    const client = await dials[carrier]!(port);
    client.resume().write(post('slow') + post('{', ['Content-Length: 20']));
    await until(() => calls[0] === 'slow');
    client.end();
    const { socket } = adopt.mock.calls[0]![0];
    await until(() => (socket as Socket).readableEnded);
    clock.advance(699);
    expect(acceptor.counts.connections).toBe(1);
    clock.advance(1);
    await until(() => acceptor.counts.connections === 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(onError).not.toHaveBeenCalled();
    expect(clock.pending).toBe(0);
  });

  test('who breaks off meanwhile is noticed, and nobody is told of an error', async () => {
    const onError = vi.fn();
    const { port, calls, acceptor } = await patient({ onError });
    const client = await dials[carrier]!(port);
    client.write(post('slow') + post('{', ['Content-Length: 20']));
    await until(() => calls[0] === 'slow');
    if (carrier === 'TLS') client.destroy();
    else client.resetAndDestroy();
    await until(() => acceptor.counts.connections === 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(onError).not.toHaveBeenCalled();
  });

  test('a wish for HTTP/2 is ignored', async () => {
    const { port, calls, go } = await patient({ upgrade: (_, socket) => socket.destroy() });
    const client = await dials[carrier]!(port);
    const heard = received(client);
    client.write(post('slow') + post('2', ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 1']) + post('3'));
    await until(() => calls[0] === 'slow');
    client.write(post('4') + post('5', ['Connection: close', 'Content-Length: 1']));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toEqual(['slow']);
    go();
    expect(answers(await heard)).toEqual(['200 slow', '200 2', '200 3', '200 4', '200 5']);
  });

  test('a WebSocket is opened when they have been answered', async () => {
    const server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    const accept = webSocketUpgrade({
      server,
      schedule: process.nextTick,
      accept: ({ protocol, ...upgraded }) => {
        if (protocol !== undefined || !('messages' in upgraded)) return;
        void (async () => {
          for await (const message of upgraded.messages) await upgraded.messages.send(message);
        })().catch(() => {});
      },
    });
    const { port, calls, go, clock } = await patient({
      upgrade: (request, socket, head) => accept(request, socket, head),
    });
    const client = await dials[carrier]!(port);
    let heard = '';
    client.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    client.write(
      post('slow') + ['GET / HTTP/1.1', 'Host: a', ...lines, key, '', '\x81\x82\0\0\0\0'].join('\r\n'),
      'latin1',
    );
    await until(() => calls[0] === 'slow');
    client.write('{}\x81\x82\0\0\0\0[]', 'latin1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(60_000);
    expect(heard).toBe('');
    go();
    await until(() => heard.endsWith('\x81\x02{}\x81\x02[]'));
    expect(heard).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nslowHTTP\/1\.1 101 /);
    client.destroy();
  });

  test('an upgrade behind the last answer is nothing', async () => {
    const { port } = await patient({ upgrade: (_, socket) => socket.destroy() });
    const client = await dials[carrier]!(port);
    const bad = 'GET /healthz HTTP/1.1\r\n\r\n';
    client.write(`${bad}GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`);
    expect(answers(await received(client))).toEqual(['400 there must be one header Host']);
  });
});

describe('the end behind the last answer', () => {
  test.each([
    ['413', post('', ['Connection: close', 'Content-Length: 90000000'])],
    ['415', post('', ['Connection: close', 'Content-Length: 90000000']).replace('application/json', 'text/plain')],
    ['400', post('', ['Host: b', 'Content-Length: 90000000'])],
  ])('%s is heard whole, though the body is still coming, and goes on for two seconds', async (status, head) => {
    const { port, clock, acceptor } = await patient();
    const client = await dialled(port);
    client.write(head);
    const heard = received(client);
    for (let piece = 0; piece < 40; piece++) {
      client.write(Buffer.alloc(64 * 1024));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await heard).startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    await until(() => acceptor.counts.connections === 0);
    const other = await dialled(port);
    other.on('error', () => {}).write(head);
    await new Promise((resolve) => other.once('end', resolve).resume());
    // It does not end its side.
    clock.advance(1999);
    expect(acceptor.counts.connections).toBe(1);
    clock.advance(1);
    await until(() => acceptor.counts.connections === 0);
    await closed(other);
    expect(clock.pending).toBe(0);
  });

  test('requests that follow it are neither read nor run', async () => {
    const { port, calls, clock, acceptor } = await patient();
    const client = await dialled(port);
    client.on('error', () => {}).write(post('1', ['Connection: close', 'Content-Length: 1']));
    await new Promise((resolve) => client.once('end', resolve).resume());
    client.write(post('2') + 'junk\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 20));
    clock.advance(2000);
    await until(() => acceptor.counts.connections === 0);
    expect(calls).toEqual(['1']);
  });
});
