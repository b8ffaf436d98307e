// Both sides of this package joined without a network.

import { describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../src/broker/index.js';
import { AuthError } from '../../src/errors.js';
import { HeaderList } from '../../src/header-list.js';
import { bodyBytes } from '../../src/text.js';
import { connectStomp, type Frame, serveStomp, type StompServerOptions, type Version } from '../../src/stomp/index.js';
import { ManualClock, memoryStreams } from '../../src/testing/index.js';
import { octets } from './feeding.js';
import { quiet } from './raw-client.js';

const clock = new ManualClock();

function join(options: Partial<StompServerOptions> & { chunk?: number; versions?: Version[] } = {}) {
  const [near, far] = memoryStreams(options.chunk === undefined ? {} : { chunk: options.chunk });
  const broker = new EmbeddedBroker({ clock });
  const served = serveStomp(far, { sessionId: 's1', clock, authenticate: () => broker.link(), ...options });
  const frames: [subscription: string, frame: Frame][] = [];
  const events = { onMessage: (subscription: string, frame: Frame) => void frames.push([subscription, frame]) };
  const connecting = connectStomp(near, events, {
    host: 'h',
    clock,
    ...(options.versions !== undefined && { versions: options.versions }),
  });
  return { broker, served, connecting, frames };
}

describe.each([undefined, 1, 7])('StompConnection and serveStomp, in chunks of %s', (chunk) => {
  it.each<Version>(['1.0', '1.1', '1.2'])('carry whatever %s can carry', async (version) => {
    const { served, connecting, frames } = join({ chunk, versions: [version] });
    const connection = await connecting;
    expect(connection.version).toBe(version);
    const odd = version === '1.0' ? 'größe\\n' : 'größe:\n\\n\\';
    const topic = `/topic/a ${odd.replace('\n', '')}`;
    await connection.confirmed('SUBSCRIBE', { id: `id ${odd}`, destination: '/topic/#' });
    const bodies = ['', 'text', 'é𝄞\0\n', Uint8Array.from({ length: 256 }, (_, octet) => octet), 'x'.repeat(5000)];
    for (const body of bodies) {
      void connection.send(topic, HeaderList.of({ [`name ${odd.replace(':', '')}`]: odd }), body, undefined);
    }
    expect(await connection.confirmed('SEND', { destination: '/topic/end' })).toMatchObject({ command: 'RECEIPT' });
    expect(frames).toHaveLength(bodies.length + 1);
    bodies.forEach((body, index) => {
      const [subscription, frame] = frames[index]!;
      expect(subscription).toBe(`id ${odd}`);
      expect(frame.header('destination')).toBe(topic);
      expect(frame.header(`name ${odd.replace(':', '')}`)).toBe(odd);
      expect(octets(bodyBytes(frame.body))).toBe(octets(bodyBytes(body)));
    });
    await connection.disconnect();
    expect(await served).toBeUndefined();
    expect(await connection.ended).toBeUndefined();
  });

  it('agree that the client is refused, and why', async () => {
    const { served, connecting } = join({
      chunk,
      authenticate: () => Promise.reject(new AuthError('ERR_AUTH_TOKEN', 'the token has expired')),
    });
    await expect(connecting).rejects.toMatchObject({
      name: 'AuthError',
      code: 'ERR_AUTH_TOKEN',
      message: 'the token has expired',
    });
    expect(await served).toBeInstanceOf(AuthError);
  });

  it('agree on what was wrong with a frame', async () => {
    const { served, connecting } = join({ chunk });
    const connection = await connecting;
    await expect(connection.confirmed('SEND', { destination: '/elsewhere' })).rejects.toMatchObject({
      code: 'ERR_DESTINATION',
    });
    expect(await served).toMatchObject({ code: 'ERR_DESTINATION' });
  });
});

describe('StompConnection and serveStomp', () => {
  it('keep each other alive by beats alone, in time that the hand turns', async () => {
    const { connecting, served } = join();
    const connection = await connecting;
    let over = false;
    void Promise.race([connection.ended, served]).then(() => (over = true));
    await clock.run(300_000, 1000);
    await quiet();
    expect(over).toBe(false);
    await connection.disconnect();
    expect(await served).toBeUndefined();
  });

  it('leave nothing behind', async () => {
    const before = clock.pending;
    const { connecting, served } = join();
    const connection = await connecting;
    connection.cut(new Error('the network is gone'));
    expect(await connection.ended).toMatchObject({ message: 'the network is gone' });
    expect(await served).toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect(clock.pending).toBe(before);
  });
});
