// The command against an oVirt host, which here is a double of one.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { socketStream } from '../packages/node/src/tcp.js';
import { VdsmServer } from '../packages/node/test/ovirt/doubles/vdsm-server.js';
import { buildIfStale } from '../scripts/setup.mjs';
import { sallyport, sallyportWith } from './fixtures/command.js';

beforeAll(() => buildIfStale(), 120_000);

async function host() {
  const server = new VdsmServer({ methods: { 'Host.ping': () => undefined, echo: (params) => params } });
  const listener = createServer((socket) => server.accept(socketStream(socket)));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => {
    for (const session of server.sessions) session.close();
    listener.close();
  });
  return { server, url: `ovirt://127.0.0.1:${(listener.address() as AddressInfo).port}` };
}

describe('call', () => {
  test('prints what the host answers, and does it no harm', async () => {
    const { server, url } = await host();
    expect(await sallyport('call', url, 'Host.ping')).toMatchObject({ code: 0, out: 'true\n' });
    expect(await sallyport('call', url, 'echo', '{"a":["ä",1]}')).toMatchObject({ code: 0, out: '{"a":["ä",1]}\n' });
    const refused = await sallyport('call', url, 'nope');
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/^error -32601/) });
    expect(server.faults).toEqual([]);
  });

  test('sends no token of the environment', async () => {
    const { server, url } = await host();
    await sallyportWith({ env: { SALLYPORT_TOKEN: 'secret' } }, 'call', url, 'Host.ping');
    expect(server.session.received).toContain('CONNECT\naccept-version:1.2\nheart-beat:10000,10000\n\n\0');
  });

  test.each(['--login', '--token', '--service'])('%s means nothing to a host', async (option) => {
    const login = option === '--login' ? ['--passcode', 'x'] : [];
    const ended = await sallyport('call', 'ovirt+tls://127.0.0.1:1', 'Host.ping', option, 'x', ...login);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining(`${option} means nothing to an oVirt host`) });
  });
});

describe('watch', () => {
  test('prints events by their four parts', async () => {
    const { server, url } = await host();
    const ended = sallyport('watch', url, '*|virt|VM_status|*', '--count', '2');
    await expect.poll(() => server.subscriptions.length, { timeout: 5000 }).toBe(2);
    server.emit('|virt|VM_status|a', { status: 'Up' });
    server.emit('|host|stats|b', {});
    server.emit('|virt|VM_status|c', { status: 'Down' });
    const { code, out } = await ended;
    expect(code).toBe(0);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string });
    expect(lines.map(({ name }) => name)).toEqual(['127.0.0.1|virt|VM_status|a', '127.0.0.1|virt|VM_status|c']);
  });

  test('wants four parts', async () => {
    const ended = await sallyport('watch', 'ovirt://127.0.0.1:1', 'host.#');
    expect(ended).toMatchObject({ code: 2, err: expect.stringMatching(/four parts/) });
  });
});
