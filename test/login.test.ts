// Logging in: how slowly it fails, how a connection says anew who it is, how long a login lasts, and where secrets are not.

import { inspect } from 'node:util';
import { AuthError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import {
  type Access,
  connect,
  type Credentials,
  knownLogins,
  type NodeConnectOptions,
  sameSecret,
  type ServerOptions,
} from '@sallyport/node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { selfSigned } from '../packages/node/src/certificate.js';
import { dialled, received, until } from '../packages/node/test/fixtures/sockets.js';
import { type House, startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { frame, request, stompCall } from './fixtures/raw.js';

const REFUSED = 'access refused, wrong or missing credentials';
const protocols = ['STOMP', 'STOMP by WebSocket', 'HTTP', 'lines', 'messages'] as const;
type Protocol = (typeof protocols)[number];
/** Those on which a connection stays and can say anew who it is. */
const lasting = ['STOMP', 'STOMP by WebSocket', 'lines', 'messages'] as const;

/** Lets in who has a token that begins with `good-`, under the rest of it. */
const byToken: ServerOptions = {
  authenticate: ({ token }) => (token?.startsWith('good-') ? token.slice(5) : undefined),
};
const fast = { limits: { loginPause: 10 } };

async function newHouse(options: ServerOptions): Promise<House> {
  const house = await startHouse(options);
  onTestFinished(() => house.close());
  return house;
}

async function connected(house: House, options: NodeConnectOptions = {}) {
  const client = await connect<HouseApi>(house.urls.tcp, { firstDelay: 10, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** One end of a connection, whatever carries it. */
interface Peer {
  /** All that has come. */
  text: string;
  closed: boolean;
  send(text: string): void;
  leave(): void;
}

async function tcpPeer(port: number): Promise<Peer> {
  const socket = await dialled(port);
  const peer = {
    text: '',
    closed: false,
    send: (text: string) => void socket.write(text),
    leave: () => socket.resetAndDestroy(),
  };
  socket.on('data', (chunk: Buffer) => (peer.text += chunk.toString()));
  socket.on('end', () => socket.end()).on('close', () => (peer.closed = true));
  return peer;
}

async function webSocketPeer(house: House, subprotocols: string[], token?: string): Promise<Peer> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const socket = new WebSocket(house.urls.ws, subprotocols, { headers });
  onTestFinished(() => socket.terminate());
  const peer = {
    text: '',
    closed: false,
    send: (text: string) => socket.send(text),
    leave: () => socket.terminate(),
  };
  socket.on('message', (data: Buffer) => (peer.text += data.toString() + '\n'));
  socket.on('error', () => {}).on('close', () => (peer.closed = true));
  await new Promise((resolve) => socket.once('open', resolve));
  return peer;
}

function connectFrame(token: string | undefined): string {
  return frame('CONNECT', { 'accept-version': '1.2', host: 'h', 'heart-beat': '0,0', ...(token && { token }) });
}

function post(token: string | undefined, body = request('house.me')): string {
  const authorization = token === undefined ? [] : [`authorization: Bearer ${token}`];
  const head = ['POST /rpc HTTP/1.1', 'host: localhost', 'content-type: application/json', ...authorization];
  return [...head, `content-length: ${body.length}`, '', body].join('\r\n');
}

/** Comes with a token, by any protocol. */
async function arrive(house: House, protocol: Protocol, token?: string): Promise<Peer> {
  switch (protocol) {
    case 'STOMP by WebSocket':
    case 'STOMP': {
      const peer = await (protocol === 'STOMP' ? tcpPeer(house.port) : webSocketPeer(house, ['v12.stomp']));
      peer.send(connectFrame(token));
      return peer;
    }
    case 'HTTP': {
      const peer = await tcpPeer(house.port);
      peer.send(post(token));
      return peer;
    }
    case 'lines': {
      const peer = await tcpPeer(house.port);
      peer.send(request('rpc.authenticate', { token }) + '\n');
      return peer;
    }
    case 'messages':
      return webSocketPeer(house, [], token);
  }
}

/** What a protocol says to whoever is let in, or not; nothing, where nothing is said. */
const welcome: Record<Protocol, RegExp> = {
  STOMP: /^CONNECTED/,
  'STOMP by WebSocket': /^CONNECTED/,
  HTTP: /^HTTP\/1\.1 200/,
  lines: /"result":\{\}/,
  messages: /^/,
};
const refusal: Record<Protocol, RegExp> = {
  STOMP: new RegExp(`^ERROR\nmessage:${REFUSED}\nerror-code:ERR_AUTH\n`),
  'STOMP by WebSocket': new RegExp(`^ERROR\nmessage:${REFUSED}\nerror-code:ERR_AUTH\n`),
  HTTP: new RegExp(`^HTTP/1.1 401 [^]*\r\n\r\n${REFUSED}\n$`),
  lines: new RegExp(`"id":1,"error":{"code":-32001,"message":"${REFUSED}"}`),
  messages: new RegExp(`"id":null,"error":{"code":-32001,"message":"${REFUSED}"}`),
};

/** Calls a method on a connection that has been let in. */
function call(protocol: Protocol, method: string, params: unknown, id = 1): string {
  if (protocol.startsWith('STOMP')) return stompCall(method, params, id);
  return request(method, params, id) + (protocol === 'lines' ? '\n' : '');
}

describe.each(protocols)('a login that fails, by %s', (protocol) => {
  test('is answered after the pause, by the clock, and as any other', async () => {
    const clock = new ManualClock();
    const asked = vi.fn(byToken.authenticate!);
    const house = await newHouse({ authenticate: asked, clock });
    const peer = await arrive(house, protocol, 'bad');
    await until(() => asked.mock.calls.some(([{ token }]) => token === 'bad'));
    await turns();
    clock.advance(999);
    await turns();
    expect(peer.text).toBe('');
    clock.advance(1);
    await until(() => peer.text !== '');
    expect(peer.text).toMatch(refusal[protocol]);
    expect(peer.text).not.toContain('bad');
    peer.leave();
  });

  test('is logged, with address and protocol, and without what it was tried by', async () => {
    const lines: string[] = [];
    const house = await newHouse({
      ...byToken,
      ...fast,
      log: (level, message) => void lines.push(`${level} ${message}`),
    });
    const peer = await arrive(house, protocol, 'bad-barley');
    await until(() => peer.text !== '');
    expect(lines).toEqual([
      expect.stringMatching(
        /^warn a login was refused: a token by (stomp|http|jsonrpc)( over \w+)?, from 127\.0\.0\.1$/,
      ),
    ]);
    peer.leave();
  });

  test('because `connect` is not authorized, looks no different', async () => {
    const asked = vi.fn((access: Access) => access.action === 'connect' && access.principal === 'ann');
    const house = await newHouse({ ...byToken, ...fast, authorize: asked });
    const peer = await arrive(house, protocol, 'good-bob');
    await until(() => peer.text !== '');
    expect(peer.text).toMatch(refusal[protocol]);
    expect(asked).toHaveBeenCalledTimes(1);
    expect(asked.mock.calls[0]![0]).toMatchObject({ action: 'connect', principal: 'bob' });
    expect(asked.mock.calls[0]![0].session.remote).toBe('127.0.0.1');
    const other = await arrive(house, protocol, 'good-ann');
    await until(() => welcome[protocol].test(other.text) && (protocol === 'HTTP' || house.server.sessions.size === 1));
  });
});

test('who says nothing by HTTP is asked to, which is no refused login', async () => {
  const log = vi.fn();
  const house = await newHouse({ ...byToken, ...fast, log });
  const peer = await arrive(house, 'HTTP');
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(refusal.HTTP);
  expect(log).not.toHaveBeenCalled();
});

test('the pause delays nobody else, and a connection that is closed meanwhile is free', async () => {
  const clock = new ManualClock();
  const house = await newHouse({ ...byToken, clock, limits: { unauthenticated: 1 } });
  const bad = await arrive(house, 'STOMP', 'bad');
  await turns();
  const full = await tcpPeer(house.port);
  await until(() => full.closed);
  bad.leave();
  await turns();
  const good = await arrive(house, 'STOMP', 'good-ann');
  await until(() => good.text.startsWith('CONNECTED'));
});

test('from one address only so many are looked at while refusals are kept back', async () => {
  const clock = new ManualClock();
  const asked = vi.fn(byToken.authenticate!);
  const house = await newHouse({ authenticate: asked, clock, limits: { loginFailures: 2 } });
  const bad = await Promise.all([1, 2, 3, 4, 5].map(() => arrive(house, 'STOMP', 'bad')));
  const good = await arrive(house, 'STOMP', 'good-ann');
  for (const looked of [2, 4, 6]) {
    await until(() => asked.mock.calls.length === looked);
    await turns();
    expect(asked).toHaveBeenCalledTimes(looked);
    clock.advance(1000);
  }
  await until(() => bad.every(({ closed }) => closed) && good.text !== '');
  expect(good.text).toMatch(/^CONNECTED/);
});

test('who ends its side while it waits for its turn is closed; who has not to wait is not', async () => {
  const clock = new ManualClock();
  const asked = vi.fn(byToken.authenticate!);
  const house = await newHouse({ authenticate: asked, clock, limits: { loginFailures: 1 } });
  const [first, second] = [await dialled(house.port), await dialled(house.port)];
  first.end(connectFrame('bad'));
  await until(() => asked.mock.calls.length === 1);
  second.end(connectFrame('good-ann'));
  expect(await received(second)).toMatch(/ERR_CONNECTION_LOST/);
  const text = received(first);
  clock.advance(1000);
  expect(await text).toMatch(refusal.STOMP);
});

test('who comes back with many others is let in at once', async () => {
  const house = await newHouse({ ...byToken, clock: new ManualClock() });
  const peers = await Promise.all(Array.from({ length: 50 }, () => arrive(house, 'STOMP', 'good-ann')));
  await until(() => peers.every(({ text }) => text.startsWith('CONNECTED')));
});

describe('five failures close a connection', () => {
  test('by HTTP, keep-alive', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let one = 1; one <= 5; one++) {
      expect(peer.closed).toBe(false);
      peer.send(post('bad'));
      await until(() => peer.text.split('401 Unauthorized').length === one + 1);
    }
    expect(peer.text.match(/connection: close/gi)).toHaveLength(1);
    await until(() => peer.closed);
  });

  test('by HTTP, where those in between were right', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let one = 1; one <= 5; one++) {
      peer.send(post('good-ann') + post('bad'));
      await until(() => peer.text.split('401 Unauthorized').length === one + 1);
    }
    expect(peer.text.match(/200 OK/g)).toHaveLength(5);
    await until(() => peer.closed);
  });

  test.each(lasting)('in-band, by %s', async (protocol) => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    for (let id = 11; id <= 15; id++) {
      peer.send(call(protocol, 'rpc.authenticate', { token: 'bad' }, id));
      await until(() => peer.text.includes(`"id":${id},"error":{"code":-32001,"message":"${REFUSED}"}`));
    }
    await until(() => peer.closed && house.server.sessions.size === 0);
  });

  test('before anybody was let in, by lines', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await tcpPeer(house.port);
    for (let id = 1; id <= 5; id++) {
      expect(peer.closed).toBe(false);
      peer.send(request('rpc.authenticate', { token: 'bad' }, id) + '\n');
      await until(() => peer.text.includes(`"id":${id},"error":{"code":-32001`));
    }
    await until(() => peer.closed);
  });
});

test('who asks by HTTP without any credentials is told at once', async () => {
  const house = await newHouse({ ...byToken, clock: new ManualClock() });
  const peer = await tcpPeer(house.port);
  peer.send(post(undefined));
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(refusal.HTTP);
});

test('by HTTP a body is taken in only from those who are let in', async () => {
  const house = await newHouse({ ...byToken, ...fast });
  const peer = await tcpPeer(house.port);
  const authorization = 'authorization: Bearer bad\r\nexpect: 100-continue';
  const head = `POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${authorization}\r\n`;
  peer.send(`${head}content-length: 1000\r\n\r\n`);
  await until(() => peer.text !== '');
  expect(peer.text).toMatch(/^HTTP\/1\.1 401/);
});

describe('what authenticate is told', () => {
  const common = { remote: '127.0.0.1', remoteAddress: '127.0.0.1', login: undefined };

  async function told(house: House, asked: ReturnType<typeof vi.fn>, protocol: Protocol, token = 'good-ann') {
    await arrive(house, protocol, token);
    await until(() => asked.mock.calls.some(([credentials]) => (credentials as Credentials).token === token));
    return asked.mock.calls.at(-1)![0] as Credentials;
  }

  test.each<[Protocol, object]>([
    ['STOMP', { protocol: 'stomp', transport: 'tcp', secure: false, tls: undefined }],
    ['STOMP by WebSocket', { protocol: 'stomp', transport: 'websocket' }],
    ['HTTP', { protocol: 'http', transport: 'http' }],
    ['lines', { protocol: 'jsonrpc', transport: 'tcp' }],
    ['messages', { protocol: 'jsonrpc', transport: 'websocket' }],
  ])('by %s', async (protocol, expected) => {
    const asked = vi.fn(byToken.authenticate!);
    const house = await newHouse({ authenticate: asked });
    expect(await told(house, asked, protocol)).toMatchObject({ ...common, ...expected });
  });

  test('STOMP by WebSocket: the Authorization of the upgrade, where CONNECT says nothing', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const peer = await webSocketPeer(house, ['v12.stomp'], 'good-ann');
    peer.send(connectFrame(undefined));
    await until(() => peer.text.startsWith('CONNECTED'));
    expect([...house.server.sessions][0]!.principal).toBe('ann');
    // What CONNECT says counts, be it wrong.
    const other = await webSocketPeer(house, ['v12.stomp'], 'good-ann');
    other.send(connectFrame('bad'));
    await until(() => other.text.startsWith('ERROR'));
  });

  test('TLS: what the handshake told, and the certificate of the client', async () => {
    const own = await selfSigned({ names: ['ann'] });
    const keys = await selfSigned();
    const asked = vi.fn(({ tls }: Credentials) => tls?.authorized === true && tls.peerCertificate?.subject);
    const tls = { ...keys, ca: own.cert, requestCert: true };
    const house = await newHouse({ tls, authenticate: asked });
    const { cert, key } = own;
    const client = await connect(house.urls.tls, { ca: keys.cert, cert, key, servername: 'localhost' });
    onTestFinished(() => client.close());
    const [credentials] = asked.mock.calls[0]!;
    expect(credentials.tls).toMatchObject({ authorized: true, servername: 'localhost', alpn: 'stomp' });
    expect(credentials.tls!.peerCertificate).toBe(credentials.peerCertificate);
    expect([...house.server.sessions][0]).toMatchObject({ tls: credentials.tls, secure: true });
  });
});

describe.each(lasting)('in-band, by %s', (protocol) => {
  test('a connection becomes somebody else, and its calls are theirs', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    house.server.implement({ whoami: (_params: unknown, { principal }) => principal });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'whoami', {}, 21));
    await until(() => peer.text.includes('"id":21,"result":"ann"'));
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 22));
    await until(() => peer.text.includes('"id":22,"result":{}'));
    peer.send(call(protocol, 'whoami', {}, 23));
    await until(() => peer.text.includes('"id":23,"result":"bob"'));
    expect([...house.server.sessions][0]!.principal).toBe('bob');
  });

  test('refused it stays who it was, and goes on meanwhile', async () => {
    const clock = new ManualClock();
    const house = await newHouse({ ...byToken, clock });
    house.server.implement({ whoami: (_params: unknown, { principal }) => principal });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'bad' }, 22));
    // A second attempt before the first is decided.
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 24));
    peer.send(call(protocol, 'whoami', {}, 23));
    await until(() => peer.text.includes('"id":23,"result":"ann"'));
    await until(() => peer.text.includes('"id":24,"error":{"code":-32000'));
    expect(peer.text).not.toContain('"id":22');
    clock.advance(1000);
    await until(() => peer.text.includes(`"id":22,"error":{"code":-32001,"message":"${REFUSED}"}`));
    expect([...house.server.sessions][0]!.principal).toBe('ann');
    expect(peer.closed).toBe(false);
  });

  test.each([{}, { token: 1 }, { login: 'ann' }, ['good-bob'], { token: 'good-bob', login: 1, passcode: 'x' }])(
    'params %j are wrong',
    async (params) => {
      const house = await newHouse({ ...byToken, ...fast });
      const peer = await arrive(house, protocol, 'good-ann');
      await until(() => house.server.sessions.size === 1);
      peer.send(call(protocol, 'rpc.authenticate', params, 22));
      await until(() => peer.text.includes('"id":22,"error":{"code":-32602'));
    },
  );

  test('authorize is asked for `connect` by the new name, and not for `call` by the old one', async () => {
    const asked = vi.fn((access: Access) => access.action === 'connect');
    const house = await newHouse({ ...byToken, ...fast, authorize: asked });
    const peer = await arrive(house, protocol, 'good-ann');
    await until(() => house.server.sessions.size === 1);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'good-bob' }, 22));
    await until(() => peer.text.includes('"id":22,"result":{}'));
    expect(asked.mock.calls.map(([{ action, principal }]) => [action, principal])).toEqual([
      ['connect', 'ann'],
      ['connect', 'bob'],
    ]);
  });
});

test('by HTTP there is nobody to become', async () => {
  const house = await newHouse({ ...byToken });
  const peer = await tcpPeer(house.port);
  peer.send(post('good-ann', request('rpc.authenticate', { token: 'good-bob' })));
  await until(() => peer.text.includes('-32600'));
});

describe.each(['lines', 'messages'] as const)('the first message, by %s', (protocol) => {
  const open = (house: House): Promise<Peer> => (protocol === 'lines' ? tcpPeer(house.port) : webSocketPeer(house, []));

  test('may say who it is, by login and passcode too', async () => {
    const authenticate = knownLogins({ ann: 'a:1' });
    const house = await newHouse({ authenticate, ...fast });
    const peer = await open(house);
    peer.send(call(protocol, 'rpc.authenticate', { login: 'ann', passcode: 'a:2' }, 1));
    await until(() => peer.text.includes('"id":1,"error":{"code":-32001'));
    peer.send(call(protocol, 'rpc.authenticate', { login: 'ann', passcode: 'a:1' }, 2));
    await until(() => peer.text.includes('"id":2,"result":{}'));
    peer.send(call(protocol, 'house.add', { a: 1, b: 2 }, 3));
    await until(() => peer.text.includes('"id":3,"result":3'));
    expect([...house.server.sessions][0]!.principal).toEqual({ login: 'ann' });
  });

  test.each([
    ['another method', request('house.me')],
    ['no request', '{"jsonrpc":"2.0"}'],
    ['a notification', '{"jsonrpc":"2.0","method":"rpc.authenticate","params":{"token":"good-ann"}}'],
    ['a batch', `[${request('rpc.authenticate', { token: 'good-ann' })}]`],
    ['no JSON', '{no'],
  ])('is the end if it is %s', async (_, text) => {
    const house = await newHouse({ ...byToken });
    const peer = await open(house);
    peer.send(text + '\n' + call(protocol, 'rpc.authenticate', { token: 'good-ann' }));
    await until(() => peer.closed);
    const [answer, ...more] = peer.text.trimEnd().split('\n');
    expect(JSON.parse(answer!)).toEqual({ jsonrpc: '2.0', id: null, error: { code: -32001, message: REFUSED } });
    expect(more).toEqual([]);
    expect(house.server.sessions.size).toBe(0);
  });

  test('with wrong params is the end', async () => {
    const house = await newHouse({ ...byToken });
    const peer = await open(house);
    peer.send(call(protocol, 'rpc.authenticate', { token: 1 }));
    await until(() => peer.closed);
    expect(peer.text).toContain('"id":1,"error":{"code":-32602');
  });

  test('has to be there in time', async () => {
    const clock = new ManualClock();
    const asked = vi.fn(byToken.authenticate!);
    const house = await newHouse({ authenticate: asked, clock });
    const peer = await open(house);
    if (protocol === 'lines') peer.send('{');
    await until(() => asked.mock.calls.length === 1);
    await turns();
    clock.advance(9999);
    await turns();
    expect(peer.text + peer.closed).toBe('false');
    clock.advance(1);
    await until(() => peer.closed);
    expect(peer.text).toMatch(refusal.messages);
  });
});

test('before login a line may not be longer than 32 KiB, after it as long as a body', async () => {
  const house = await newHouse({ ...byToken, ...fast });
  const long = await tcpPeer(house.port);
  long.send('{"jsonrpc":"2.0"' + ' '.repeat(32_768));
  await until(() => long.closed);
  expect(long.text).toMatch(refusal.messages);
  const peer = await arrive(house, 'lines', 'good-ann');
  await until(() => peer.text !== '');
  peer.send(request('house.echo', { value: 'x'.repeat(100_000) }, 2) + '\n');
  await until(() => peer.text.endsWith('x"}}\n'));
});

describe('a login that lasts for a time', () => {
  /** `time-<milliseconds>` lasts so long, any other token for ever. */
  const forATime: ServerOptions = {
    authenticate: ({ token }, { expires }) => {
      if (token?.startsWith('time-')) expires(Date.now() + Number(token.slice(5)));
      return token;
    },
  };
  const ending: Record<(typeof lasting)[number], RegExp> = {
    STOMP: /\0\n*ERROR\n[^\0]*error-code:ERR_AUTH_EXPIRED\n/,
    'STOMP by WebSocket': /\0\n*ERROR\n[^\0]*error-code:ERR_AUTH_EXPIRED\n/,
    lines: /\{"jsonrpc":"2.0","id":null,"error":\{"code":-32001,"message":"the time of this login is over; .*"\}\}\n$/,
    messages:
      /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-32001,"message":"the time of this login is over; .*"\}\}\n$/,
  };

  test.each(lasting)('ends the connection, by %s', async (protocol) => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const peer = await arrive(house, protocol, 'time-60000');
    await until(() => house.server.sessions.size === 1);
    expect([...house.server.sessions][0]!.expires).toBeGreaterThan(Date.now());
    clock.advance(58_000);
    await turns();
    expect(peer.closed).toBe(false);
    clock.advance(2000);
    await until(() => peer.closed);
    expect(peer.text).toMatch(ending[protocol]);
    await until(() => house.server.sessions.size === 0);
  });

  test.each(lasting)('goes on if it is renewed, by %s', async (protocol) => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const peer = await arrive(house, protocol, 'time-60000');
    await until(() => house.server.sessions.size === 1);
    clock.advance(30_000);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'time-90000' }, 31));
    await until(() => /"id":31,"result":\{"expires":\d+\}/.test(peer.text));
    clock.advance(80_000);
    peer.send(call(protocol, 'rpc.authenticate', { token: 'for ever' }, 32));
    await until(() => peer.text.includes('"id":32,"result":{}'));
    clock.advance(1e9);
    await turns();
    expect(peer.closed).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('that is over already is none', async () => {
    const house = await newHouse({ ...forATime, ...fast });
    const peer = await arrive(house, 'STOMP', 'time--1');
    await until(() => refusal.STOMP.test(peer.text));
  });

  test('may be given as a Date; what is no time refuses', async () => {
    const times = [new Date(Date.now() + 3_600_000), new Date('x'), NaN, Infinity];
    const onError = vi.fn();
    const authenticate: ServerOptions['authenticate'] = (_, { expires }) => {
      expires(times.shift()!);
      return true;
    };
    const house = await newHouse({ ...fast, authenticate, onError });
    const answers: string[] = [];
    while (times.length > 0) {
      const peer = await arrive(house, 'STOMP');
      await until(() => peer.text !== '');
      answers.push(peer.text.split('\n', 1)[0]!);
    }
    expect(answers).toEqual(['CONNECTED', 'ERROR', 'ERROR', 'CONNECTED']);
    expect(onError).toHaveBeenCalledTimes(2);
  });

  test('is renewed by the client, or comes back by itself with fresh credentials', async () => {
    const clock = new ManualClock();
    const house = await newHouse({ ...forATime, clock });
    const auth = vi.fn(() => ({ token: 'time-60000' }));
    const client = await connected(house, { auth, heartBeat: { outgoing: 0, incoming: 0 } });
    const ended: unknown[] = [];
    client.onState((state, { error }) => state === 'reconnecting' && ended.push(error));
    clock.advance(50_000);
    await client.authenticate();
    clock.advance(50_000);
    expect(await client.api.house.add({ a: 1, b: 1 })).toBe(2);
    expect(ended).toEqual([]);
    clock.advance(10_000);
    await until(() => ended.length > 0);
    expect(ended[0]).toMatchObject({ code: 'ERR_AUTH_EXPIRED' });
    expect(await client.api.house.add({ a: 1, b: 2 })).toBe(3);
    expect(auth.mock.calls).toMatchObject([[{ attempt: 1 }], [{ attempt: 1 }], [{ attempt: 1 }]]);
  });
});

describe('client.authenticate', () => {
  test('asks `auth` again and says it', async () => {
    const house = await newHouse({ ...byToken, ...fast });
    const tokens = ['good-ann', 'good-bob', 'bad'];
    const client = await connected(house, { auth: () => ({ token: tokens.shift()! }) });
    await client.authenticate();
    expect([...house.server.sessions][0]!.principal).toBe('bob');
    const refused = client.authenticate();
    await expect(refused).rejects.toThrow(AuthError);
    await expect(refused).rejects.toMatchObject({ code: 'ERR_AUTH', message: REFUSED });
    expect([...house.server.sessions][0]!.principal).toBe('bob');
    expect(client.state).toBe('connected');
  });

  test('fails without a connection', async () => {
    const house = await newHouse({ ...byToken });
    const client = await connected(house, { auth: { token: 'good-ann' }, firstDelay: 60_000 });
    client.cut();
    await until(() => client.state === 'reconnecting');
    await expect(client.authenticate()).rejects.toMatchObject({ code: 'ERR_NOT_CONNECTED' });
  });
});

describe('secrets', () => {
  test('are in no session, no log, no error, and not where they are printed by accident', async () => {
    const secret = 'open-sesame';
    const printed = (['log', 'warn', 'error', 'info', 'debug'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    onTestFinished(() => printed.forEach((spy) => spy.mockRestore()));
    const said: unknown[] = [];
    const house = await newHouse({
      ...fast,
      onError: (...told) => said.push(told),
      log: (...told) => said.push(told),
      authenticate: (credentials) => {
        said.push(JSON.stringify(credentials), inspect(credentials), { ...credentials });
        if (credentials.token === secret + '!') throw new TypeError(`${secret} is wrong\n    at ${secret}`);
        return credentials.token === secret ? { name: 'ann' } : undefined;
      },
      authorize: ({ action, session }) => {
        said.push(inspect(session, { depth: null }));
        return action !== 'connect' || session.protocol !== 'http';
      },
    });
    house.server.implement({ look: (_params: unknown, call) => void said.push(inspect(call, { depth: null })) });
    for (const protocol of protocols) {
      for (const token of [secret, secret + '!', secret + '?']) {
        const peer = await arrive(house, protocol, token);
        if (token === secret && protocol !== 'HTTP') {
          await until(() => house.server.sessions.size === 1);
          peer.send(call(protocol, 'rpc.authenticate', { token: secret + '!' }, 22));
          peer.send(call(protocol, 'rpc.authenticate', { token: secret + '!', login: 1 }, 23));
          peer.send(call(protocol, 'look', {}, 24));
          await until(() => [22, 23, 24].every((id) => peer.text.includes(`"id":${id}`)));
          for (const session of house.server.sessions)
            said.push(inspect(session, { depth: null, showHidden: true }), JSON.stringify(session));
        } else await until(() => peer.text !== '');
        said.push(peer.text);
        peer.leave();
        await until(() => house.server.sessions.size === 0);
      }
    }
    expect(said.length).toBeGreaterThan(30);
    expect(inspect(said, { depth: null, maxStringLength: null, maxArrayLength: null })).not.toContain(secret);
    expect(inspect(said, { depth: null })).toContain('authenticate threw TypeError');
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });

  test.each<[string | undefined, string | undefined, boolean]>([
    ['a', 'a', true],
    ['é', 'é', true],
    ['a', 'b', false],
    ['a', 'ab', false],
    ['ab', 'a', false],
    ['', 'a', false],
    [undefined, 'a', false],
    ['', '', false],
    [undefined, undefined, false],
    ['undefined', undefined, false],
  ])('%j is the secret %j: %s', (given, secret, isSame) => {
    expect(sameSecret(given, secret)).toBe(isSame);
  });

  test('knownLogins knows who it was told, and nobody by a name of a prototype', async () => {
    const check = knownLogins({ ann: 'a:1', bob: undefined, eve: '' });
    const ask = (login?: string, passcode?: string) => check({ login, passcode } as Credentials, { expires: () => {} });
    expect(ask('ann', 'a:1')).toEqual({ login: 'ann' });
    const wrong: [string?, string?][] = [['ann', 'a:2'], ['ann'], ['bob'], ['bob', ''], ['eve', ''], ['x', 'a:1'], []];
    for (const [login, passcode] of [...wrong, ['constructor', 'x'], ['__proto__', ''], ['y', 'x'.repeat(16)]])
      expect(ask(login, passcode)).toBeUndefined();
  });
});

/** Long enough for a message to go there and back, were it sent. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
