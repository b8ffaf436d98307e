// Coming in, being refused, staying, leaving.

import { AuthError } from '@sallyport/core';
import { expect, test } from 'vitest';
import { newName, type Setup, takeBodies } from './setup.js';

export function connections({ broker, connect }: Setup): void {
  test('connects, and leaves in good order', async () => {
    const client = await connect();
    expect(client.state).toBe('connected');
    await client.stomp.sendConfirmed({ destination: `/topic/${newName()}`, body: 'hello' });
    await client.close();
    expect(client.state).toBe('closed');
  });

  test('a wrong passcode is an AuthError, and the end', async () => {
    const auth = { login: 'guest', passcode: 'wrong' };
    await expect(connect({ auth })).rejects.toBeInstanceOf(AuthError);
    const client = await connect({ auth, retryFirst: true });
    await expect(client.stomp.connected).rejects.toMatchObject({ code: 'ERR_AUTH' });
    expect(client.state).toBe('closed');
  });

  if (broker.hasVirtualHosts)
    test('a virtual host that is not there is said by name', async () => {
      await expect(connect({ host: 'nowhere' })).rejects.toThrow(/nowhere/);
    });

  test.each(['first', 'later'])('a subscription that is refused ends alone, asked for %s', async (when) => {
    const client = await connect();
    const destination = `/topic/${newName()}`;
    const good = client.stomp.subscribe(destination);
    await good.ready;
    if (when === 'later') await client.stomp.sendConfirmed({ destination: `/topic/${newName()}`, body: '' });
    const bad = client.stomp.subscribe(broker.refused);
    await expect(bad.ready).rejects.toMatchObject({ code: 'ERR_STOMP_ERROR' });
    await expect(bad.next()).rejects.toMatchObject({ code: 'ERR_STOMP_ERROR' });
    // It costs the connection; the others come back with the next.
    await client.stomp.subscribe(`/topic/${newName()}`).ready;
    await client.stomp.sendConfirmed({ destination, body: 'still here' });
    expect(await takeBodies(good, 1)).toEqual(['still here']);
  });

  test('a message that is refused says why', async () => {
    const client = await connect();
    const error = await client.stomp
      .sendConfirmed({ destination: broker.refused, body: '' })
      .catch((caught: unknown) => caught as Error);
    expect(error).toBeInstanceOf(Error);
  });
}
