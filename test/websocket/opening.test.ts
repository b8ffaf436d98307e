// RFC 6455, section 4: what opens a WebSocket, and what does not.

import { describe, expect, test } from 'vitest';
import { dialled, dialledTls, received, until } from '../../packages/node/test/fixtures/sockets.js';
import { request } from '../fixtures/raw.js';
import { acceptOf, openingHead } from '../fixtures/raw-websocket.js';
import { sharedHouse } from '../fixtures/websocket-house.js';

interface Answer {
  status: number;
  headers: Map<string, string>;
  text: string;
}

/** Asks, and reads what comes up to the end, or up to the end of the head of a 101. */
async function ask(port: number, head: string, secure = false): Promise<Answer> {
  const socket = secure ? await dialledTls(port) : await dialled(port);
  const whole = received(socket);
  socket.on('data', (chunk: Buffer) => chunk.toString('latin1').startsWith('HTTP/1.1 101') && socket.end());
  socket.write(head, 'latin1');
  const [start = '', ...body] = (await whole).split('\r\n\r\n');
  const [line = '', ...lines] = start.split('\r\n');
  const headers = lines.map((one): [string, string] => {
    const colon = one.indexOf(':');
    return [one.slice(0, colon).toLowerCase(), one.slice(colon + 1).trim()];
  });
  return { status: Number(line.split(' ')[1]), headers: new Map(headers), text: body.join('\r\n\r\n') };
}

type Headers = Record<string, string | undefined>;

const shared = sharedHouse({ tls: 'optional' });

describe('is opened', () => {
  const key = 'AQIDBAUGBwgJCgsMDQ4PEA==';
  const cases: [name: string, headers: Headers][] = [
    ['as the standard has it', {}],
    ['with its own key', { 'Sec-WebSocket-Key': key }],
    ['with names and values in other letters', { upgrade: 'WebSocket', Upgrade: undefined, Connection: 'upgrade' }],
    ['with more options of Connection', { Connection: 'keep-alive, Upgrade' }],
    ['with a body of nothing', { 'Content-Length': '0' }],
    ['from a page of the same host', { Host: '127.0.0.1:80', Origin: 'http://127.0.0.1' }],
    ['with many headers', Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`X-${at}`, 'y']))],
    ['with an extension that nobody knows', { 'Sec-WebSocket-Extensions': 'foo; bar=1, baz' }],
    ['with permessage-deflate offered', { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }],
  ];

  test.each(cases)('%s', async (_, headers) => {
    const { house, untouched } = shared;
    const answer = await ask(house.port, openingHead(headers));
    expect(answer.status).toBe(101);
    expect(answer.headers.get('upgrade')).toBe('websocket');
    expect(answer.headers.get('connection')).toBe('Upgrade');
    const asked = headers['Sec-WebSocket-Key'] ?? 'dGhlIHNhbXBsZSBub25jZQ==';
    expect(answer.headers.get('sec-websocket-accept')).toBe(acceptOf(asked));
    // Nothing was asked for, and no extension is taken.
    expect(answer.headers.has('sec-websocket-protocol')).toBe(false);
    expect(answer.headers.has('sec-websocket-extensions')).toBe(false);
    await untouched();
  });

  test('inside TLS', async () => {
    const { house } = shared;
    expect((await ask(house.port, openingHead(), true)).status).toBe(101);
  });

  test.each([
    ['v12.stomp', 'v12.stomp'],
    ['v10.stomp, v11.stomp', 'v11.stomp'],
    ['mqtt,v10.stomp', 'v10.stomp'],
    ['v12.stomp, v12.stomp', 'v12.stomp'],
  ])('with the subprotocols %s: %s', async (asked, chosen) => {
    const { house } = shared;
    const answer = await ask(house.port, openingHead({ 'Sec-WebSocket-Protocol': asked }));
    expect(answer.status).toBe(101);
    expect(answer.headers.get('sec-websocket-protocol')).toBe(chosen);
  });
});

describe('is refused', () => {
  const more = (count: number): Headers =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`X-${at}`, '']));
  const absolute = (headers: Headers): string => openingHead(headers, 'GET http://127.0.0.1/ HTTP/1.1');
  const twice = (line: string): string => openingHead().replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);

  const cases: [name: string, status: number, head: string][] = [
    ['another method', 405, openingHead({}, 'POST / HTTP/1.1')],
    ['another method, HEAD', 405, openingHead({}, 'HEAD / HTTP/1.1')],
    ['HTTP/1.0', 400, openingHead({}, 'GET / HTTP/1.0')],
    ['no Host', 400, openingHead({ Host: undefined })],
    ['a foreign Host', 403, openingHead({ Host: 'evil.example' })],
    ['a foreign Origin', 403, openingHead({ Origin: 'https://evil.example' })],
    ['the Origin of a sandbox', 403, openingHead({ Origin: 'null' })],
    ['two Origins', 403, openingHead({ Origin: 'http://127.0.0.1', origin: 'https://evil.example' })],
    ['two Hosts', 400, openingHead({ host: '127.0.0.1' })],
    ['no key', 400, openingHead({ 'Sec-WebSocket-Key': undefined })],
    ['an empty key', 400, openingHead({ 'Sec-WebSocket-Key': '' })],
    ['a key that is too short', 400, openingHead({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25j' })],
    ['a key that is too long', 400, openingHead({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZSE=' })],
    ['a key without padding', 400, openingHead({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ' })],
    ['a key that is not base64', 400, openingHead({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZ_==' })],
    ['a key with bits beyond its octets', 400, openingHead({ 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZR==' })],
    ['two keys', 400, twice('Sec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==')],
    ['no version', 426, openingHead({ 'Sec-WebSocket-Version': undefined })],
    ['version 8', 426, openingHead({ 'Sec-WebSocket-Version': '8' })],
    ['version 14', 426, openingHead({ 'Sec-WebSocket-Version': '14' })],
    ['version 013', 426, openingHead({ 'Sec-WebSocket-Version': '013' })],
    ['version 13.0', 426, openingHead({ 'Sec-WebSocket-Version': '13.0' })],
    ['a version that is no number', 426, openingHead({ 'Sec-WebSocket-Version': 'thirteen' })],
    ['two versions', 426, twice('Sec-WebSocket-Version: 13')],
    ['an unknown subprotocol', 400, openingHead({ 'Sec-WebSocket-Protocol': 'mqtt' })],
    ['an empty subprotocol', 400, openingHead({ 'Sec-WebSocket-Protocol': '' })],
    ['a subprotocol in other letters', 400, openingHead({ 'Sec-WebSocket-Protocol': 'V12.STOMP' })],
    ['a body', 400, openingHead({ 'Content-Length': '5' }) + 'hello'],
    ['a body that is a frame', 400, openingHead({ 'Content-Length': '2' }) + '\x89\x80'],
    ['a body in chunks', 400, openingHead({ 'Transfer-Encoding': 'chunked' }) + '0\r\n\r\n'],
    [
      'the origin of a Host that does not count',
      403,
      absolute({ Host: 'evil.example', Origin: 'http://evil.example' }),
    ],
    ['too many headers', 431, openingHead(more(150))],
    ['a head that is too large', 431, openingHead({ 'X-Large': 'x'.repeat(20_000) })],
    ['a header without a colon', 400, twice('X-Nothing')],
    ['a folded header', 400, twice('X-Folded: a\r\n b')],
    ['a space before the colon', 400, twice('X-Space : a')],
  ];

  test.each(cases)('%s: %i', async (_, status, head) => {
    const { house, untouched } = shared;
    const answer = await ask(house.port, head);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toMatch(/evil|mqtt|thirteen/);
    // RFC 9110, section 6.6.1.
    expect(Date.parse(answer.headers.get('date') ?? '')).toBeGreaterThan(0);
    // Section 4.2.2: the versions that are known.
    if (status === 426) expect(answer.headers.get('sec-websocket-version')).toBe('13');
    await untouched();
  });

  const ordinary: [name: string, headers: Headers][] = [
    ['no Upgrade', { Upgrade: undefined }],
    ['no Connection', { Connection: undefined }],
    ['a Connection without the word', { Connection: 'keep-alive' }],
    ['another protocol to upgrade to', { Upgrade: 'h2c' }],
  ];

  // RFC 9110, section 7.8: a server may ignore Upgrade; the request is then one like any other.
  test.each(ordinary)('%s: answered as any request is', async (_, headers) => {
    const { house, untouched } = shared;
    // The request behind it shows that the connection still speaks HTTP, and ends it.
    const next = ['GET /healthz HTTP/1.1', 'Host: 127.0.0.1', 'Connection: close', '', ''].join('\r\n');
    const answer = await ask(house.port, openingHead(headers, 'GET /healthz HTTP/1.1') + next);
    expect(answer.status).toBe(200);
    expect(answer.text).toMatch(/^{"status":"ok"[^]*HTTP\/1\.1 200 /);
    expect(answer.headers.has('sec-websocket-accept')).toBe(false);
    await untouched();
  });

  test('HTTP/2 wished for by a call, as Java’s client does: it is answered', async () => {
    const { house } = shared;
    const body = request('house.add', { a: 2, b: 3 });
    const lines = ['content-type: application/json', `content-length: ${body.length}`, 'host: 127.0.0.1'];
    const wish = [
      'connection: Upgrade, HTTP2-Settings, close',
      'upgrade: h2c',
      'http2-settings: AAEAAEAAAAIAAAABAAMAAABk',
    ];
    const answer = await ask(house.port, ['POST /rpc HTTP/1.1', ...lines, ...wish, '', body].join('\r\n'));
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('{"jsonrpc":"2.0","id":1,"result":5}');
  });
});

describe('is looked at', () => {
  test('behind a request that is not answered yet: opened when it is', async () => {
    const { house } = shared;
    const body = request('house.add', { a: 1, b: 1 });
    const lines = ['host: 127.0.0.1', 'content-type: application/json', `content-length: ${body.length}`];
    const post = ['POST /rpc HTTP/1.1', ...lines, '', body].join('\r\n');
    const socket = await dialled(house.port);
    let heard = '';
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.write(post + openingHead());
    await until(() => /^HTTP\/1\.1 200 OK\r\n[^]*"result":2\}HTTP\/1\.1 101 [^]*\r\n\r\n$/.test(heard));
    socket.destroy();
  });
});
