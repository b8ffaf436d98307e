// A server of the command line, from outside: what its options and its file do, what changes while it runs, how it ends.

import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { AuthError } from '@sallyport/core';
import { connect, type KeyPair, type NodeConnectOptions, selfSigned } from '@sallyport/node';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { authority, client as issued } from '../packages/cli/test/fixtures/certificates.js';
import { dialled, dialledTls, received } from '../packages/node/test/fixtures/sockets.js';
import { buildIfStale } from '../scripts/setup.mjs';
import { sallyport, sallyportWith, type ServerCommand, startCommand } from './fixtures/command.js';
import { login, request } from './fixtures/raw.js';

/** Refusals are kept back for a second; tests have no time. */
const hasty = ['--limit', 'loginPause=1'];
const ann = { login: 'ann', passcode: 'anns secret' };
const asAnn = ['--login', 'ann', '--passcode', 'anns secret'];

let pair: KeyPair;
let clientPair: KeyPair;

beforeAll(async () => {
  buildIfStale();
  [pair, clientPair] = await Promise.all([selfSigned(), selfSigned({ names: ['node7.example'] })]);
}, 120_000);

/** Writes files into a folder of the test's own; returns their paths. */
function filesWith(texts: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = (name: string): string => join(folder, name);
  const write = (name: string, text: string): void => {
    // As editors do it: there is no moment without a file.
    writeFileSync(path(`${name}.new`), text);
    renameSync(path(`${name}.new`), path(name));
  };
  for (const [name, text] of Object.entries(texts)) write(name, text);
  return { path, write };
}

async function connected({ port }: ServerCommand, auth?: NodeConnectOptions['auth'], options: NodeConnectOptions = {}) {
  const scheme = options.ca === undefined ? 'tcp' : 'tls';
  const url = `${scheme}://127.0.0.1:${port}`;
  const client = await connect(url, { ...(auth && { auth }), firstDelay: 10, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** The status of a request by HTTP; `fetch` would choose the Host header itself. */
function statusOf({ port }: ServerCommand, path: string, headers: Record<string, string> = {}, body?: string) {
  return new Promise<number>((resolve, reject) => {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const method = body === undefined ? 'GET' : 'POST';
    const options = { port, host: '127.0.0.1', path, method, headers: { ...type, ...headers }, agent: false as const };
    httpRequest(options, (response) => resolve(response.resume().statusCode!))
      .on('error', reject)
      .end(body);
  });
}

function basic(name: string, passcode: string): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${name}:${passcode}`).toString('base64')}` };
}

describe('serve', () => {
  test('is a broker: its clients serve each other, and it has no methods of its own', async () => {
    const server = await startCommand(['serve']);
    const [one, other] = await Promise.all([connected(server), connected(server)]);
    await one.implement({ wipe: (params: unknown) => params }, { service: 'disks' });
    expect(await other.call('wipe', { disk: 1 }, { service: 'disks' })).toEqual({ disk: 1 });
    await expect(other.call('host.getStats')).rejects.toMatchObject({ code: -32601 });
    expect(await statusOf(server, '/')).toBe(404);
  });

  test('has TLS and a page only if they are asked for', async () => {
    const plain = await startCommand(['serve']);
    await expect(dialledTls(plain.port)).rejects.toThrow();
    const server = await startCommand(['serve', '--tls', 'required', '--page']);
    const socket = await dialledTls(server.port, { ALPNProtocols: ['http/1.1'] });
    socket.write('GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n');
    expect(await received(socket)).toMatch(/^HTTP\/1\.1 200 /);
    const refused = await dialled(server.port);
    refused.write(login);
    expect(await received(refused)).toBe('');
  });

  test('goes by the certificates and limits that it is given', async () => {
    const { path } = filesWith(pair as unknown as Record<string, string>);
    const files = ['--cert', path('cert'), '--key', path('key')];
    const server = await startCommand(['serve', ...files, '--limit', 'body=100', '--limit', 'leastHeartBeat=20']);
    const client = await connected(server, undefined, { ca: pair.cert, servername: 'localhost' });
    expect(client.state).toBe('connected');
    const body = request('rpc.methods', { filler: 'x'.repeat(100) });
    expect(await statusOf(server, '/rpc', {}, body)).toBe(413);
  });
});

describe.each(['demo', 'serve'])('%s', (command) => {
  test('--login lets in nobody else, whatever they speak', async () => {
    const server = await startCommand([command, ...asAnn, ...hasty]);
    expect((await connected(server, ann)).state).toBe('connected');
    await expect(connected(server)).rejects.toThrow(AuthError);
    await expect(connected(server, { ...ann, passcode: 'wrong barley' })).rejects.toThrow(AuthError);
    expect(await server.said(/^warn: .*login.*"ann" by stomp over tcp.*$/m)).not.toContain('barley');
    const body = request('rpc.methods');
    expect(await statusOf(server, '/rpc', {}, body)).toBe(401);
    expect(await statusOf(server, '/rpc', basic('ann', 'x'), body)).toBe(401);
    expect(await statusOf(server, '/rpc', basic('ann', 'anns secret'), body)).toBe(200);
  });

  test('--client-ca lets in by a certificate, and nobody without', async () => {
    const { path } = filesWith({ ...(pair as unknown as Record<string, string>), ca: clientPair.cert });
    const files = ['--cert', path('cert'), '--key', path('key'), '--client-ca', path('ca')];
    const server = await startCommand([command, ...files, ...hasty]);
    const tls = { ca: pair.cert, servername: 'localhost', retryFirst: false };
    expect((await connected(server, undefined, { ...tls, ...clientPair })).state).toBe('connected');
    await expect(connected(server, undefined, tls)).rejects.toThrow();
    await expect(connected(server, undefined, { ...tls, ...pair })).rejects.toThrow();
    await expect(connected(server)).rejects.toThrow(AuthError);
  });

  test('--allow-host, --origin', async () => {
    const server = await startCommand([
      command,
      '--allow-host',
      'a.example',
      '--origin',
      'https://b.example',
      '--page',
    ]);
    for (const host of ['a.example', 'A.example:1', 'localhost', `127.0.0.1:${server.port}`])
      expect(await statusOf(server, '/', { host }), host).toBe(200);
    expect(await statusOf(server, '/', { host: 'b.example' })).toBe(403);
    const body = request('rpc.methods');
    expect(await statusOf(server, '/rpc', { origin: 'https://b.example' }, body)).toBe(200);
    expect(await statusOf(server, '/rpc', { origin: 'https://a.example' }, body)).toBe(403);
  });

  test('--server-name, --require-alpn', async () => {
    const server = await startCommand([command, '--tls', 'optional', '--server-name', 'a.example', '--require-alpn']);
    const alpn = { ALPNProtocols: ['stomp'] };
    const socket = await dialledTls(server.port, { servername: 'a.example', ...alpn });
    expect(socket.alpnProtocol).toBe('stomp');
    await expect(dialledTls(server.port, { servername: 'b.example', ...alpn })).rejects.toThrow(/unrecognized name/);
    await expect(dialledTls(server.port, { servername: 'a.example' })).rejects.toThrow(/no application protocol/);
  });

  test('--proxy', async () => {
    const server = await startCommand([command, '--proxy', '127.0.0.0/8']);
    const through = await dialled(server.port);
    through.write(`PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\nGET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n`);
    expect(await received(through)).toMatch(/^HTTP\/1\.1 200 /);
    const past = await dialled(server.port);
    past.write('GET /healthz HTTP/1.0\r\nhost: localhost\r\n\r\n');
    expect(await received(past)).toBe('');
  });

  test.each<[string[], number, RegExp]>([
    [['--wrong'], 2, /--wrong/],
    [['word'], 2, /word is too much: this takes nothing but options/],
    [['--limit', 'bodies=1'], 2, /there is no limit bodies; known are .*sniffTime/],
    [['--login', 'ann'], 2, /--login ann needs a passcode: set SALLYPORT_PASSCODE/],
    [['--cert', 'a.pem', '--key', 'b.pem'], 2, /--cert: cannot read .*a\.pem: ENOENT/],
    [['--host', '0.0.0.0'], 2, /other machines reach 0\.0\.0\.0.*--login/],
    [['--host', '192.0.2.1', '--insecure'], 1, /this machine has no address 192\.0\.2\.1/],
  ])('%j: %i', async (args, code, message) => {
    const ended = await sallyport(command, '--port', '0', ...args);
    expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });

  test('a port that is in use', async () => {
    const server = await startCommand([command]);
    const { code, out, err } = await sallyport(command, '--port', String(server.port));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toBe(`sallyport: port ${server.port} is in use; choose another with --port\n`);
  });

  test('beyond this machine with a login', async () => {
    const server = await startCommand([command, '--host', '0.0.0.0', ...asAnn]);
    expect((await connected(server, ann)).state).toBe('connected');
  });
});

describe('a passcode', () => {
  test('is taken from the environment, by servers and clients', async () => {
    const env = { SALLYPORT_PASSCODE: 'anns secret' };
    const { port } = await startCommand(['demo', '--login', 'ann', ...hasty], { env });
    const call = ['call', `tcp://127.0.0.1:${port}`, 'add', '[1,2]', '--login', 'ann'];
    expect(await sallyportWith({ env }, ...call)).toMatchObject({ code: 0, out: '3\n' });
    expect(await sallyport(...call)).toMatchObject({ code: 2, err: expect.stringMatching(/SALLYPORT_PASSCODE/) });
    const wrong = await sallyportWith({ env: { SALLYPORT_PASSCODE: 'x' } }, ...call);
    expect(wrong).toMatchObject({ code: 1, err: expect.stringMatching(/access refused/) });
  });

  test('is hashed for a file, and let in by it; a token, too', async () => {
    const hashed = await sallyportWith({ input: 'anns secret\n' }, 'passcode');
    expect(hashed).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^\$scrypt\$\S+\n$/) });
    const { out } = await sallyport('passcode', '--token');
    const [token = '', tokenHash] = out.split('\n');
    const users = { ann: { passcode: hashed.out.trim() }, bot: { token: tokenHash } };
    const { path } = filesWith({ 'serve.json': JSON.stringify({ users, limits: { loginPause: 1 } }) });
    const server = await startCommand(['serve', '--config', path('serve.json')]);
    expect((await connected(server, ann)).state).toBe('connected');
    expect((await connected(server, { token })).state).toBe('connected');
    await expect(connected(server, { login: 'ann', passcode: 'x' })).rejects.toThrow(AuthError);
    await expect(connected(server, { login: 'bob', passcode: 'x' })).rejects.toThrow(AuthError);
    expect(await sallyportWith({ input: '\n' }, 'passcode')).toMatchObject({ code: 1 });
  });
});

describe('--config', () => {
  const rights = { call: ['disks'], subscribe: ['/topic/host.#'], send: ['/topic/host.*'] };
  const limits = { loginPause: 1 };
  let hash: string;
  let otherHash: string;

  beforeAll(async () => {
    const hashOf = async (input: string) => (await sallyportWith({ input }, 'passcode')).out.trim();
    [hash, otherHash] = await Promise.all([hashOf('anns secret'), hashOf('bobs secret')]);
  });

  const bob = { login: 'bob', passcode: 'bobs secret' };

  async function started(config: object, texts: Readonly<Record<string, string>> = {}) {
    const files = filesWith({ ...texts, 'serve.json': JSON.stringify({ limits, ...config }) });
    const server = await startCommand(['serve', '--config', files.path('serve.json')]);
    const rewrite = async (next: object | string, said = /changes have been applied/) => {
      files.write('serve.json', typeof next === 'string' ? next : JSON.stringify({ limits, ...next }));
      return server.said(said);
    };
    return { server, files, rewrite };
  }

  test('users do what they have a right to, and nothing else', async () => {
    const users = { ann: { passcode: hash, rights: 'all' }, bob: { passcode: otherHash, rights } };
    const { server } = await started({ users });
    const [all, some] = await Promise.all([connected(server, ann), connected(server, bob)]);
    await all.implement({ wipe: () => 'wiped' }, { service: 'disks' });
    await all.implement({ melt: () => 'molten' }, { service: 'ovens' });
    expect(await some.call('wipe', {}, { service: 'disks' })).toBe('wiped');
    await expect(some.call('melt', {}, { service: 'ovens' })).rejects.toMatchObject({ code: -32001 });
    await expect(some.call('rpc.methods')).rejects.toMatchObject({ code: -32001 });
    const events = some.events('host.*');
    await events.ready;
    await all.stomp.send({
      destination: '/topic/host.load',
      body: '{"jsonrpc":"2.0","method":"host.load","params":1}',
    });
    expect((await events.next()).value).toMatchObject({ name: 'host.load', data: 1 });
    await expect((await connected(server, bob)).events('#').next()).rejects.toMatchObject({ code: 'ERR_FORBIDDEN' });
    await expect((await connected(server, bob)).implement({ a: () => 1 }, { service: 'disks' })).rejects.toMatchObject({
      code: 'ERR_FORBIDDEN',
    });
    await expect(connected(server)).rejects.toThrow(AuthError);
  });

  test('strangers do what the file says of them', async () => {
    const { server } = await started({ anonymous: { rights: { subscribe: ['/topic/public.#'] } } });
    const stranger = await connected(server);
    await stranger.events('public.news').ready;
    await expect(stranger.call('wipe', {}, { service: 'disks' })).rejects.toMatchObject({ code: -32001 });
  });

  test('a user who is removed leaves at once, and others stay', async () => {
    const users = { ann: { passcode: hash, rights: 'all' }, bob: { passcode: otherHash, rights } };
    const { server, rewrite } = await started({ users });
    const [stays, goes] = await Promise.all([connected(server, ann), connected(server, bob)]);
    const gone = new Promise<unknown>((resolve) => {
      goes.onState((state, { error }) => state === 'closed' && resolve(error));
    });
    await rewrite({ users: { ann: users.ann } });
    expect(await gone).toBeInstanceOf(AuthError);
    await expect(connected(server, bob)).rejects.toThrow(AuthError);
    await stays.call('rpc.methods');
  });

  test('rights that come and go hold for connections that are there', async () => {
    const users = (more: object) => ({ users: { ann: { passcode: hash, rights: { ...rights, ...more } } } });
    const { server, rewrite } = await started(users({}));
    const client = await connected(server, ann);
    const states: string[] = [];
    client.onState((state) => states.push(state));
    await expect(client.call('rpc.methods')).rejects.toMatchObject({ code: -32001 });
    await rewrite(users({ call: 'all' }));
    await client.call('rpc.methods');
    expect(states).toEqual([]);
    await rewrite(users({}));
    await expect.poll(() => states.at(-1)).toBe('connected');
    expect(states).toContain('reconnecting');
    await expect(client.call('rpc.methods')).rejects.toMatchObject({ code: -32001 });
  });

  test('a file that is wrong is said, and changes nothing; SIGHUP reads it at once', async () => {
    const users = { ann: { passcode: hash, rights } };
    const { server, rewrite, files } = await started({ users });
    const client = await connected(server, ann);
    expect(await rewrite('{ "users": ', /nothing has been changed: .*/)).toMatch(/serve\.json: is no JSON/);
    const wrong = { users: { ann: { passcode: hash, rights: { call: 'disks' } } } };
    expect(await rewrite(wrong, /nothing has been changed: .*/)).toMatch(/users\.ann\.rights\.call: must be a list/);
    expect(client.state).toBe('connected');
    expect((await connected(server, ann)).state).toBe('connected');
    files.write(
      'serve.json',
      JSON.stringify({ users: { ...users, bob: { passcode: otherHash } }, limits: { body: 1000 } }),
    );
    server.signal('SIGHUP');
    expect(await server.said(/changes have been applied.*/)).toBe(
      'changes have been applied; limits: only after a restart',
    );
    expect((await connected(server, bob)).state).toBe('connected');
  });

  test('another certificate, other origins', async () => {
    const tls = { cert: 'cert', key: 'key' };
    const config = { tls, anonymous: {}, origins: ['https://a.example'] };
    const { server, files, rewrite } = await started(config, pair as unknown as Record<string, string>);
    const fingerprintOf = async () => {
      const socket = await dialledTls(server.port);
      return socket.getPeerCertificate().fingerprint256;
    };
    const before = await fingerprintOf();
    const other = await selfSigned();
    files.write('key', other.key);
    expect(await server.said(/nothing has been changed: .*/)).toMatch(/tls\.key: .*key is not the key of/);
    expect(await fingerprintOf()).toBe(before);
    files.write('cert', other.cert);
    await server.said(/changes have been applied/);
    expect(await fingerprintOf()).not.toBe(before);
    const status = (origin: string) => statusOf(server, '/rpc', { origin }, request('rpc.subscribe'));
    expect(await status('https://b.example')).toBe(403);
    await rewrite({ ...config, origins: ['https://b.example'] });
    expect(await status('https://b.example')).toBe(200);
    expect(await status('https://a.example')).toBe(403);
  });

  test('another authority: what the old one has signed lets in nobody any more', async () => {
    const [old, other] = await Promise.all([authority('old'), authority('other')]);
    const [former, present] = await Promise.all([issued('ann', old), issued('ann', other)]);
    const config = {
      tls: { cert: 'cert', key: 'key', ca: 'ca' },
      users: { ann: { certificate: 'ann', rights: 'all' }, bob: { passcode: hash, rights: 'all' } },
    };
    const { server, files } = await started(config, { ...pair, ca: old.cert });
    const by = ({ cert, key }: KeyPair) => ({ ca: pair.cert, cert, key });
    const goes = await connected(server, undefined, by(former));
    const stays = await connected(server, { login: 'bob', passcode: ann.passcode }, by(former));
    const gone = new Promise<unknown>((resolve) => {
      goes.onState((state, { error }) => state === 'closed' && resolve(error));
    });
    const states: string[] = [];
    stays.onState((state) => states.push(state));
    // A connection of HTTP says with each request who it is; another has not said it yet; a session can be resumed.
    const talk = async (options: ConnectionOptions = {}) => {
      const socket = await dialledTls(server.port, { ...by(former), ...options });
      const heard = { text: '' };
      socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString('latin1')));
      const says = async (said: string, answer: RegExp) => {
        heard.text = '';
        socket.write(said);
        await expect.poll(() => heard.text).toMatch(answer);
      };
      return { socket, says };
    };
    const body = request('rpc.methods');
    const head = ['POST /rpc HTTP/1.1', 'host: localhost', 'content-type: application/json'];
    const post = [...head, `content-length: ${body.length}`, '', body].join('\r\n');
    const http = await talk();
    const session = once(http.socket, 'session');
    await http.says(post, /^HTTP\/1\.1 200 /);
    const late = await talk();
    files.write('ca', other.cert);
    server.signal('SIGHUP');
    await server.said(/changes have been applied/);
    expect(await gone).toBeInstanceOf(AuthError);
    await http.says(post, /^HTTP\/1\.1 401 /);
    await late.says(login, /^ERROR\n[^]*error-code:ERR_AUTH\n/);
    const [resumable] = (await session) as [Buffer];
    await (await talk({ session: resumable })).says(login, /^ERROR\n[^]*error-code:ERR_AUTH\n/);
    expect((await connected(server, undefined, by(present))).state).toBe('connected');
    await stays.call('rpc.methods');
    expect(states).toEqual([]);
  });

  test.each<[string, string[], number, RegExp]>([
    ['{ "users": {} }', ['--origin', '*'], 2, /--origin does not go with --config: say it in the file/],
    [
      '{ "users": { "ann": { "passcode": "x" } } }',
      [],
      2,
      /^sallyport: .*serve\.json: users\.ann\.passcode: must be a/,
    ],
    ['{ "anonymous": { "rights": "all" }, "host": "0.0.0.0" }', [], 2, /other machines reach 0\.0\.0\.0/],
    ['{ "anonymous": {}, "port": 99999 }', [], 2, /serve\.json: port: must be a number from 0 to 65535/],
  ])('%s %j: %i', async (config, args, code, message) => {
    const { path } = filesWith({ 'serve.json': config });
    const ended = await sallyport('serve', '--config', path('serve.json'), '--port', '0', ...args);
    expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });

  test('a file that is not there', async () => {
    const ended = await sallyport('serve', '--config', '/nowhere/serve.json');
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(/cannot read the configuration: ENOENT/) });
  });
});

describe('a signal', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: calls in flight are answered, then it ends', async (signal) => {
    const server = await startCommand(['demo']);
    const client = await connected(server);
    const call = client.call('slow', { ms: 500 });
    await client.call('add', [1, 2]);
    server.signal(signal);
    await server.said(/^draining …$/m);
    expect(await call).toMatchObject({ slept: expect.any(Number) });
    await client.close();
    expect((await server.ended).code).toBe(0);
  });

  test('a second one ends it at once', async () => {
    const server = await startCommand(['demo', '--limit', 'drainTime=60000']);
    const client = await connected(server);
    const lost = expect(client.call('slow', { ms: 60_000 })).rejects.toThrow();
    await client.call('add', [1, 2]);
    server.signal('SIGTERM');
    await server.said(/^draining …$/m);
    server.signal('SIGTERM');
    expect((await server.ended).code).toBe(0);
    await lost;
  });
});
