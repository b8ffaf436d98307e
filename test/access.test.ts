// Who gets in, and who may do what: asked on every protocol, before anything else is done. And what a server or a
// client is told in the first place.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuthError, RpcError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import type { NodeConnectOptions, ServerOptions } from '@sallyport/node';
import { connect, createServer, sameSecret } from '@sallyport/node';
import ts from 'typescript';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { workspacePackages } from '../scripts/workspace.mjs';
import { dialled, received } from '../packages/node/test/fixtures/sockets.js';
import { type House, type Scheme, startHouse } from './fixtures/house.js';
import type { HouseApi } from './fixtures/house-api.js';
import { frame, request, stompCall } from './fixtures/raw.js';

const schemes: Scheme[] = ['tcp', 'tls', 'ws', 'wss'];

async function newHouse(options: ServerOptions): Promise<House> {
  const house = await startHouse(options);
  onTestFinished(() => house.close());
  return house;
}

/** Lets in whoever has a token, under its name; and no principal may call `house.destroy`. */
const withTokens: ServerOptions = {
  authenticate: ({ token, login, passcode }) => {
    if (token === 'broken') throw new Error('the database password is 1234');
    if (sameSecret(token, 'ann-1')) return { name: 'ann' };
    return login === 'bob' && sameSecret(passcode, 'b:2') ? { name: 'bob' } : undefined;
  },
  limits: { loginPause: 10 },
};

async function connected(house: House, options: NodeConnectOptions = {}, scheme: Scheme = 'tcp') {
  const client = await connect<HouseApi>(house.urls[scheme], { ca: house.certificate, firstDelay: 10, ...options });
  onTestFinished(() => client.close());
  return client;
}

function post(house: House, body: string, authorization?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) };
  return fetch(`http://127.0.0.1:${house.port}/rpc`, { method: 'POST', body, headers });
}

/** What the server says to bytes until it closes. */
async function say(house: House, bytes: string): Promise<string> {
  const socket = await dialled(house.port);
  socket.write(bytes);
  return received(socket);
}

const count = request('house.destroy', { key: 'uninvited' });

describe('nobody does anything before they are let in', () => {
  test.each(schemes)('over %s: an AuthError, and no more attempts', async (scheme) => {
    const house = await newHouse(withTokens);
    for (const auth of [undefined, { token: 'ann-2' }, { login: 'bob', passcode: 'b:' }, { token: 'broken' }]) {
      const error = await connected(house, { auth, retryFirst: false }, scheme).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(AuthError);
      expect(error).toMatchObject({ code: 'ERR_AUTH' });
      expect((error as Error).message).not.toContain('1234');
    }
    expect(house.server.sessions.size).toBe(0);
    const client = await connected(house, { auth: { token: 'ann-1' } }, scheme);
    expect(await client.api.house.add({ a: 1, b: 1 })).toBe(2);
    expect([...house.server.sessions].map(({ principal }) => principal)).toEqual([{ name: 'ann' }]);
  });

  test('by STOMP: what stands behind CONNECT is not done', async () => {
    const house = await newHouse(withTokens);
    const connectFrame = frame('CONNECT', { 'accept-version': '1.2', host: 'h', token: 'ann-2', receipt: 'told' });
    const text = await say(house, connectFrame + stompCall('house.destroy', { key: 'uninvited' }));
    expect(text).toMatch(/^ERROR\n[^\0]*error-code:ERR_AUTH\n[^\0]*\0\n*$/);
    expect(text).not.toMatch(/ann-2|told/);
    await notCalled(house);
  });

  test('by JSON lines: an error, then the end', async () => {
    const house = await newHouse(withTokens);
    const answers = (await say(house, count + '\n' + count + '\n')).trimEnd().split('\n');
    expect(answers.map((text) => JSON.parse(text) as unknown)).toMatchObject([{ id: null, error: { code: -32001 } }]);
    await notCalled(house);
  });

  test('by WebSocket messages: the same', async () => {
    const house = await newHouse(withTokens);
    const socket = new WebSocket(house.urls.ws);
    const said: unknown[] = [];
    await new Promise((resolve) => {
      socket.on('open', () => socket.send(count));
      socket.on('message', (data: Buffer) => said.push(JSON.parse(data.toString())));
      socket.on('close', resolve);
    });
    expect(said).toMatchObject([{ id: null, error: { code: -32001 } }]);
    await notCalled(house);
  });

  test('by HTTP: 401, until there are credentials', async () => {
    const house = await newHouse(withTokens);
    for (const authorization of [undefined, 'Bearer ann-2', 'Bearer', 'Basic !', 'Digest x', 'Bearer broken']) {
      const response = await post(house, count, authorization);
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.text()).not.toMatch(/1234|jsonrpc/);
    }
    const basic = `Basic ${Buffer.from('bob:b:2').toString('base64')}`;
    for (const authorization of ['Bearer ann-1', 'bearer ann-1', basic]) {
      const response = await post(house, request('house.add', { a: 1, b: 1 }), authorization);
      expect(await response.json()).toMatchObject({ result: 2 });
    }
    await notCalled(house);
  });

  test('while it is being decided, what comes behind waits', async () => {
    let decide!: (principal: string) => void;
    const verdict = new Promise<string>((resolve) => (decide = resolve));
    const asked = vi.fn(() => verdict);
    const house = await newHouse({ authenticate: asked });
    const login = frame('CONNECT', { 'accept-version': '1.2', host: 'h' });
    const answered = say(house, login + stompCall('house.add', { a: 2, b: 3 }) + frame('DISCONNECT', { receipt: 'r' }));
    await vi.waitUntil(() => asked.mock.calls.length === 1);
    expect(house.server.sessions.size).toBe(0);
    decide('ann');
    expect(await answered).toMatch(/^CONNECTED\n[^]*"result":5[^]*RECEIPT/);
  });

  test('credentials are asked for anew on each connection; refused, it is over', async () => {
    const house = await newHouse(withTokens);
    const tokens = ['ann-1', 'ann-1', 'ann-2'];
    const auth = vi.fn(() => ({ token: tokens.shift()! }));
    const client = await connected(house, { auth });
    const events = client.events('a');
    client.cut();
    expect(await client.api.house.add({ a: 1, b: 1 }, { idempotent: true })).toBe(2);
    client.cut();
    await expect(events.next()).rejects.toMatchObject({ code: 'ERR_AUTH' });
    expect(client.state).toBe('closed');
    expect(auth.mock.calls).toMatchObject([[{ attempt: 1 }], [{ attempt: 1 }], [{ attempt: 1 }]]);
  });

  async function notCalled(house: House): Promise<void> {
    const client = await connected(house, { auth: { login: 'bob', passcode: 'b:2' } });
    expect(await client.api.house.destroyed({ key: 'uninvited' })).toBe(0);
  }
});

describe.each(['at once', 'later'])('what each may do, decided %s', (when) => {
  /** Only what has to do with `own`; and asked for by somebody known. */
  const options: ServerOptions = {
    ...withTokens,
    authorize: (access) => {
      if (access.action === 'connect') return true;
      const subject = access.action === 'call' ? access.method : access.destination;
      const allowed = (access.principal as { name: string }).name === 'ann' && !/destroy$|forbidden/.test(subject);
      if (subject.includes('forbidden.throw')) throw new Error('the rules say 1234');
      return when === 'later' ? Promise.resolve(allowed) : allowed;
    },
  };
  const auth = { token: 'ann-1' };

  test('call, by STOMP and by HTTP', async () => {
    const house = await newHouse(options);
    const client = await connected(house, { auth });
    const refused = client.api.house.destroy({ key: 'a' });
    await expect(refused).rejects.toThrow(RpcError);
    await expect(refused).rejects.toMatchObject({ code: -32001, message: 'not allowed' });
    expect(await client.api.house.destroyed({ key: 'a' })).toBe(0);
    expect(await (await post(house, count, 'Bearer ann-1')).json()).toMatchObject({ error: { code: -32001 } });
    expect(await (await post(house, request('house.me'), 'Bearer ann-1')).json()).toHaveProperty('result');
  });

  test('call, by lines and by WebSocket messages', async () => {
    const house = await newHouse({ ...options, authenticate: () => ({ name: 'ann' }) });
    const said: string[] = [];
    const socket = await dialled(house.port);
    socket.on('data', (chunk: Buffer) => said.push(chunk.toString()));
    socket.write(count + '\n');
    const bare = new WebSocket(house.urls.ws);
    onTestFinished(() => bare.terminate());
    bare.on('open', () => bare.send(count)).on('message', (data: Buffer) => said.push(data.toString()));
    await vi.waitUntil(() => said.length === 2);
    for (const text of said) expect(JSON.parse(text)).toMatchObject({ id: 1, error: { code: -32001 } });
  });

  test('subscribe', async () => {
    const house = await newHouse(options);
    const client = await connected(house, { auth });
    const allowed = client.events('own.a');
    await allowed.ready;
    const forbidden = client.events('forbidden.a');
    await expect(forbidden.ready).rejects.toMatchObject({ code: 'ERR_FORBIDDEN', message: 'not allowed: subscribe' });
    // The connection it cost is made again, for what is allowed.
    await client.api.house.emit({ name: 'own.a', from: 1, to: 1 });
    expect((await allowed.next()).value).toMatchObject({ data: { number: 1 } });
  });

  test('subscribe, by bare JSON-RPC', async () => {
    const house = await newHouse({ ...options, authenticate: () => ({ name: 'ann' }) });
    const socket = await dialled(house.port);
    socket.write(request('rpc.subscribe', { pattern: 'forbidden.a' }) + '\n');
    socket.write(request('rpc.subscribe', { pattern: 'forbidden.throw' }, 2) + '\n');
    const answers: unknown[] = [];
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      for (const line of chunk.toString().trimEnd().split('\n')) answers.push(JSON.parse(line));
      if (answers.length === 2) break;
    }
    expect(answers).toContainEqual(
      expect.objectContaining({ id: 1, error: expect.objectContaining({ code: -32001 }) }),
    );
    expect(answers).toContainEqual(expect.objectContaining({ id: 2, error: expect.anything() }));
    expect(JSON.stringify(answers)).not.toContain('1234');
  });

  test('send', async () => {
    const house = await newHouse(options);
    const [client, other] = [await connected(house, { auth }), await connected(house, { auth })];
    const events = other.events('#');
    await events.ready;
    await client.emit('own.a', 1);
    expect((await events.next()).value).toMatchObject({ name: 'own.a' });
    const lost = new Promise((resolve) =>
      client.onState((state, { error }) => state === 'reconnecting' && resolve(error)),
    );
    await client.emit('forbidden.a', 2);
    expect(await lost).toMatchObject({ code: 'ERR_FORBIDDEN', message: 'not allowed: send' });
    house.server.emit('own.b', 3);
    expect((await events.next()).value).toMatchObject({ name: 'own.b' });
  });

  test('serve', async () => {
    const house = await newHouse(options);
    const client = await connected(house, { auth });
    await client.implement({ a: () => 1 }, { service: 'own' });
    const refused = client.implement({ b: () => 2 }, { service: 'forbidden' });
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_FORBIDDEN',
      message: 'not allowed: serve /queue/rpc.forbidden',
    });
    const server = client.stomp.subscribe('/queue/rpc', () => {});
    await expect(server.ready).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' });
  });

  test('call a service: refused it is answered, and the connection stays', async () => {
    const house = await newHouse(options);
    const [server, client] = [await connected(house, { auth }), await connected(house, { auth })];
    await server.implement({ a: () => 1 }, { service: 'own' });
    const states: string[] = [];
    client.onState((state) => states.push(state));
    expect(await client.call('a', {}, { service: 'own' })).toBe(1);
    await expect(client.call('a', {}, { service: 'forbidden' })).rejects.toMatchObject({ code: -32001 });
    expect(await client.call('a', {}, { service: 'own' })).toBe(1);
    expect(states).toEqual([]);
  });

  test('a rule that throws refuses, and keeps to itself why', async () => {
    const house = await newHouse(options);
    const client = await connected(house, { auth });
    const failed = client.events('forbidden.throw').ready;
    await expect(failed).rejects.toThrow(expect.objectContaining({ message: expect.not.stringContaining('1234') }));
  });
});

test('who may come in must be said in time', async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const house = await new Promise<House>((resolve) => {
    const never = new Promise(() => {});
    const asked = newHouse({ clock, authenticate: () => (void asked.then(resolve), never) });
    void asked.then(({ urls }) => connect(urls.tcp).catch((error: unknown) => errors.push(error)));
  });
  clock.advance(10_000);
  await vi.waitFor(() => expect(errors).toMatchObject([{ code: 'ERR_CONNECT_TIME' }]));
  await vi.waitFor(() => expect(house.server.sessions.size).toBe(0));
});

test('what a handler throws is on standard error, unless somebody is told of it', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => printed.mockRestore());
  const house = await newHouse({ onError: undefined });
  const client = await connected(house);
  await expect(client.call('house.crash')).rejects.toMatchObject({ code: -32603 });
  expect(printed).toHaveBeenCalledWith(expect.stringContaining('house.crash failed'), expect.any(Error));
});

test('a message may be sent by hand, with headers as a plain object', async () => {
  const house = await newHouse({});
  const client = await connected(house);
  const came = new Promise((resolve) => client.stomp.subscribe('/queue/work', resolve));
  await client.stomp.sendConfirmed({ destination: '/queue/work', headers: { colour: 'red' }, body: 'x' });
  const delivery = (await came) as { headers: { get(name: string): string }; body: string };
  expect([delivery.headers.get('colour'), delivery.body]).toEqual(['red', 'x']);
  await client.stomp.send({ destination: '/queue/work', body: 'y' });
});

test('an answer cannot be pointed at somebody else', async () => {
  const house = await newHouse({});
  const login = frame('CONNECT', { 'accept-version': '1.2', host: 'h' });
  for (const replyTo of ['/topic/everybody', '/queue/somebody', '/queue/rpc', '/reply-queue/x', 'x']) {
    const send = frame('SEND', { destination: '/queue/rpc', 'reply-to': replyTo }, count);
    expect(await say(house, login + send)).toMatch(/\0\n*ERROR\n[^\0]*error-code:ERR_(REPLY_TO|DESTINATION)\n/);
  }
  const client = await connected(house);
  expect(await client.api.house.destroyed({ key: 'uninvited' })).toBe(0);
});

describe('what is wrong with options is said, by name', () => {
  test.each<[string, object, RegExp]>([
    ['an unknown one', { prot: 1 }, /createServer: unknown option prot; known are/],
    ['one for listen', { port: 1 }, /unknown option port/],
    ['a wrong type', { authenticate: 'yes' }, /option authenticate must be a function/],
    ['a number that is none', { timeout: NaN }, /option timeout must be a number/],
    ['a negative number', { leastGrace: -1 }, /option leastGrace must be a number, not negative/],
    ['a list that is none', { origins: {} }, /option origins must be an array/],
    ['an unknown limit', { limits: { bodies: 1 } }, /createServer: unknown limit limits.bodies/],
    ['a limit of a wrong type', { limits: { body: '1' } }, /createServer: limits.body must be a positive number/],
    ['a limit that is none', { limits: { body: undefined } }, /limits.body must be a positive number/],
    ['a name of a prototype', { constructor: 1 }, /unknown option constructor/],
    ['tls', { tls: 'maybe' }, /option tls must be/],
  ])('createServer: %s', (_, options, message) => {
    expect(() => createServer(options)).toThrow(message);
    expect(() => createServer(options)).toThrow(TypeError);
  });

  test.each<[string, object, RegExp]>([
    ['a port that is text', { port: 'x' }, /listen: option port must be a number/],
    ['a port there cannot be', { port: 65_536 }, /option port must be a whole number from 0 to 65535, not 65536/],
    ['a port with a fraction', { port: 1.5 }, /option port .* not 1.5/],
    ['an unknown option', { prot: 1 }, /unknown option prot/],
    ['a host that is none', { host: 1 }, /option host must be a string/],
  ])('listen: %s', async (_, options, message) => {
    const server = createServer();
    await expect(server.listen(options)).rejects.toThrow(message);
    expect(server.address).toBeUndefined();
    await server.close();
  });

  test.each<[string, string, object, RegExp]>([
    ['an unknown option', 'tcp://127.0.0.1', { tokn: 1 }, /connect: unknown option tokn/],
    ['a wrong type', 'ws://127.0.0.1', { timeout: '1s' }, /option timeout must be a number/],
    ['another scheme', 'http://127.0.0.1', {}, /must begin with tcp:\/\/.*, not http:\/\//],
    ['no URL', '127.0.0.1', {}, /the URL must begin with tcp:.* as in tcp:\/\/127\.0\.0\.1$/],
  ])('connect: %s', async (_, url, options, message) => {
    await expect(connect(url, options)).rejects.toThrow(message);
    await expect(connect(url, options)).rejects.toThrow(TypeError);
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org'])('%s is beyond this machine', async (host) => {
    const server = createServer();
    await expect(server.listen({ host, port: 0 })).rejects.toThrow(
      new RegExp(`^listen: ${host.replaceAll('.', '\\.')} is beyond this machine and there is no option authenticate`),
    );
    await expect(server.listen({ host, port: 0 })).rejects.toBeInstanceOf(TypeError);
    await expect(server.listen({ host, port: 0 })).rejects.toMatchObject({ code: 'ERR_INSECURE' });
    expect(server.address).toBeUndefined();
    await server.close();
  });

  test('listen: only once, and not after the end', async () => {
    const server = createServer();
    await server.listen({ port: 0 });
    await expect(server.listen({ port: 0 })).rejects.toMatchObject({ name: 'SallyportError', code: 'ERR_LISTENING' });
    await server.close();
    await expect(server.listen({ port: 0 })).rejects.toMatchObject({ name: 'ConnectionError', code: 'ERR_CLOSED' });
  });
});

test("README's server that asks who comes in compiles, with all that is strict", { timeout: 60_000 }, () => {
  const root = join(import.meta.dirname, '..');
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [, snippet] = /^```js\n(import [^`]*authenticate: async [^]*?)^```$/m.exec(readme)!;
  const entries = workspacePackages().flatMap((one) => one.entries.filter(({ specifier }) => specifier !== undefined));
  const names = `declare const cert: string, key: string;
    declare function verify(token: string | undefined): Promise<{ sub: string; exp: number; admin: boolean }>;`;
  const file = join(root, 'test/snippet-of-readme.ts');
  const options: ts.CompilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true },
    ...{ noEmit: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, types: ['node'] },
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    paths: Object.fromEntries(entries.map(({ specifier, source }) => [specifier!, [source]])),
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (path) => (path === file ? `${snippet}\n${names}\nexport {};` : readFile(path));
  host.fileExists = (path) => path === file || fileExists(path);
  const program = ts.createProgram([file], options, host);
  const mistakes = ts.getPreEmitDiagnostics(program, program.getSourceFile(file));
  expect(mistakes.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});
