import { selfSigned, type KeyPair } from '@sallyport/node';
import type { Socket } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { gatheringRelay } from './gathering-relay.js';
import { JavaClient } from './java-client.js';
import { ObservedVdsm, type ObservedVdsmOptions } from './observed-vdsm.js';

let pair: KeyPair;
beforeAll(async () => {
  pair = await selfSigned({ names: ['elsewhere.example'] });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
  const tls = (): object => ({ ...pair, minVersion: version, maxVersion: version });

  /** What becomes of calls whose answers arrive together. */
  async function burst(
    count: number,
    timeout: number,
    server: ObservedVdsmOptions,
  ): Promise<{ answered: number; client: JavaClient }> {
    const vdsm = await ObservedVdsm.start({ tls: tls(), gather: count, ...server });
    const client = await JavaClient.connect({
      port: await gatheringRelay(vdsm.port),
      tls: { ca: pair.cert },
      timeout,
    });
    onTestFinished(() => client.close());
    const params = Array.from({ length: count }, (_, at) => ({ number: at }));
    const results = await client.burst('echo', params);
    return { answered: results.filter(({ status }) => status === 'fulfilled').length, client };
  }

  test('the chain is verified, the name is not; single calls do not wait', async () => {
    const vdsm = await ObservedVdsm.start({ tls: tls() });
    const client = await JavaClient.connect({ port: vdsm.port, tls: { ca: pair.cert } });
    onTestFinished(() => client.close());
    for (let number = 0; number < 20; number++) expect(await client.call('echo', { number })).toEqual({ number });
    expect(Math.max(...client.times)).toBeLessThan(500);
    await expect(JavaClient.connect({ port: vdsm.port, tls: {} })).rejects.toMatchObject({
      code: 5022,
      cause: { message: expect.stringMatching(/self-signed/) as string },
    });
  });

  test('records that come together stall; 1024 bytes do not help', async () => {
    for (const least of [0, 1024]) {
      const { answered, client } = await burst(64, 900, { least });
      expect(answered).toBeGreaterThan(0);
      expect(answered).toBeLessThan(64);
      expect(client.fatal).toBeUndefined();
    }
  });

  test('8.4 KiB do help', async () => {
    const { answered, client } = await burst(64, 5000, { least: 8.4 * 1024 });
    expect(answered).toBe(64);
    expect(client.times.at(-1)! - client.times[0]!).toBeLessThan(900);
  });

  test('a second without bytes frees one record', async () => {
    const { client } = await burst(3, 5000, {});
    const [first = 0, , last = 0] = client.times;
    expect(Math.round((last - first) / 1000)).toBeGreaterThanOrEqual(1);
    expect(Math.round((last - first) / 1000)).toBeLessThanOrEqual(2);
  });

  test('the end of the stream is ignored until heart-beats are missed', async () => {
    const vdsm = await ObservedVdsm.start({ tls: tls(), isSilent: true });
    const client = await JavaClient.connect({ port: vdsm.port, tls: { ca: pair.cert }, incoming: 2000, timeout: 400 });
    onTestFinished(() => client.close());
    await client.call('echo');
    vdsm.sockets[0]!.end();
    await expect(client.call('echo')).rejects.toThrow(/Message timeout/);
    expect(client.fatal).toBeUndefined();
    await expect.poll(() => client.fatal, { timeout: 4000 }).toBe('Heartbeat exceeded');
  });

  test('two frames beyond 1024 bytes in one record wedge it', async () => {
    const deliver = (socket: Socket, frames: readonly string[]): void => void socket.write(frames.join(''));
    const { answered, client } = await burst(2, 900, { least: 1024, deliver });
    expect(answered).toBe(1);
    expect(client.fatal).toBe('two frames beyond 1024 bytes in one TLS record');
  });
});
