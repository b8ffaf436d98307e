import { createServer } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { collect } from '../../core/test/suites/byte-stream.js';
import { selfSigned } from '../src/certificate.js';
import { connect, createServer as createHouse } from '../src/index.js';
import { dialTcp, dialTls } from '../src/dial.js';
import { certificateRefused } from '../src/dial-error.js';
import { listening } from './fixtures/sockets.js';

const keys = await selfSigned();
const otherKeys = await selfSigned();
const host = '127.0.0.1';

/** A port that nobody listens on. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A port that takes connections and never says a word. */
const silentPort = async (): Promise<number> => (await listening((socket) => socket.on('error', () => {}))).port;

async function tlsPort(options: TlsOptions = {}): Promise<{ port: number; asked: unknown[] }> {
  const asked: unknown[] = [];
  const server = createTlsServer({ ...keys, ...options }, (socket) => {
    asked.push(socket.servername);
    socket.on('error', () => {}).end(`you are welcome: ${socket.alpnProtocol}`);
  });
  server.on('tlsClientError', () => {});
  server.listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, asked };
}

const outcome = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error: unknown) => error,
  );

describe('TCP', () => {
  test('connects', async () => {
    const { port } = await listening((socket) => socket.end('hello'));
    const stream = await dialTcp({ host, port });
    expect(Buffer.from(await collect(stream)).toString()).toBe('hello');
    await stream.close();
  });

  test('names the place and the cause when it cannot', async () => {
    const port = await deadPort();
    const error = await outcome(dialTcp({ host, port }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ code: 'ERR_CONNECT', sent: 'no', cause: { code: 'ECONNREFUSED' } });
    expect((error as Error).message).toMatch(`cannot connect to ${host}:${port}: connect ECONNREFUSED`);
  });

  test('names all causes of a name with several addresses', async () => {
    const error = await outcome(dialTcp({ port: await deadPort() }));
    expect((error as Error).message).toMatch(/^cannot connect to localhost:\d+: connect ECONNREFUSED/);
  });

  test('can be given up, before and while', async () => {
    const reason = new Error('never mind');
    const port = await silentPort();
    await expect(dialTcp({ host, port, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const abort = new AbortController();
    const dialling = dialTls({ host, port, signal: abort.signal });
    setTimeout(() => abort.abort(reason), 10);
    await expect(dialling).rejects.toBe(reason);
  });
});

describe('TLS', () => {
  test('connects to a server whose certificate it trusts, by name and ALPN', async () => {
    const { port, asked } = await tlsPort({ ALPNProtocols: ['http/1.1', 'stomp'] });
    const stream = await dialTls({ host: 'localhost', port, ca: keys.cert });
    expect(Buffer.from(await collect(stream)).toString()).toBe('you are welcome: stomp');
    expect(asked).toEqual(['localhost']);
    await stream.close();
  });

  test('connects by address, without a name, to a server that knows no ALPN', async () => {
    const { port, asked } = await tlsPort();
    const stream = await dialTls({ host, port, ca: keys.cert });
    expect(Buffer.from(await collect(stream)).toString()).toBe('you are welcome: false');
    expect(asked).toEqual([false]);
    await stream.close();
  });

  test.each([
    ['of an unknown authority', {}, 'self-signed certificate', '`ca`'],
    ['of another name', { ca: keys.cert, servername: 'other.example' }, 'other.example', '`servername`'],
  ])('refuses a certificate %s, and says what to do', async (_, options, why, what) => {
    const { port } = await tlsPort();
    const error = await outcome(dialTls({ host, port, ...options }));
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_TLS_CERTIFICATE' });
    expect((error as Error).message).toContain(`the certificate of ${host}:${port} is not trusted`);
    expect((error as Error).message).toContain(why);
    expect((error as Error).message).toContain(what);
    expect((error as Error).message).toContain('`insecure: true`');
  });

  test('takes any certificate if told so', async () => {
    const { port } = await tlsPort();
    const stream = await dialTls({ host, port, rejectUnauthorized: false });
    await stream.close();
  });

  test('does not speak with a server that wants another protocol', async () => {
    const { port } = await tlsPort({ ALPNProtocols: ['imap'] });
    const error = await outcome(dialTls({ host, port, ca: keys.cert }));
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECT' });
  });

  test('names the place when the server speaks no TLS', async () => {
    const { port } = await listening((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const error = await outcome(dialTls({ host, port }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT' });
    expect((error as Error).message).toContain(`cannot connect to ${host}:${port}`);
  });

  test('names the place when the server hangs up', async () => {
    const { port } = await listening((socket) => socket.on('error', () => {}).once('data', () => socket.end()));
    const error = await outcome(dialTls({ host, port }));
    expect(error).toMatchObject({ code: 'ERR_CONNECT' });
  });

  test('gives up in time', async () => {
    const clock = new ManualClock();
    const port = await silentPort();
    const dialling = outcome(dialTls({ host, port, clock, timeout: 3000 }));
    clock.advance(3000);
    const error = await dialling;
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECT_TIMEOUT' });
    expect((error as Error).message).toBe(`${host}:${port} did not answer within 3000 ms (option \`dialTime\`)`);
    expect(clock.pending).toBe(0);
  });
});

describe('the other scheme is named', () => {
  async function port(tls?: { required: boolean }): Promise<number> {
    const server = createHouse(tls === undefined ? {} : { tls: { ...keys, ...tls } });
    onTestFinished(() => server.close());
    return (await server.listen({ port: 0, host })).port;
  }

  test.each([
    ['tcp', 'tls', true, 'ERR_CONNECTION_LOST'],
    ['ws', 'wss', true, 'ERR_CONNECT'],
    ['tls', 'tcp', false, 'ERR_CONNECT'],
    ['wss', 'ws', false, 'ERR_CONNECT'],
  ])('%s:// to a port that wants %s://', async (scheme, other, needsTls, code) => {
    const error = await outcome(
      connect(`${scheme}://${host}:${await port(needsTls ? { required: true } : undefined)}`),
    );
    expect(error).toMatchObject({ name: 'ConnectionError', code, cause: expect.any(Error) as unknown });
    expect((error as Error).message).toMatch(
      needsTls ? `if it takes TLS only, connect by ${other}://` : `if it takes no TLS, connect by ${other}://`,
    );
    expect((error as Error).message).not.toMatch(/routines|\n/);
  });

  test('tls:// to a port that answers in clear text', async () => {
    const { port } = await listening((socket) => socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(connect(`tls://${host}:${port}`)).rejects.toThrow('connect by tcp://');
  });

  test('but not where nobody listens', async () => {
    const error = (await outcome(connect(`tls://${host}:${await deadPort()}`))) as Error;
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('tcp://');
  });
});

describe('a server that asks for a client certificate', () => {
  const versions = ['TLSv1.2', 'TLSv1.3'] as const;
  const ways = ['tls', 'wss'].flatMap((scheme) => versions.map((version) => [scheme, version] as const));

  async function refusal(scheme: string, maxVersion: (typeof versions)[number], options: object): Promise<Error> {
    const server = createHouse({ tls: { ...keys, ca: keys.cert, requestCert: true, maxVersion } });
    onTestFinished(() => server.close());
    const { port } = await server.listen({ port: 0, host });
    const error = await outcome(connect(`${scheme}://${host}:${port}`, { insecure: true, ...options }));
    expect((error as Error).message).toMatch(/^[^\n]*$/);
    return error as Error;
  }

  test.each(ways)('%s://, %s: is asked for one', async (scheme, version) => {
    const error = await refusal(scheme, version, {});
    expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_TLS_CLIENT_CERTIFICATE' });
    expect(error.message).toMatch(/asks for a client certificate.* say it by `cert` and `key`$/);
  });

  // Node's servers have no alert for that one.
  test.each(ways)('%s://, %s: does not take a stranger’s', async (scheme, version) => {
    const error = await refusal(scheme, version, await selfSigned());
    expect(error.message).toContain('it may not take our certificate, `cert`');
  });

  test.each(['sslv3 alert bad certificate', 'tlsv1 alert unknown ca', 'sslv3 alert certificate expired'])(
    'tells it by an alert: %s',
    (reason) => {
      const why = reason.replace(/^.* alert /, '');
      for (const cause of [
        Object.assign(new Error('80BC:error:…'), { library: 'SSL routines', reason }),
        new Error(
          `write EPROTO 80BC4F32:error:0A000410:SSL routines:ssl3_read_bytes:${reason}:../s3.c:1601:SSL alert\n`,
        ),
      ])
        expect(certificateRefused(cause, 'a.example:1')).toMatchObject({
          code: 'ERR_TLS_CLIENT_CERTIFICATE',
          message: `a.example:1 does not take our certificate, \`cert\`: ${why}`,
        });
    },
  );
});

describe('URLs', () => {
  test.each([
    ['tcp:/localhost:8091', 'the URL names no host: it is written tcp://localhost:54321'],
    ['tcp://', 'the URL names no host: it is written tcp://localhost:54321'],
    ['tls:///x', 'the URL names no host: it is written tls://localhost:54321'],
    ['tcp://ann:pw@localhost:1', 'a login in the URL is not read: say it by the option `auth`'],
    ['tls://ann@localhost:1', 'a login in the URL is not read: say it by the option `auth`'],
    ['tls://localhost:1/path?a', 'the URL must end with host and port, without path?a'],
    ['tcp://localhost:0', 'the port of the URL must be from 1 to 65535, not 0'],
    ['tcp://localhost:99999', 'the port of the URL must be from 1 to 65535, not 99999'],
    ['localhost:8120', 'the URL must begin with tcp://, tls://, ws:// or wss://, as in tcp://localhost:8120'],
    ['127.0.0.1:8120', 'the URL must begin with tcp://, tls://, ws:// or wss://, as in tcp://127.0.0.1:8120'],
    ['tcp://a b', 'the URL cannot be read'],
  ])('%s is refused', async (url, message) => {
    await expect(connect(url)).rejects.toThrow(new TypeError(`connect: ${message}`));
  });
});

test.each([
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n', ''],
  ['HTTP', '', 'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n'],
])('a server of %s does not speak STOMP', async (_, first, answer) => {
  const { port } = await listening((socket) => {
    socket.on('error', () => {}).once('data', () => socket.end(answer));
    socket.write(first);
  });
  await expect(connect(`tcp://${host}:${port}`)).rejects.toThrow(`${host}:${port} does not speak STOMP: `);
});

test.each(['ws', 'wss'])('a %s that dribbles while it is opened gets no more time', async (scheme) => {
  const clock = new ManualClock();
  let dribbling: (() => void) | undefined;
  const { port } = await listening((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      if (scheme === 'ws') socket.write('HTTP/1.1 101 Switching Protocols\r\nx: ');
      dribbling?.();
    });
  });
  const begun = new Promise<void>((resolve) => (dribbling = resolve));
  const dialling = outcome(connect(`${scheme}://${host}:${port}`, { clock, dialTime: 3000 }));
  await begun;
  clock.advance(3000);
  const error = await dialling;
  expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECT_TIMEOUT' });
  expect(clock.pending).toBe(0);
});

test('a WebSocket that is not opened in time', async () => {
  const port = await silentPort();
  const error = await outcome(connect(`ws://${host}:${port}`, { dialTime: 50 }));
  expect(error).toMatchObject({ name: 'ConnectionError', code: 'ERR_CONNECT_TIMEOUT' });
  expect((error as Error).message).toBe(`${host}:${port} did not answer within 50 ms (option \`dialTime\`)`);
});

describe('certificates and keys that are none', () => {
  test.each([
    [{ ca: 'x' }, 'ca has no certificate in PEM'],
    [{ cert: 'x', key: keys.key }, 'cert is no certificate in PEM'],
    [{ cert: keys.cert, key: Buffer.from('y') }, 'key is no private key in PEM without a passphrase'],
    [{ cert: keys.cert, key: otherKeys.key }, 'key is not the key of cert'],
  ])('%#: $0', async (options, message) => {
    await expect(connect('tls://localhost:1', options)).rejects.toThrow(new TypeError(`connect: option ${message}`));
    const mistake = new TypeError(`createServer: option tls.${message.replace('of cert', 'of tls.cert')}`);
    expect(() => createHouse({ tls: options })).toThrow(mistake);
  });

  test('nor can the server be given them while it runs', async () => {
    const server = createHouse({ tls: keys });
    onTestFinished(() => server.close());
    await server.listen({ port: 0, host });
    expect(() => server.reloadTls({ ...keys, key: otherKeys.key })).toThrow(
      new TypeError('reloadTls: option key is not the key of cert'),
    );
  });
});

// Node ends the connection without an alert; in TLS 1.3 our handshake was not over then.
test('who does not trust the certificate is gone at once, and the server says what happened', async () => {
  const log = vi.fn();
  const server = createHouse({ tls: { ...keys, minVersion: 'TLSv1.3' }, log });
  onTestFinished(() => server.close());
  const { port } = await server.listen({ port: 0, host });
  await expect(connect(`tls://${host}:${port}`)).rejects.toMatchObject({ code: 'ERR_TLS_CERTIFICATE' });
  await vi.waitFor(() => expect(JSON.stringify(log.mock.calls)).toContain('a TLS handshake failed'));
});
