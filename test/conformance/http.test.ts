// HTTP/1.1 (RFC 9110, RFC 9112): what a server must understand, and what it must refuse before it misunderstands it.

import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type House, startHouse } from '../fixtures/house.js';
import { request } from '../fixtures/raw.js';

// They wait most of the time.
vi.setConfig({ maxConcurrency: 40 });

const BODY = 10_000;
let house: House;
const executed: unknown[] = [];

beforeAll(async () => {
  house = await startHouse({ limits: { body: BODY, keepAliveTime: 500 } });
  house.server.implement({ note: (params: unknown) => executed.push(params) && 'noted' });
});
afterAll(() => house.close());

type Carrier = 'plain' | 'TLS';

/** Sends octets as they are and returns all that comes until the server ends; a moment after the last answer it does. */
async function exchange(carrier: Carrier, ...pieces: (string | Buffer)[]): Promise<string> {
  const at = { port: house.port, host: '127.0.0.1', noDelay: true };
  const socket =
    carrier === 'plain'
      ? connectTcp(at)
      : connectTls({ ...at, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
  let heard = '';
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  for (const piece of pieces) socket.write(piece);
  // The rest of a body that was refused is waited for, so that the client gets to read the answer.
  socket.on('data', () => /^HTTP\/1\.1 413 [^]*\r\n\r\n./.test(heard) && socket.end());
  await closed;
  return heard;
}

const statuses = (heard: string): number[] =>
  [...heard.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const call = (key: string): string => request('note', { key });

/** A POST that is right in all that is not said to be otherwise. */
function post(lines: readonly string[], body: string, target = '/rpc HTTP/1.1'): string {
  return [`POST ${target}`, 'Host: localhost', 'Content-Type: application/json', ...lines, '', body].join('\r\n');
}

function chunked(...texts: string[]): string {
  return [...texts.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`), '0\r\n\r\n'].join('');
}

describe.concurrent.each<Carrier>(['plain', 'TLS'])('HTTP/1.1, %s', (carrier) => {
  const answered: Record<string, [sent: string, status: number | number[], has?: RegExp]> = {
    'GET is answered, with date, length and type': [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      200,
      /(?=[^]*^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$)(?=[^]*^content-length: \d+\r$)[^]*^content-type: application\/json\r$/im,
    ],
    'HEAD is GET without its body': [
      'HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      200,
      /content-length: [1-9]\d*\r\n[^]*\r\n\r\n$/i,
    ],
    'the absolute form is accepted': [
      'GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      200,
      /"status":"ok"/,
    ],
    'the host of an absolute target counts before Host': [
      'GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      403,
    ],
    'names of headers have no case': ['GET /healthz HTTP/1.1\r\nhOsT: localhost\r\n\r\n', 200],
    'white space around values does not count': ['GET /healthz HTTP/1.1\r\nHost: \t localhost \t \r\n\r\n', 200],
    'an empty line before a request is skipped': [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      [200, 200],
    ],
    'HTTP/1.0 is answered, and then it ends': [
      'GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n',
      200,
      /connection: close/i,
    ],
    'connection: close is the end': [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      200,
      /connection: close/i,
    ],
    'requests in one piece are answered in order': [
      ['/healthz', '/none', '/healthz'].map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`).join(''),
      [200, 404, 200],
    ],
    'requests are answered before what is none behind them': [
      `${post(['Content-Length: 2'], '{}')}GET /none HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nbroken\r\n\r\n`,
      [200, 404, 400],
    ],
    'requests are answered before a wish for another protocol': [
      `${post(['Content-Length: 2'], '{}')}GET /none HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      [200, 404],
    ],
    'what is not there is 404': ['GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n', 404],
    'another method is 405, and told which there are': [
      'DELETE /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n',
      405,
      /^allow: POST, OPTIONS\r$/im,
    ],
    'HEAD of what takes POST is 405 without a body': [
      'HEAD /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n',
      405,
      /\r\n\r\n$/,
    ],
    'TRACE repeats nothing': ['TRACE / HTTP/1.1\r\nHost: localhost\r\nX: Echo\r\n\r\n', 405, /^(?![^]*Echo)/],
    'OPTIONS says what there is': [
      'OPTIONS /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n',
      204,
      /^allow: POST, OPTIONS\r$/im,
    ],
    'a method that nobody knows is 501': ['BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n', 501],
    'a version that is none of HTTP/1 is 505': ['GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n', 505],
    'a version to come is 505': ['GET /healthz HTTP/3.0\r\nHost: localhost\r\n\r\n', 505],
    'a body in chunks is read': [post(['Transfer-Encoding: chunked'], chunked('{"jsonrpc":', '"2.0"}')), 200],
    'chunks may have extensions, and trailers behind': [
      post(['Transfer-Encoding: chunked'], '2;a=b;c="d"\r\n{}\r\n0\r\nX: y\r\n\r\n'),
      200,
    ],
    'an empty body is a body': [post(['Content-Length: 0'], ''), 200, /-32700/],
    'the type of a form is 415': [post(['Content-Length: 2'], '{}').replace('application/json', 'text/plain'), 415],
    'no type is 415': [post(['Content-Length: 2'], '{}').replace('Content-Type: application/json\r\n', ''), 415],
    'another coding of the content is 415': [post(['Content-Encoding: gzip', 'Content-Length: 2'], '{}'), 415],
    'another coding of the transfer is 501': [post(['Transfer-Encoding: gzip, chunked'], chunked('{}')), 501],
    'a body that is too long is 413, before it has come': [post([`Content-Length: ${BODY + 1}`], ''), 413],
    'chunks that are too long are 413': [post(['Transfer-Encoding: chunked'], chunked('x'.repeat(BODY), 'x')), 413],
    'a head that is too long is 431': [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    'too many headers are 431': [`GET / HTTP/1.1\r\nHost: localhost\r\n${'X: y\r\n'.repeat(101)}\r\n`, 431],
    'Expect: 100-continue is answered by 100': [post(['Expect: 100-continue', 'Content-Length: 2'], '{}'), [100, 200]],
    'Expect: 100-continue of what is refused is answered at once': [
      post(['Expect: 100-continue', `Content-Length: ${BODY + 1}`], ''),
      413,
    ],
    'Expect: 100-continue in HTTP/1.0 is not answered by 100': [
      post(['Expect: 100-continue', 'Content-Length: 2'], '{}', '/rpc HTTP/1.0'),
      200,
    ],
    'another Expect is 417': [post(['Expect: the-unexpected', 'Content-Length: 2'], '{}'), 417],
    'a wish for another protocol may be ignored': [
      'GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n',
      200,
    ],
  };

  test.each(Object.entries(answered))('%s', async (_, [sent, status, has]) => {
    const heard = await exchange(carrier, sent);
    expect(statuses(heard)).toEqual([status].flat());
    if (has !== undefined) expect(heard).toMatch(has);
    expect(heard).toMatch(/x-content-type-options: nosniff/i);
  });

  const get = (lines: string): string => `GET /healthz HTTP/1.1\r\n${lines}\r\n\r\n`;
  const bad: Record<string, string | Buffer> = {
    'no Host': get('X: y'),
    'two Hosts': get('Host: localhost\r\nHost: localhost'),
    'a Host that is none': get('Host: local host'),
    'a Host with a path': get('Host: localhost/x'),
    'a Host with somebody in it': get('Host: user@localhost'),
    'a header without a colon': get('Host: localhost\r\nX'),
    'a header without a name': get('Host: localhost\r\n: x'),
    'a space before the colon': get('Host: localhost\r\nX : y'),
    'a space in a name': get('Host: localhost\r\nX y: z'),
    'a line that goes on in the next': get('Host: localhost\r\nX: y\r\n z'),
    'a CR alone': get('Host: localhost\r\nX: y\rZ: z'),
    'a NUL': get('Host: localhost\r\nX: y\0z'),
    'a space at the first header': 'GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n',
    'no version': 'GET /healthz\r\nHost: localhost\r\n\r\n',
    'a target of another scheme': post(['Content-Length: 2'], '{}', 'ftp://localhost/rpc HTTP/1.1'),
    'a target with a scheme and no host': post(['Content-Length: 2'], '{}', 'x:/rpc HTTP/1.1'),
    'a target with a space': 'GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'two different lengths': post(['Content-Length: 2', 'Content-Length: 3'], '{} '),
    'two lengths in one': post(['Content-Length: 2, 3'], '{} '),
    'a negative length': post(['Content-Length: -2'], '{}'),
    'a length with a sign': post(['Content-Length: +2'], '{}'),
    'a length that is no number': post(['Content-Length: 0x2'], '{}'),
    'an empty length': post(['Content-Length: '], '{}'),
    'a length beyond all numbers': post([`Content-Length: ${'9'.repeat(40)}`], '{}'),
    'a length and chunks': post(['Content-Length: 2', 'Transfer-Encoding: chunked'], chunked('{}')),
    'chunks and a length': post(['Transfer-Encoding: chunked', 'Content-Length: 2'], chunked('{}')),
    'a coding that does not end in chunked': post(['Transfer-Encoding: chunked, gzip'], chunked('{}')),
    'chunks in HTTP/1.0': post(['Transfer-Encoding: chunked'], chunked('{}'), '/rpc HTTP/1.0'),
    'what only looks like chunked': post(['Transfer-Encoding: xchunked'], chunked('{}')),
    'chunked by a name with a space': post(['Transfer-Encoding : chunked'], chunked('{}')),
    'a chunk without a size': post(['Transfer-Encoding: chunked'], '\r\n{}\r\n0\r\n\r\n'),
    'a chunk with a sign': post(['Transfer-Encoding: chunked'], '+2\r\n{}\r\n0\r\n\r\n'),
    'a chunk by 0x': post(['Transfer-Encoding: chunked'], '0x2\r\n{}\r\n0\r\n\r\n'),
    'a chunk that is longer than its size': post(['Transfer-Encoding: chunked'], '2\r\n{}{}\r\n0\r\n\r\n'),
    'a size beyond all numbers': post(['Transfer-Encoding: chunked'], `${'f'.repeat(40)}\r\n{}\r\n0\r\n\r\n`),
  };

  test.each(Object.entries(bad))('refuses with 400, and ends: %s', async (name, sent) => {
    const key = `${carrier}, ${name}`;
    const heard = await exchange(carrier, sent, post([`Content-Length: ${call(key).length}`], call(key)));
    expect(statuses(heard)).toEqual([400]);
    expect(heard).toMatch(/^connection: close\r$/im);
    expect(executed).not.toContainEqual({ key });
  });

  test('https without TLS is 421', async () => {
    const heard = await exchange(carrier, 'GET https://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(statuses(heard)).toEqual([carrier === 'TLS' ? 200 : 421]);
  });

  const smuggled: Record<string, (body: string) => string> = {
    'a length and chunks': (body) =>
      post([`Content-Length: ${body.length + 5}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${body}`),
    'chunks in disguise': (body) => post(['Content-Length: 0', 'Transfer-Encoding:\x0bchunked'], body),
    'two lengths': (body) => post([`Content-Length: ${body.length}`, 'Content-Length: 0'], body),
    'a line that goes on': (body) => post(['Content-Length: 0', 'X: y', ` Content-Length: ${body.length}`], body),
    'a CR alone': (body) => post(['Content-Length: 0\rX: y'], body),
  };

  test.each(Object.entries(smuggled))('does not take one request for two: %s', async (name, hide) => {
    const key = `${carrier}, smuggled, ${name}`;
    await exchange(carrier, hide(post([`Content-Length: ${call(key).length}`], call(key))));
    expect(executed).not.toContainEqual({ key });
  });

  test('a body that is no UTF-8 is 400', async () => {
    const heard = await exchange(carrier, post(['Content-Length: 4'], ''), Buffer.from([0x22, 0xff, 0xfe, 0x22]));
    expect(statuses(heard)).toEqual([400]);
  });

  test('CONNECT opens no way through', async () => {
    const heard = await exchange(carrier, 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n');
    expect(statuses(heard).filter((status) => status < 400)).toEqual([]);
  });

  test('after an error of a request the connection goes on', async () => {
    const wrong = post(['Content-Length: 2'], '{}').replace('application/json', 'text/plain');
    const right = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';
    expect(statuses(await exchange(carrier, wrong + right))).toEqual([415, 200]);
  });
});
