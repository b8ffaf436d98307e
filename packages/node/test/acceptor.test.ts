import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ManualClock } from '@sallyport/core/testing';
import { type Accepted, Acceptor, type AcceptorOptions } from '../src/acceptor.js';
import { selfSigned } from '../src/certificate.js';
import type { Protocol } from '../src/detectors.js';
import { TlsGate } from '../src/tls.js';
import { closed, dialled, dialledTls, dribble, listening, received, until } from './fixtures/sockets.js';

const keys = await selfSigned();

/** A port behind an acceptor on a manual clock; what was handed over, with the bytes that each has got since. */
async function port(options: Partial<AcceptorOptions> = {}) {
  const clock = new ManualClock();
  const handed: (Accepted & { text: string })[] = [];
  const log = vi.fn<(level: string, message: string) => void>();
  const take = (accepted: Accepted): void => {
    const entry = { ...accepted, text: '' };
    handed.push(entry);
    accepted.socket.on('data', (chunk: Buffer) => (entry.text += chunk.toString('latin1')));
  };
  const acceptor = new Acceptor({ handlers: { http: take, stomp: take, jsonrpc: take }, clock, log, ...options });
  const { port: number } = await listening((socket) => acceptor.accept(socket));
  onTestFinished(() => acceptor.close());
  return { number, clock, acceptor, handed, log };
}

const secure = (): Pick<AcceptorOptions, 'gate' | 'tls'> => ({ gate: new TlsGate(keys), tls: 'optional' });

const openings: [protocol: Protocol, text: string][] = [
  ['stomp', '\n\r\nCONNECT\r\naccept-version:1.2\r\n\r\n\0SEND\n'],
  ['http', 'POST /rpc HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['jsonrpc', ' \n[{"jsonrpc":"2.0","method":"a"}]\n'],
];

describe.each(openings)('%s', (protocol, text) => {
  const plain = (number: number): Promise<Socket> => dialled(number);
  const tls = (number: number): Promise<Socket> => dialledTls(number);

  describe.each([
    ['plain', plain, false],
    ['over TLS', tls, true],
  ])('%s', (_, dial, isSecure) => {
    test.each(['whole', 'byte by byte'])('is handed over once with all its bytes: %s', async (manner) => {
      const { number, handed, acceptor, clock } = await port(secure());
      const client = await dial(number);
      if (manner === 'whole') client.write(text);
      else await dribble(client, text);
      await until(() => handed[0]?.text.length === text.length);
      client.write('and more');
      await until(() => handed[0]!.text.endsWith('and more'));
      expect(handed).toHaveLength(1);
      expect(handed[0]).toMatchObject({
        protocol,
        secure: isSecure,
        remoteAddress: '127.0.0.1',
        text: `${text}and more`,
      });
      expect(handed[0]!.alpn).toBeUndefined();
      expect(acceptor.outcomes).toMatchObject({ [protocol]: 1, tls: isSecure ? 1 : 0, unknown: 0, timeout: 0 });
      expect(clock.pending).toBe(0);
    });

    test('is handed over when the client ends right after', async () => {
      const { number, handed } = await port(secure());
      const client = await dial(number);
      client.end(text);
      await until(() => handed[0]?.text === text);
      const answer = received(client);
      handed[0]!.socket.end('answer');
      expect(await answer).toBe('answer');
    });

    test('may fail later without anybody listening', async () => {
      const { number, handed, acceptor } = await port(secure());
      const client = await dial(number);
      client.write(text);
      await until(() => handed.length === 1);
      if (isSecure) client.destroy();
      else client.resetAndDestroy();
      await until(() => acceptor.counts.connections === 0);
    });
  });
});

describe('whoever says nothing', () => {
  test('is closed after the time allowed', async () => {
    const { number, clock, acceptor, log } = await port();
    const client = await dialled(number);
    await until(() => clock.pending === 1);
    clock.advance(4_999);
    await new Promise((resolve) => setImmediate(resolve));
    expect(client.readableEnded).toBe(false);
    clock.advance(1);
    await closed(client);
    expect(acceptor.outcomes.timeout).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith('warn', expect.stringContaining('sniffTime'));
  });

  test('gains nothing by dribbling', async () => {
    const { number, clock, acceptor } = await port();
    const client = await dialled(number);
    await until(() => clock.pending === 1);
    for (let one = 0; one < 4; one++) {
      client.write('\n');
      await new Promise((resolve) => setTimeout(resolve, 5));
      clock.advance(1_250);
    }
    await closed(client);
    expect(acceptor.outcomes.timeout).toBe(1);
  });

  test('inside TLS is closed as well', async () => {
    const { number, clock, acceptor } = await port(secure());
    // In TLS 1.2 the server is ready before the client is.
    const client = await dialledTls(number, { maxVersion: 'TLSv1.2' });
    await until(() => acceptor.outcomes.tls === 1 && clock.pending === 1);
    clock.advance(5_000);
    await closed(client);
    expect(acceptor.outcomes.timeout).toBe(1);
    await until(() => acceptor.counts.connections === 0);
  });

  test('and leaves is nothing to worry about', async () => {
    const { number, acceptor, clock, log } = await port();
    const client = await dialled(number);
    client.end();
    await closed(client);
    await until(() => acceptor.counts.connections === 0);
    expect(acceptor.outcomes.ended).toBe(1);
    expect(clock.pending).toBe(0);
    expect(log).not.toHaveBeenCalled();
  });
});

describe('garbage', () => {
  test.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['STOMP after something else', 'SEND\n\n\0CONNECT\n\n\0'],
    ['too many EOLs', '\n'.repeat(9) + 'CONNECT\n'],
    ['white space without end', ' '.repeat(200_000)],
    ['binary', '\0'.repeat(64)],
  ])('%s is closed at once', async (_, text) => {
    const { number, acceptor, clock, handed } = await port(secure());
    const client = await dialled(number);
    client.write(text);
    await closed(client);
    expect(acceptor.outcomes.unknown).toBe(1);
    expect(handed).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('inside TLS, more TLS among it, is closed at once', async () => {
    const { number, acceptor } = await port(secure());
    for (const text of ['nonsense', '\x16\x03\x01\x00\x05']) {
      const client = await dialledTls(number);
      client.write(text, 'latin1');
      await closed(client);
    }
    expect(acceptor.outcomes.unknown).toBe(2);
  });

  test('is counted each time and logged once', async () => {
    const { number, acceptor, log } = await port();
    for (let one = 0; one < 3; one++) {
      const client = await dialled(number);
      client.write('nonsense');
      await closed(client);
    }
    expect(acceptor.outcomes.unknown).toBe(3);
    expect(log).toHaveBeenCalledTimes(1);
    expect(log.mock.calls[0]![1]).not.toContain('nonsense');
  });

  test('a protocol that nobody handles is unknown', async () => {
    const { number, acceptor } = await port({ handlers: { stomp: () => {} } });
    const client = await dialled(number);
    client.write('GET / HTTP/1.1\r\n');
    await closed(client);
    expect(acceptor.outcomes.unknown).toBe(1);
  });
});

describe('TLS', () => {
  test('when required, refuses what is plain', async () => {
    const { number, acceptor, handed, log } = await port({ gate: new TlsGate(keys) });
    const client = await dialled(number);
    client.write('GET / HTTP/1.1\r\n');
    await closed(client);
    expect(acceptor.outcomes.plain).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith('warn', expect.stringContaining('TLS is required'));
    const secured = await dialledTls(number);
    secured.write('GET / HTTP/1.1\r\n');
    await until(() => handed.length === 1);
  });

  test('without a certificate is closed', async () => {
    const { number, acceptor } = await port();
    await expect(dialledTls(number)).rejects.toThrow();
    expect(acceptor.outcomes.noTls).toBe(1);
  });

  test('a handshake that takes too long is over, and its socket closed', async () => {
    const { number, acceptor, clock } = await port(secure());
    const client = await dialled(number);
    client.write(Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01));
    await until(() => acceptor.outcomes.tls === 1);
    clock.advance(9_999);
    expect(acceptor.counts.connections).toBe(1);
    clock.advance(1);
    await closed(client);
    await until(() => acceptor.counts.connections === 0);
    expect(acceptor.outcomes).toMatchObject({ handshakeTimeout: 1, handshake: 0 });
    expect(clock.pending).toBe(0);
  });

  test('a handshake that fails closes its socket', async () => {
    const { number, acceptor, clock } = await port(secure());
    const client = await dialled(number);
    client.write(Buffer.concat([Uint8Array.of(0x16, 0x03, 0x01, 0x00, 0x40), Buffer.alloc(64, 7)]));
    await closed(client);
    await until(() => acceptor.outcomes.handshake === 1);
    expect(acceptor.counts.connections).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('a client that leaves during the handshake is forgotten', async () => {
    const { number, acceptor, clock } = await port(secure());
    const client = await dialled(number);
    client.write(Uint8Array.of(0x16, 0x03, 0x01));
    await until(() => acceptor.outcomes.tls === 1);
    client.resetAndDestroy();
    await until(() => acceptor.counts.connections === 0);
    expect(clock.pending).toBe(0);
  });

  test('new keys hold for new connections, and old connections go on', async () => {
    const gate = new TlsGate(keys);
    const { number, handed } = await port({ gate });
    const before = await dialledTls(number);
    const others = await selfSigned();
    gate.reload(others);
    const after = await dialledTls(number);
    expect(after.getPeerX509Certificate()!.toString()).not.toBe(before.getPeerX509Certificate()!.toString());
    before.write('{"still":"here"}');
    await until(() => handed[0]?.text === '{"still":"here"}');
  });
});

describe('ALPN', () => {
  const asking = async (ALPNProtocols: string[], options: Partial<AcceptorOptions> = secure()) => {
    const opened = await port(options);
    const client = await dialledTls(opened.number, { ALPNProtocols });
    return { ...opened, client };
  };

  test.each<[string[], string, string, Protocol]>([
    [['h2', 'http/1.1'], 'http/1.1', 'GET / HTTP/1.1\r\n', 'http'],
    [['stomp'], 'stomp', 'STOMP\n', 'stomp'],
    [['stomp', 'http/1.1'], 'http/1.1', 'GET / HTTP/1.1\r\n', 'http'],
  ])('%j is acknowledged as %s', async (offered, chosen, text, protocol) => {
    const { client, handed } = await asking(offered);
    expect(client.alpnProtocol).toBe(chosen);
    client.write(text);
    await until(() => handed.length === 1);
    expect(handed[0]).toMatchObject({ protocol, alpn: chosen });
  });

  test.each([
    [['http/1.1'], 'CONNECT\naccept-version:1.2\n\n\0'],
    [['http/1.1'], '{"jsonrpc":"2.0"}\n'],
    [['stomp'], 'GET / HTTP/1.1\r\n'],
    [['stomp'], '{"jsonrpc":"2.0"}\n'],
  ])('%j does not carry %j', async (offered, text) => {
    const { client, handed, acceptor } = await asking(offered);
    client.write(text);
    await closed(client);
    expect(handed).toEqual([]);
    expect(acceptor.outcomes.alpn).toBe(1);
  });

  test('of which nothing is known is refused in the handshake', async () => {
    const { number, acceptor } = await port(secure());
    const client = connectTls({ port: number, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['imap'] });
    onTestFinished(() => void client.destroy());
    const [error] = (await once(client, 'error')) as [Error & { code: string }];
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
    await until(() => acceptor.outcomes.handshake === 1 && acceptor.counts.connections === 0);
  });
});

describe('client certificates', () => {
  const dialWith = async (options: ConnectionOptions, gateOptions = {}) => {
    const mine = await selfSigned({ names: ['agent-7'] });
    const gate = new TlsGate({ ...keys, ca: mine.cert, requestCert: true, ...gateOptions });
    const opened = await port({ gate });
    const client = connectTls({
      port: opened.number,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      ...(options.cert === 'mine' ? mine : options),
    });
    onTestFinished(() => void client.on('error', () => {}).destroy());
    client.on('error', () => {}).write('STOMP\n');
    return { ...opened, client };
  };

  test('are handed over when they have been verified', async () => {
    const { handed } = await dialWith({ cert: 'mine' });
    await until(() => handed.length === 1);
    expect(handed[0]!.peerCertificate?.subject.CN).toBe('agent-7');
  });

  test('are required, if asked for', async () => {
    const none = await dialWith({});
    await until(() => none.acceptor.outcomes.handshake === 1);
    const foreign = await dialWith(await selfSigned());
    await until(() => foreign.acceptor.outcomes.handshake === 1);
    expect([...none.handed, ...foreign.handed]).toEqual([]);
  });

  test('of strangers are not handed over where they may be left out', async () => {
    const { handed } = await dialWith(await selfSigned(), { rejectUnauthorized: false });
    await until(() => handed.length === 1);
    expect(handed[0]!.peerCertificate).toBeUndefined();
  });
});

describe('places', () => {
  test.each(['connections', 'connectionsPerAddress', 'unauthenticated'] as const)('%s: no more than', async (limit) => {
    const { number, acceptor, handed, log } = await port({ limits: { [limit]: 2 } });
    const first = await dialled(number);
    await dialled(number);
    await until(() => acceptor.counts.connections === 2);
    await closed(await dialled(number));
    expect(acceptor.outcomes[limit]).toBe(1);
    expect(log).toHaveBeenCalledExactlyOnceWith(
      'warn',
      expect.stringContaining(`there are 2 already (limits.${limit})`),
    );
    // A place that is left is free again.
    first.destroy();
    await until(() => acceptor.counts.connections === 1);
    const next = await dialled(number);
    next.write('STOMP\n');
    await until(() => handed.length === 1);
  });

  test('whoever has authenticated is no stranger', async () => {
    const { number, acceptor, handed } = await port({ limits: { unauthenticated: 1 } });
    for (let one = 1; one <= 3; one++) {
      const client = await dialled(number);
      client.write('STOMP\n');
      await until(() => handed.length === one);
      expect(acceptor.counts).toEqual({ connections: one, unauthenticated: 1 });
      handed.at(-1)!.authenticated();
      handed.at(-1)!.authenticated();
      expect(acceptor.counts.unauthenticated).toBe(0);
    }
    handed[0]!.socket.destroy();
    await until(() => acceptor.counts.connections === 2);
    expect(acceptor.counts.unauthenticated).toBe(0);
  });
});

describe('shutdown', () => {
  test('closes at once whoever is undecided, and leaves the others', async () => {
    const { number, acceptor, handed, clock } = await port(secure());
    const silent = await dialled(number);
    const shaking = await dialled(number);
    shaking.write(Uint8Array.of(0x16, 0x03, 0x01));
    const inside = await dialledTls(number);
    const served = await dialled(number);
    served.write('STOMP\n');
    await until(() => handed.length === 1 && acceptor.outcomes.tls === 2 && acceptor.counts.connections === 4);
    await new Promise((resolve) => setTimeout(resolve, 10));
    acceptor.close();
    await Promise.all([silent, shaking, inside].map(closed));
    await until(() => acceptor.counts.connections === 1);
    expect(clock.pending).toBe(0);
    await closed(await dialled(number));
    served.write('still here');
    await until(() => handed[0]!.text.endsWith('still here'));
  });
});

test('a client that had reset its connection before it was accepted is none', async () => {
  const { number, acceptor, handed } = await port();
  // This process accepts nobody while it waits for the other one.
  const program = `const socket = require('net').connect(${number}, '127.0.0.1', () =>
    socket.write('CONNECT\\n', () => socket.resetAndDestroy()));`;
  execFileSync(process.execPath, ['-e', program]);
  await until(() => acceptor.outcomes.ended === 1);
  expect(handed).toEqual([]);
  expect(acceptor.counts).toEqual({ connections: 0, unauthenticated: 0 });
});
