// One port for many protocols: what a connection speaks is decided once, by exact octets or by ALPN, and never by anybody
// who talks somebody else into it (ALPACA, DNS rebinding, forms of other sites).

import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type House, startHouse } from '../fixtures/house.js';
import { frame, request, stompCall } from '../fixtures/raw.js';
import { hello } from './clause.js';

vi.setConfig({ maxConcurrency: 40 });

const SNIFF_TIME = 1000;
let house: House;
const executed: unknown[] = [];

beforeAll(async () => {
  house = await startHouse({ limits: { sniffTime: SNIFF_TIME, keepAliveTime: 500 } });
  house.server.implement({ note: (params: unknown) => executed.push(params) && 'noted' });
});
afterAll(() => house.close());

const plain = (): Socket => connectTcp({ port: house.port, host: '127.0.0.1', noDelay: true });
const secure = (...names: string[]): TLSSocket =>
  connectTls({ port: house.port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: names });

/** Sends octets and returns all that comes until the server closes. */
async function heard(socket: Socket, ...pieces: string[]): Promise<string> {
  let text = '';
  socket.on('error', () => {}).on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  for (const piece of pieces) socket.write(piece);
  // A reset is an end like any other.
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

const stomp = (key: string): string =>
  hello('1.2') + stompCall('note', { key }) + frame('DISCONNECT', { receipt: 'bye' });
const http = (key: string): string => {
  const body = request('note', { key });
  const head = ['POST /rpc HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', 'Connection: close'];
  return [...head, `Content-Length: ${body.length}`, '', body].join('\r\n');
};
const json = (key: string): string => `${request('note', { key })}\n`;

describe.concurrent('ALPN', () => {
  test.each([['h2'], ['ftp', 'smtp'], ['stomp2'], ['STOMP']])(
    'a client that names none of ours is refused in the handshake: %s',
    async (...names) => {
      const [error] = (await once(secure(...names), 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    },
  );

  test.each([
    ['stomp', 'stomp'],
    ['http/1.1', 'http/1.1'],
    ['http/1.1', 'h2,http/1.1'],
    ['stomp', 'x,stomp'],
    [false, ''],
  ])('the choice is acknowledged: %s of %j', async (chosen, offered) => {
    const socket = secure(...offered.split(',').filter((name) => name !== ''));
    await once(socket, 'secureConnect');
    expect(socket.alpnProtocol).toBe(chosen);
    socket.destroy();
  });

  const crossed: [name: string, octets: (key: string) => string][] = [
    ['stomp', http],
    ['stomp', json],
    ['http/1.1', stomp],
    ['http/1.1', json],
  ];

  test.each(crossed)('the choice binds, whatever the octets say: %s (%#)', async (name, octets) => {
    const key = `crossed, ${name}, ${octets.name}`;
    const text = await heard(secure(name), octets(key));
    expect(text).not.toMatch(/CONNECTED|noted|HTTP\/1\.1 [123]/);
    expect(executed).not.toContainEqual({ key });
  });

  test.each([
    ['stomp', stomp],
    ['http/1.1', http],
  ] as [string, (key: string) => string][])('and carries what it names: %s', async (name, octets) => {
    expect(await heard(secure(name), octets(`carried by ${name}`))).toContain('noted');
  });
});

describe.concurrent.each([
  ['plain', plain],
  ['TLS without ALPN', () => secure()],
])('the first octets, %s', (carrier, dial) => {
  test.each([
    ['STOMP', stomp],
    ['HTTP', http],
  ] as [string, (key: string) => string][])('decide: %s', async (name, octets) => {
    expect(await heard(dial(), octets(`${carrier}, ${name}`))).toContain('noted');
  });

  const nearly = {
    'CONNECT with something behind it': stomp('x').replace('CONNECT\n', 'CONNECT x\n'),
    'CONNECT with a space behind it': stomp('x').replace('CONNECT\n', 'CONNECT \n'),
    'CONNECT of a proxy': 'CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n' + stomp('x'),
    'CONNECT in small letters': stomp('x').replace('CONNECT', 'connect'),
    'CONNECT behind junk': 'x\n' + stomp('x'),
    'CONNECT behind a NUL': '\0' + stomp('x'),
    'CONNECT behind a frame': frame('SEND', { destination: '/queue/x' }) + stomp('x'),
    CONNECTED: stomp('x').replace('CONNECT', 'CONNECTED'),
    'CONNECT and a CR alone': stomp('x').replace('CONNECT\n', 'CONNECT\r'),
    'CONNECT behind a BOM': '\xef\xbb\xbf' + stomp('x'),
    'a number': '1\n' + json('x'),
    'a text': '"x"\n' + json('x'),
  };

  test.each(Object.entries(nearly))('are exact: %s', async (_, octets) => {
    expect(await heard(dial(), octets)).not.toMatch(/CONNECTED|noted|"result"/);
    expect(executed).not.toContainEqual({ key: 'x' });
  });

  const later: Record<string, (key: string) => string> = {
    'STOMP behind a request': (key) => `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${stomp(key)}`,
    'STOMP in the body of a request': (key) =>
      `POST /rpc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${stomp(key).length}\r\n\r\n${stomp(key)}`,
    'STOMP in a header': (key) =>
      `GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: \n${stomp(key)}\r\n\r\n`,
    'HTTP behind DISCONNECT': (key) => hello('1.2') + frame('DISCONNECT') + http(key),
    'HTTP behind CONNECT': (key) => hello('1.2') + http(key),
    'JSON behind CONNECT': (key) => hello('1.2') + json(key),
    'JSON behind a request': (key) => `GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n${json(key)}`,
  };

  test.each(Object.entries(later))('decide once: no %s', async (name, octets) => {
    const key = `${carrier}, ${name}`;
    expect(await heard(dial(), octets(key))).not.toMatch(/noted/);
    expect(executed).not.toContainEqual({ key });
  });

  test('that are junk are the end at once', async () => {
    const socket = dial();
    await once(socket, carrier === 'plain' ? 'connect' : 'secureConnect');
    const began = performance.now();
    expect(await heard(socket, 'hello, gate\r\n')).toBe('');
    // Before any deadline; 50 ms on a machine that has nothing else to do.
    expect(performance.now() - began).toBeLessThan(SNIFF_TIME * 0.8);
  });

  test.each(['nothing', 'dribbled'])('must be there in time: %s', async (manner) => {
    const socket = dial();
    await once(socket, carrier === 'plain' ? 'connect' : 'secureConnect');
    const began = performance.now();
    const timer = setInterval(() => manner === 'dribbled' && socket.writable && socket.write(' '), 100);
    expect(await heard(socket)).toBe('');
    clearInterval(timer);
    const time = performance.now() - began;
    expect(time).toBeGreaterThan(SNIFF_TIME * 0.8);
    expect(time).toBeLessThan(SNIFF_TIME * 2);
  });
});

describe.concurrent('a page in somebody’s browser', () => {
  const page = (headers: Record<string, string>, key: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${house.port}/rpc`, {
      method: 'POST',
      body: request('note', { key }),
      headers: { 'content-type': 'application/json', ...headers },
    });

  test.each(['https://evil.example', 'null', 'http://127.0.0.1', 'http://localhost.evil.example'])(
    'of another origin reaches nothing by POST: %s',
    async (origin) => {
      expect((await page({ origin }, origin)).status).toBe(403);
      expect(executed).not.toContainEqual({ key: origin });
    },
  );

  test.each(['https://evil.example', 'null', 'http://127.0.0.1'])(
    'of another origin opens no WebSocket: %s',
    async (origin) => {
      for (const protocols of [[], ['v12.stomp']]) {
        const socket = new WebSocket(house.urls.ws, protocols, { headers: { origin } });
        const [error] = (await once(socket, 'error')) as [Error];
        expect(error.message).toContain('403');
      }
    },
  );

  test('of a name that was made to lead here reaches nothing', async () => {
    const body = request('note', { key: 'rebound' });
    const head = `Host: evil.example\r\nContent-Length: ${body.length}\r\nContent-Type: application/json`;
    const text = await heard(plain(), `POST /rpc HTTP/1.1\r\n${head}\r\nConnection: close\r\n\r\n${body}`);
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    const socket = new WebSocket(house.urls.ws, { headers: { host: 'evil.example' } });
    expect(((await once(socket, 'error')) as [Error])[0].message).toContain('403');
    expect(executed).not.toContainEqual({ key: 'rebound' });
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', ''])(
    'with a form reaches no method: %s',
    async (type) => {
      const key = `form ${type}`;
      expect((await page({ 'content-type': type }, key)).status).toBe(415);
      expect(executed).not.toContainEqual({ key });
    },
  );

  test('is told never to guess what an answer is', async () => {
    const response = await page({}, 'fine');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
