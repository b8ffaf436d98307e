import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { TimeoutError } from '@sallyport/core';
import { Refusal } from '../../src/access.js';
import type { Rpc } from '../../src/http/rpc.js';
import { answering, exchange, httpPort, statusOf } from '../fixtures/http.js';
import { dialled, resolvers, until } from '../fixtures/sockets.js';

const json = { 'content-type': 'application/json' };
const echo = answering((text) => Promise.resolve(text));

async function post(url: string, body: BodyInit, headers: Record<string, string> = json): Promise<Response> {
  const response = await fetch(`${url}/rpc`, { method: 'POST', body, headers });
  onTestFinished(() => response.body?.cancel().catch(() => {}));
  return response;
}

describe('an answer', () => {
  test('is JSON with status 200, whatever JSON-RPC says in it', async () => {
    const { url } = await httpPort({
      rpc: answering(() => Promise.resolve('{"jsonrpc":"2.0","error":{"code":-32601}}')),
    });
    const answer = await post(url, '{"jsonrpc":"2.0","method":"none","id":1}');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ jsonrpc: '2.0', error: { code: -32601 } });
  });

  test('to a notification is 204', async () => {
    const { url } = await httpPort({ rpc: answering(() => Promise.resolve(undefined)) });
    const answer = await post(url, '{"jsonrpc":"2.0","method":"none"}');
    expect([answer.status, await answer.text()]).toEqual([204, '']);
  });

  test('to whoever is refused is 401, and does not make browsers ask for a password', async () => {
    const { url } = await httpPort({ rpc: () => Promise.reject(new Refusal(false)) });
    const answer = await post(url, '{}');
    expect([answer.status, await answer.text()]).toEqual([401, 'access refused, wrong or missing credentials\n']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('connection')).toBe('keep-alive');
  });

  test('to whoever is refused for the last time ends the connection', async () => {
    const { url } = await httpPort({ rpc: () => Promise.reject(new Refusal(true)) });
    const answer = await post(url, '{}');
    expect([answer.status, answer.headers.get('connection')]).toEqual([401, 'close']);
    expect(answer.headers.get('keep-alive')).toBeNull();
  });

  test('is a 503 when it could not be decided in time who that is', async () => {
    const { url } = await httpPort({ rpc: () => Promise.reject(new TimeoutError('ERR_CONNECT_TIME', 'secret')) });
    const answer = await post(url, '{}');
    expect([answer.status, await answer.text()]).toEqual([503, 'that could not be decided in time\n']);
  });

  test('is a 500 without a word when something is broken', async () => {
    const { url } = await httpPort({ rpc: () => Promise.reject(new Error('secret')) });
    const answer = await post(url, '{}');
    expect([answer.status, await answer.text()]).toEqual([500, 'internal error\n']);
  });
});

describe('what it is told', () => {
  test('headers, where it came from, and when the client left', async () => {
    const rpc = vi.fn<Rpc>(() => new Promise(() => {}));
    const { port } = await httpPort({ rpc });
    const client = await dialled(port);
    const head = ['POST /rpc HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 2'];
    client.write([...head, 'Authorization: Bearer abc', 'Origin: http://a', '', '{}'].join('\r\n'));
    await until(() => rpc.mock.calls.length === 1);
    const [context] = rpc.mock.calls[0]!;
    expect(context.accepted).toMatchObject({ secure: false, remoteAddress: '127.0.0.1' });
    expect(context.origin).toBe('http://a');
    expect(context.headers.authorization).toBe('Bearer abc');
    expect(context.signal.aborted).toBe(false);
    client.destroy();
    await until(() => context.signal.aborted);
  });

  test('that the connection has authenticated', async () => {
    const rpc: Rpc = (context) => {
      context.accepted.authenticated();
      return echo(context);
    };
    const { url, acceptor } = await httpPort({ rpc });
    await (await post(url, '{}')).text();
    expect(acceptor.counts.unauthenticated).toBe(0);
  });
});

describe('the type', () => {
  test.each([
    ['application/json', 200],
    ['Application/JSON', 200],
    ['application/json; charset=utf-8', 200],
    ['application/json;charset="UTF-8"', 200],
    ['application/json;', 200],
    ['application/json ; ;charset=utf-8;', 200],
    ['application/json; x', 415],
    ['application/json; charset=utf-16;', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/json; charset=utf-16', 415],
    ['application/jsonp', 415],
    ['text/plain; application/json', 415],
  ])('%s is %i', async (type, status) => {
    const { url } = await httpPort({ rpc: echo });
    expect((await post(url, '{}', { 'content-type': type })).status).toBe(status);
  });

  test('must be given', async () => {
    const { port } = await httpPort({ rpc: echo });
    expect(statusOf(await exchange(port, 'POST /rpc HTTP/1.1', 'Host: a', 'Content-Length: 0'))).toBe(415);
  });

  test('must not be packed', async () => {
    const { url } = await httpPort({ rpc: echo });
    expect((await post(url, 'x', { ...json, 'content-encoding': 'gzip' })).status).toBe(415);
  });

  test('must be what it says: UTF-8', async () => {
    const { url } = await httpPort({ rpc: echo });
    expect((await post(url, Uint8Array.of(0x22, 0xff, 0x22))).status).toBe(400);
  });
});

describe('a body over the limit', () => {
  const limits = { body: 1000 };

  test('is refused by its length, before it is sent', async () => {
    const rpc = vi.fn(echo);
    const { port } = await httpPort({ rpc, limits });
    const head = ['POST /rpc HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 1001'];
    const client = await dialled(port);
    client.write([...head, 'Expect: 100-continue', '', ''].join('\r\n'));
    const [answer] = (await new Promise((resolve) => client.once('data', (...all) => resolve(all)))) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 [^]*the body is longer than 1000 bytes \(limits\.body\)\n$/);
    expect(rpc).not.toHaveBeenCalled();
  });

  test('is refused when it turns out', async () => {
    const { url } = await httpPort({ rpc: echo, limits });
    const chunks = new ReadableStream({
      start(controller) {
        for (let one = 0; one < 300; one++) controller.enqueue(new Uint8Array(10_000));
        controller.close();
      },
    });
    const init = { method: 'POST', body: chunks, headers: json, duplex: 'half' } as RequestInit;
    const answer = await fetch(`${url}/rpc`, init);
    expect([answer.status, await answer.text()]).toEqual([413, 'the body is longer than 1000 bytes (limits.body)\n']);
  });

  test('at the limit is none', async () => {
    const { url } = await httpPort({ rpc: echo, limits });
    const body = JSON.stringify('x'.repeat(998));
    expect(await (await post(url, body)).text()).toBe(body);
  });

  test('leaves the connection usable', async () => {
    const { port, clock, acceptor } = await httpPort({ rpc: echo, limits });
    const client = await dialled(port);
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const head = (length: number) =>
      `POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    client.write(head(200_000) + 'x'.repeat(200_000));
    client.write(head(2) + '{}');
    await until(() => text.endsWith('{}'));
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    await until(() => clock.pending === 1);
    expect(acceptor.counts.connections).toBe(1);
  });

  test('that never comes to its end is cut', async () => {
    const { port, clock, acceptor } = await httpPort({ rpc: echo, limits });
    const client = await dialled(port);
    client.on('error', () => {}).resume();
    client.write('POST /rpc HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n');
    await new Promise((resolve) => client.once('data', resolve));
    client.write('x');
    clock.advance(30_000);
    await until(() => acceptor.counts.connections === 0);
  });
});

test('a client that asks first is told to go on', async () => {
  const { port } = await httpPort({ rpc: echo });
  const client = await dialled(port);
  const head = ['POST /rpc HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Content-Length: 2'];
  client.write([...head, 'Expect: 100-continue', '', ''].join('\r\n'));
  const asked = resolvers<string>();
  client.once('data', (chunk: Buffer) => asked.resolve(chunk.toString()));
  expect(await asked.promise).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  const answered = resolvers<string>();
  client.once('data', (chunk: Buffer) => answered.resolve(chunk.toString()));
  client.write('{}');
  expect(await answered.promise).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
});

describe('pages', () => {
  test('of this host may call', async () => {
    const { url } = await httpPort({ rpc: echo });
    const answer = await post(url, '{}', { ...json, origin: url });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(url);
    expect(answer.headers.get('vary')).toBe('origin');
  });

  test('is of the host that an absolute target names, whatever Host says', async () => {
    const { port } = await httpPort({ rpc: echo });
    const ask = (host: string, origin: string) => {
      const head = ['POST http://a:1/rpc HTTP/1.1', `Host: ${host}`, `Origin: ${origin}`, 'Content-Length: 0'];
      return exchange(port, ...head, 'Content-Type: application/json');
    };
    expect(statusOf(await ask('evil.example', 'http://a:1'))).toBe(200);
    expect(statusOf(await ask('evil.example', 'http://evil.example'))).toBe(403);
  });

  test.each(['https://evil.example', 'null', 'http://127.0.0.1'])('of %s may not, nor ask', async (origin) => {
    const rpc = vi.fn(echo);
    const { url } = await httpPort({ rpc });
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await fetch(`${url}/rpc`, { method, headers: { ...json, origin } });
      expect(answer.status).toBe(403);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(await answer.text()).toBe('this origin is not allowed (option `origins`)\n');
    }
    expect(rpc).not.toHaveBeenCalled();
  });

  test('of a host in the list may ask, and then call', async () => {
    const origin = 'https://admin.example';
    const { url } = await httpPort({ rpc: echo, origins: [origin] });
    const headers = { origin, 'access-control-request-method': 'POST' };
    const answer = await fetch(`${url}/rpc`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    expect(answer.headers.get('access-control-allow-methods')).toBe('POST');
    expect(answer.headers.get('access-control-allow-headers')).toContain('content-type');
    expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    expect((await post(url, '{}', { ...json, origin })).headers.get('access-control-allow-origin')).toBe(origin);
  });

  test('of everywhere, if so listed, get their own name and never the star', async () => {
    const { url } = await httpPort({ rpc: echo, origins: ['*'] });
    const answer = await post(url, '{}', { ...json, origin: 'https://any.example' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://any.example');
  });
});

test.each(['GET', 'PUT', 'DELETE'])('%s is told to POST', async (method) => {
  const { url } = await httpPort({ rpc: echo });
  const answer = await fetch(`${url}/rpc`, { method });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
});
