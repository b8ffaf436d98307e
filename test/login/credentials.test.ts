// What authenticate is told of whoever comes.

import { connect, type Credentials } from '@sallyport/node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { selfSigned } from '../../packages/node/src/certificate.js';
import { until } from '../../packages/node/test/fixtures/sockets.js';
import type { House } from '../fixtures/house.js';
import { arrive, byToken, connectFrame, fast, newHouse, type Protocol, webSocketPeer } from '../fixtures/logins.js';

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
