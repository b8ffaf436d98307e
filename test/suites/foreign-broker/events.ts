// Events through a broker that keeps none.

import { expect, test } from 'vitest';
import { newName, type Setup } from './setup.js';

export function events({ connect }: Setup): void {
  test.each([
    ['vm.*', ['vm.1', 'vm.2']],
    ['vm.#', ['vm', 'vm.1', 'vm.1.started', 'vm.2']],
    ['*.1.started', ['vm.1.started', 'host.1.started']],
    ['#', ['vm', 'vm.1', 'vm.1.started', 'host.1.started', 'vm.2']],
  ])('%s', async (pattern, expected) => {
    const [client, other] = [await connect(), await connect()];
    const name = newName();
    const stream = other.events<{ name: string }>(`${name}.${pattern}`);
    await stream.ready;
    for (const event of ['vm', 'vm.1', 'vm.1.started', 'host.1.started', 'vm.2'])
      await client.emit(`${name}.${event}`, { name: event });
    for (const event of expected)
      expect((await stream.next()).value).toMatchObject({ name: `${name}.${event}`, data: { name: event } });
    await stream.return();
  });

  test('that were missed are a gap', async () => {
    const [client, other] = [await connect(), await connect()];
    const name = newName();
    const stream = client.events(`${name}.*`);
    await stream.ready;
    await other.emit(`${name}.a`, 1);
    expect((await stream.next()).value).toMatchObject({ data: 1 });
    client.cut();
    expect((await stream.next()).value).toMatchObject({ gap: {} });
    await client.stomp.sendConfirmed({ destination: `/topic/${newName()}`, body: '' });
    await other.emit(`${name}.b`, 2);
    expect((await stream.next()).value).toMatchObject({ data: 2 });
  });
}
