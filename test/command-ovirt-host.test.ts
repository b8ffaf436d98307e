// The command as an oVirt host: what clients of such hosts and our own make of `--dialect ovirt`.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, connectOvirt, createServer, selfSigned } from '@sallyport/node';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildIfStale } from '../scripts/setup.mjs';
import { sallyport, type ServerCommand, startCommand } from './fixtures/command.js';

beforeAll(() => buildIfStale(), 120_000);

const hostUrl = ({ port }: ServerCommand): string => `ovirt://127.0.0.1:${port}`;

async function printed(...args: string[]): Promise<unknown> {
  const { code, out, err } = await sallyport(...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out) as unknown;
}

describe('demo', () => {
  test('answers as a host, and as ever', async () => {
    const demo = await startCommand(['demo', '--dialect', 'ovirt']);
    const url = hostUrl(demo);
    expect(await printed('call', url, 'Host.ping')).toBe(true);
    const stats = await printed('call', url, 'Host.getStats');
    expect(stats).toMatchObject({
      cpuLoad: expect.stringMatching(/^\d+\.\d\d$/),
      vmCount: 4,
      vmActive: expect.any(Number),
    });
    expect((stats as { memFree: number }).memFree).toBeGreaterThan(0);
    const capabilities = await printed('call', `ovirt+tls://127.0.0.1:${demo.port}`, 'Host.getCapabilities', '-k');
    expect(capabilities).toMatchObject({ kernel: expect.any(String), supportedProtocols: expect.any(Array) });
    const machines = (await printed('call', url, 'Host.getVMFullList')) as { vmId: string; vmName: string }[];
    const [{ vmId, vmName } = { vmId: '', vmName: '' }] = machines;
    const params = JSON.stringify({ vmID: vmId });
    expect(await printed('call', url, 'VM.getStats', params)).toMatchObject([{ vmId, vmName, status: 'Up' }]);
    expect(await sallyport('call', url, 'VM.getStats', '{"vmID":"none"}')).toMatchObject({
      code: 1,
      err: "error 1: Virtual machine does not exist: {'vmId': 'none'}\n",
    });
    expect(await printed('call', `tcp://127.0.0.1:${demo.port}`, 'host.getStats')).toHaveProperty('memory');
  });

  test('sends the events of a host, to its own clients and to ours', async () => {
    const demo = await startCommand(['demo', '--dialect', 'ovirt']);
    const [status, stats, ours] = await Promise.all([
      printed('watch', hostUrl(demo), '*|virt|VM_status|*', '--count', '1'),
      printed('watch', hostUrl(demo), '*|host|stats|*', '--count', '1'),
      printed('watch', `tcp://127.0.0.1:${demo.port}`, '*', '--count', '1'),
    ]);
    const [, , , id] = (status as { name: string }).name.split('|') as [string, string, string, string];
    expect(status).toMatchObject({
      name: `127.0.0.1|virt|VM_status|${id}`,
      data: { [id]: { status: expect.any(String) }, notify_time: expect.any(Number) },
    });
    expect(stats).toMatchObject({ name: expect.stringMatching(/^127\.0\.0\.1\|host\|stats\|/), data: { vmCount: 4 } });
    expect(ours).toMatchObject({ name: expect.stringMatching(/^\|host\|stats\|/) });
  });

  test('prints what to type', async () => {
    const demo = await startCommand(['demo', '--dialect', 'ovirt']);
    const hints = await demo.told(/In another shell.*?Ctrl-C/s);
    const [, line = ''] = /npx sallyport (call ovirt.*)/.exec(hints) ?? [];
    expect(line).toBe(`call ${hostUrl(demo)} Host.ping`);
    expect(await printed(...line.split(' '))).toBe(true);
  });
});

describe('serve', () => {
  test('--xml-rpc answers where it is told to', async () => {
    const status = async ({ port }: ServerCommand, path: string): Promise<number> => {
      const body = '<methodCall><methodName>system.listMethods</methodName></methodCall>';
      const headers = { 'content-type': 'text/xml' };
      return (await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body, headers })).status;
    };
    const [none, usual, own] = await Promise.all([
      startCommand(['serve']),
      startCommand(['serve', '--xml-rpc']),
      startCommand(['serve', '--xml-rpc', '/xml']),
    ]);
    expect([await status(none, '/RPC2'), await status(usual, '/RPC2'), await status(own, '/xml')]).toEqual([
      404, 200, 200,
    ]);
  });

  test('rights hold for clients of the dialect', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'serve.json');
    const rights = { subscribe: ['jms.queue.events'], call: ['rpc.methods'], send: ['/topic/#'] };
    writeFileSync(file, JSON.stringify({ dialect: 'ovirt', anonymous: { rights } }));
    const { port } = await startCommand(['serve', '--config', file]);
    const refused: string[] = [];
    const onError = (error: Error): void => void refused.push(error.message);
    const host = await connectOvirt(`ovirt://127.0.0.1:${port}`, { onError });
    onTestFinished(() => host.close());
    expect(await host.call('rpc.methods')).toEqual(expect.any(Array));
    await expect(host.call('rpc.stats')).rejects.toThrow(/not allowed|not exist/);
    const events = host.events('*|virt|VM_status|*');
    await host.call('rpc.methods');
    const client = await connect(`tcp://127.0.0.1:${port}`);
    onTestFinished(() => client.close());
    await client.emit('|virt|VM_status|a', { status: 'Up' });
    expect((await events.next()).value).toMatchObject({ uniqueId: 'a', data: { status: 'Up' } });
    expect(refused).toEqual([]);
    const nosy = await connectOvirt(`ovirt://127.0.0.1:${port}`, { onError, events: 'jms.topic.vdsm_requests' });
    onTestFinished(() => nosy.close());
    nosy.events('*|*|*|a');
    await expect.poll(() => refused).toEqual([expect.stringContaining('not allowed: subscribe')]);
  });
});

describe('what a line says of the other side', () => {
  test('a certificate of another name takes --servername or --any-hostname', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tls = await selfSigned({ names: ['node7.example'] });
    const file = join(folder, 'ca.pem');
    writeFileSync(file, tls.cert);
    const server = createServer({ dialect: 'ovirt', tls });
    onTestFinished(() => server.close());
    server.implement({ Host: { ping: () => true } });
    const { port } = await server.listen({ port: 0 });
    const ping = async (...more: string[]): Promise<number | null> =>
      (await sallyport('call', `ovirt+tls://127.0.0.1:${port}`, 'Host.ping', '--ca', file, ...more)).code;
    expect(await ping()).toBe(1);
    expect(await ping('--servername', 'node8.example')).toBe(1);
    expect(await ping('--servername', 'node7.example')).toBe(0);
    expect(await ping('--any-hostname')).toBe(0);
  });

  test.each<[string[], string]>([
    [['call', 'tls://127.0.0.1:1', 'a', '--any-hostname'], '--any-hostname is for oVirt hosts only'],
    [['call', 'ovirt+tls://127.0.0.1:1', 'a', '--servername', ''], '--servername must be a name, not empty'],
    [['serve', '--dialect', 'vdsm'], '--dialect: must be ovirt'],
    [['demo', '--xml-rpc', 'xml'], 'xml is too much: this takes nothing but options'],
  ])('%j', async (args, message) => {
    expect(await sallyport(...args)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
