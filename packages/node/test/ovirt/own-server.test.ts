// A host's client at a server of ours that stands in for one: it says whose it is, and its destinations are a host's.

import { connectOvirt, createServer } from '@sallyport/node';
import { expect, onTestFinished, test } from 'vitest';

test('a server with the dialect answers and sends events', async () => {
  const server = createServer({ dialect: 'ovirt' });
  onTestFinished(() => server.close());
  server.implement({ Host: { ping: () => undefined } });
  const { port } = await server.listen({ port: 0 });
  const host = await connectOvirt(`ovirt://127.0.0.1:${port}`);
  onTestFinished(() => host.close());
  expect(await host.call('Host.ping')).toBe(true);
  const events = host.events('*|virt|VM_status|*');
  await host.call('Host.ping');
  server.emit('|virt|VM_status|a', { status: 'Up' });
  expect((await events.next()).value).toMatchObject({ name: '127.0.0.1|virt|VM_status|a', data: { status: 'Up' } });
});
