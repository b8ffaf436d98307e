import { request as httpRequest, Agent } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Channel } from '@sallyport/core';
import { webSocketUpgrade } from '@sallyport/websocket/upgrade';
import { selfSigned } from '../../src/certificate.js';
import type { HttpServerOptions } from '../../src/http/server.js';
import { answering, exchange, httpPort, statusOf } from '../fixtures/http.js';
import { closed, dialled, dialledTls, dribble, received, resolvers, until } from '../fixtures/sockets.js';

const keys = await selfSigned();
const echo: HttpServerOptions = { rpc: answering((text) => Promise.resolve(text)) };
const health: HttpServerOptions = { health: () => ({ ok: true }) };

describe('routes', () => {
  test('GET /healthz says what it is told to say', async () => {
    const { url } = await httpPort(health);
    const answer = await fetch(`${url}/healthz?x=1`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ ok: true });
  });

  test('HEAD is GET without a body', async () => {
    const { port } = await httpPort(health);
    const answer = await exchange(port, 'HEAD /healthz HTTP/1.1', 'Host: a');
    expect(answer).toContain('content-length: 11');
    expect(answer.endsWith('\r\n\r\n')).toBe(true);
  });

  test('everything else is nothing, and never repeated', async () => {
    const { port } = await httpPort(health);
    for (const path of ['/', '/rpc', '/<script>', '/healthz/', '//evil.example/healthz', '*']) {
      const answer = await exchange(port, `GET ${path} HTTP/1.1`, 'Host: a');
      expect(statusOf(answer)).toBe(404);
      expect(answer).toContain('content-type: text/plain');
      expect(answer).toContain('nosniff');
      expect(answer.split('\r\n\r\n')[1]).toBe('there is nothing here\n');
    }
  });

  test('the absolute form is accepted', async () => {
    const { port } = await httpPort(health);
    expect(statusOf(await exchange(port, 'GET http://a:1/healthz HTTP/1.1', 'Host: a'))).toBe(200);
  });

  test('other methods are told which there are', async () => {
    const { port } = await httpPort(health);
    for (const method of ['POST', 'PUT', 'DELETE', 'TRACE', 'OPTIONS']) {
      const answer = await exchange(port, `${method} /healthz HTTP/1.1`, 'Host: a');
      expect(statusOf(answer)).toBe(405);
      expect(answer).toContain('allow: GET, HEAD');
      expect(answer).toMatch(/\r\n\r\nuse GET or HEAD\n$/);
    }
  });

  test.each(['DESCRIBE / RTSP/1.0', 'SETUP /healthz RTSP/1.0', 'SOURCE / ICE/1.0', 'SETUP / HTTP/1.1'])(
    'methods of other protocols are none: %s',
    async (line) => {
      const { port } = await httpPort(health);
      const answer = await exchange(port, line, 'Host: a');
      expect(answer).toMatch(/^HTTP\/1\.1 501 [^]*\r\n\r\nthere is no such method\n$/);
    },
  );

  test('XML-RPC where it is not on is told which option is missing', async () => {
    const { port } = await httpPort(echo);
    const answer = await exchange(port, 'POST /RPC2 HTTP/1.1', 'Host: a');
    expect(answer).toMatch(/^HTTP\/1\.1 404 [^]*\r\n\r\nXML-RPC is not spoken here \(option `xmlRpc`\)\n$/);
  });

  test('the time of keep-alive is told where the connection is kept only', async () => {
    const { port } = await httpPort(health);
    expect(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a')).not.toMatch(/keep-alive/i);
    const client = await dialled(port);
    client.write('GET /healthz HTTP/1.0\r\nHost: a\r\n\r\n');
    expect(await received(client)).not.toMatch(/keep-alive/i);
    const { url } = await httpPort(health);
    expect((await fetch(`${url}/healthz`)).headers.get('keep-alive')).toBe('timeout=5');
  });

  test('CONNECT is HTTP, and no way through', async () => {
    const { port } = await httpPort(health);
    expect(await exchange(port, 'CONNECT other.example:443 HTTP/1.1', 'Host: other.example')).toBe('');
  });

  test('an error inside is a 500 that tells nothing', async () => {
    const onError = vi.fn();
    const failing = () => {
      throw new Error('secret');
    };
    const { url } = await httpPort({ health: failing, onError });
    const answer = await fetch(`${url}/healthz`);
    expect([answer.status, await answer.text()]).toEqual([500, 'internal error\n']);
    expect(onError).toHaveBeenCalledTimes(1);
  });
});

describe('bounds', () => {
  test('a head beyond 16 KiB is refused', async () => {
    const { port } = await httpPort(health);
    const answer = await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', `X: ${'x'.repeat(17_000)}`);
    expect(statusOf(answer)).toBe(431);
    expect(answer).toMatch(/nosniff[^]*\r\n\r\nthe head is longer than 16384 bytes \(limits\.httpHead\)\n$/);
  });

  test('the answer arrives, although more than its head is on the way', async () => {
    const { port } = await httpPort(health);
    const answer = await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', `X: ${'x'.repeat(2_000_000)}`);
    expect(statusOf(answer)).toBe(431);
  });

  test('both bounds can be set', async () => {
    const { port } = await httpPort({ ...health, limits: { httpHead: 1000, httpHeaders: 5 } });
    const answer = await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', `X: ${'x'.repeat(1000)}`);
    expect(answer).toContain('longer than 1000 bytes (limits.httpHead)');
    const headers = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`);
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...headers(3)))).toBe(200);
    expect(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...headers(4))).toContain(
      'more than 5 headers (limits.httpHeaders)',
    );
  });

  test('more than 100 headers are refused, not left out', async () => {
    const { port } = await httpPort(health);
    const headers = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`);
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...headers(98)))).toBe(200);
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...headers(99)))).toBe(431);
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...headers(900)))).toBe(431);
  });

  test.each([
    ['a request line that is none', 'GET\r\n\r\n'],
    ['two lengths', 'POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
    ['a length and chunks', 'POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n'],
  ])('%s is a bad request and the end', async (_, text) => {
    const { port } = await httpPort({ ...echo, ...health });
    const socket = await dialled(port);
    socket.write(text.startsWith('GET\r') ? 'GET \r\n\r\n' : text);
    const answer = await received(socket);
    expect(statusOf(answer)).toBe(400);
    expect(answer).toMatch(/nosniff[^]*\r\n\r\n(this is no HTTP request|there must be one header Host)\n$/);
  });

  test.each([
    ['GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 400, 'the request line must end with its version and CR LF'],
    ['GET / HTTP/1.1\nHost: a\n\n', 400, 'the request line must end with its version and CR LF'],
    ['GET / HTTP/1.10\r\nHost: a\r\n\r\n', 505, 'this is HTTP/1.1'],
    ['GET / HTTP/2\r\nHost: a\r\n\r\n', 505, 'this is HTTP/1.1'],
  ])('the line %j is %i', async (text, status, told) => {
    const { port } = await httpPort(health);
    const socket = await dialled(port);
    socket.write(`GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n${text}`);
    const answer = (await received(socket)).split('{"ok":true}')[1]!;
    expect([statusOf(answer), answer.split('\r\n\r\n')[1]]).toEqual([status, `${told}\n`]);
  });

  test('STOMP after HTTP on the same connection is not STOMP', async () => {
    const { port } = await httpPort(health);
    const socket = await dialled(port);
    socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nCONNECT\naccept-version:1.2\n\n\0');
    const answer = await received(socket);
    expect(answer).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^]*\{"ok":true\}HTTP\/1\.1 400 [^]*\r\n\r\nthis is no HTTP request\n$/,
    );
  });
});

describe('bytes', () => {
  test.each(['plain', 'TLS'])('a request one byte at a time: %s', async (how) => {
    const { port } = await httpPort(echo, keys);
    const client = how === 'TLS' ? await dialledTls(port) : await dialled(port);
    const answer = received(client);
    const head = ['POST /rpc HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 2'];
    await dribble(client, [...head, 'Connection: close', '', '{}'].join('\r\n'));
    expect(await answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{\}$/);
  });

  test.each(['plain', 'TLS'])('20 MB come and go whole: %s', async (how) => {
    const body = JSON.stringify('grüße '.repeat(2_900_000));
    expect(Buffer.byteLength(body)).toBeGreaterThan(20_000_000);
    const { port } = await httpPort({ ...echo, limits: { body: 32 * 1024 * 1024 } }, keys);
    const request = how === 'TLS' ? httpsRequest : httpRequest;
    const answer = await new Promise<string>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const options = { host: '127.0.0.1', port, path: '/rpc', method: 'POST', headers, agent: false as const };
      const call = request({ ...options, rejectUnauthorized: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks).toString()));
      });
      call.on('error', reject).end(body);
    });
    expect(answer === body).toBe(true);
  });

  test('one connection serves many requests', async () => {
    const { port, acceptor } = await httpPort(health);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    for (let one = 0; one < 10; one++) {
      const status = await new Promise((resolve, reject) => {
        httpRequest({ host: '127.0.0.1', port, path: '/healthz', agent }, (response) =>
          response.resume().on('end', () => resolve(response.statusCode)),
        )
          .on('error', reject)
          .end();
      });
      expect(status).toBe(200);
    }
    expect(acceptor.outcomes.http).toBe(1);
  });
});

describe('upgrades', () => {
  async function echoAll<In extends Out, Out>(channel: Channel<In, Out>): Promise<void> {
    for await (const item of channel) await channel.send(item);
  }

  function webSockets(): HttpServerOptions {
    const server = new WebSocketServer({ noServer: true, maxPayload: 1_000_000, perMessageDeflate: false });
    const accept = webSocketUpgrade({
      server,
      schedule: process.nextTick,
      accept: (upgraded) => {
        const echoing = upgraded.protocol === undefined ? echoAll(upgraded.messages) : echoAll(upgraded.stream);
        echoing.catch(() => {});
      },
    });
    return { ...health, upgrade: (request, socket, head) => accept(request, socket, head) };
  }

  test.each(['ws', 'wss'])('a WebSocket goes on without the time limits of HTTP: %s', async (scheme) => {
    const { port, clock, http } = await httpPort(webSockets(), keys);
    const socket = new WebSocket(`${scheme}://127.0.0.1:${port}/any/path`, ['v12.stomp'], {
      rejectUnauthorized: false,
    });
    onTestFinished(() => socket.terminate());
    await new Promise((resolve) => socket.once('open', resolve));
    clock.advance(3_600_000);
    // What remains is the stream's own.
    await http.close();
    socket.send('still here');
    const message = await new Promise<Buffer>((resolve) => socket.once('message', (data: Buffer) => resolve(data)));
    expect(message.toString()).toBe('still here');
  });

  test('a handshake one byte at a time, with the first message behind it', async () => {
    const { port } = await httpPort(webSockets());
    const client = await dialled(port);
    let answer = Buffer.alloc(0);
    client.on('data', (chunk: Buffer) => (answer = Buffer.concat([answer, chunk])));
    const lines = [
      'GET / HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ];
    const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
    const frame = '\x81\x82\0\0\0\0{}';
    await dribble(client, [...lines, key, '', frame].join('\r\n'));
    await until(() => answer.includes('\x81\x02{}', undefined, 'latin1'));
  });

  test('without a handler the request is answered as any other', async () => {
    const { port } = await httpPort(health);
    const head = ['Connection: Upgrade', 'Upgrade: websocket'];
    expect(statusOf(await exchange(port, 'GET /healthz HTTP/1.1', 'Host: a', ...head))).toBe(200);
  });

  test('the handler gets the connection it came on', async () => {
    const upgrade = vi.fn<NonNullable<HttpServerOptions['upgrade']>>((_request, socket) => socket.end());
    const { port } = await httpPort({ upgrade });
    await exchange(port, 'GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket');
    expect(upgrade.mock.calls[0]![3]).toMatchObject({ protocol: 'http', secure: false, remoteAddress: '127.0.0.1' });
  });
});

describe('closing', () => {
  test('idle connections are closed at once, busy ones after their answer', async () => {
    const answer = resolvers<string>();
    const asked = resolvers<void>();
    const rpc = answering(() => {
      asked.resolve();
      return answer.promise;
    });
    const { port, http, acceptor } = await httpPort({ rpc, ...health });
    const idle = await dialled(port);
    idle.write('GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => idle.once('data', resolve));
    const busy = await dialled(port);
    busy.write('POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
    const text = received(busy);
    await asked.promise;
    await new Promise((resolve) => setTimeout(resolve, 10));
    let over = false;
    const closing = http.close().then(() => (over = true));
    await closed(idle);
    expect(over).toBe(false);
    answer.resolve('"done"');
    expect(await text).toMatch(/\r\nconnection: close\r\n[^]*"done"/);
    await closing;
    const late = await dialled(port);
    late.write('GET /healthz HTTP/1.1\r\n');
    await closed(late);
    await until(() => acceptor.counts.connections === 0);
  });

  test('or all at once', async () => {
    const asked = resolvers<void>();
    const rpc = answering(() => {
      asked.resolve();
      return new Promise<string>(() => {});
    });
    const { port, http, clock } = await httpPort({ rpc });
    const busy = await dialled(port);
    busy.write('POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}');
    await asked.promise;
    http.destroy();
    await closed(busy);
    await http.close();
    expect(clock.pending).toBe(0);
  });
});
