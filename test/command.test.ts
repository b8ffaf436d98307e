// The command `sallyport`, started the way npm starts it: what it prints in a pipe, and its exit codes.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { buildIfStale } from '../scripts/setup.mjs';
import { sallyport, startCommand } from './fixtures/command.js';
import { type House, startHouse } from './fixtures/house.js';

let house: House;

beforeAll(async () => {
  buildIfStale();
  house = await startHouse();
  house.server.implement({ give: (params: unknown) => params });
  return () => house.close();
}, 120_000);

describe('call', () => {
  test.each(['tcp', 'tls', 'ws', 'wss'] as const)('prints a line of JSON, over %s', async (scheme) => {
    const { code, out } = await sallyport('call', house.urls[scheme], 'give', '{"a":["ä",1]}', '--insecure');
    expect({ code, out }).toEqual({ code: 0, out: '{"a":["ä",1]}\n' });
  });

  test('trusts the authority that --ca names, and says what is wrong without it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ca.pem');
    writeFileSync(file, house.certificate);
    const url = house.urls.tls.replace('127.0.0.1', 'localhost');
    expect(await sallyport('call', url, 'give', '[1]', '--ca', file)).toMatchObject({ code: 0, out: '[1]\n' });
    const refused = await sallyport('call', url, 'give', '[1]');
    expect(refused).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/certificate is not trusted.*--ca/) });
  });

  test.each<[string, string[], number, RegExp]>([
    ['an unknown method', ['TCP', 'nothing'], 1, /^error -32601: Method not found/],
    ['nobody there', ['tcp://127.0.0.1:1', 'give'], 1, /cannot connect.*\(sent: no\)/],
    ['no method', ['TCP'], 2, /Usage: sallyport call/],
    ['params that are not JSON', ['TCP', 'give', '{a}'], 2, /PARAMS is not JSON/],
    ['params that are no object', ['TCP', 'give', '1'], 2, /PARAMS must be/],
    ['another scheme', ['http://127.0.0.1', 'give'], 2, /tcp:\/\/, tls:\/\/, ws:\/\/ or wss:\/\//],
    ['an unknown option', ['TCP', 'give', '--wrong'], 2, /--wrong/],
  ])('%s', async (_, args, code, message) => {
    const ended = await sallyport('call', ...args.map((arg) => (arg === 'TCP' ? house.urls.tcp : arg)));
    expect(ended).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
  });
});

describe('watch', () => {
  test('prints a line for each event, and ends after as many as were asked for', async () => {
    const events = setInterval(() => house.server.emit('host.tick', { at: 1 }), 20);
    onTestFinished(() => clearInterval(events));
    const { code, out } = await sallyport('watch', house.urls.wss, 'host.*', '-k', '--count', '2');
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(code).toBe(0);
    const line = { name: 'host.tick', data: { at: 1 }, cursor: expect.stringMatching(/^\w+:\d+$/) };
    expect(lines).toEqual([line, line]);
  });

  test('a pattern that is none is a mistake of the command line', async () => {
    const ended = await sallyport('watch', house.urls.tcp, 'a..b');
    expect(ended).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('PATTERN: a topic has no empty tokens'),
    });
  });
});

describe('the command itself', () => {
  test.each<[string[], number]>([
    [[], 2],
    [['--help'], 0],
    [['--version'], 0],
    [['nonsense'], 2],
    [['demo', '--port', 'x'], 2],
    [['demo', '--cert', 'a.pem'], 2],
    [['demo', '--host', '0.0.0.0', '--port', '0'], 1],
  ])('%j: %i', async (args, code) => {
    expect((await sallyport(...args)).code).toBe(code);
  });

  test('demo lets in the pages of --origin, says where it is, and ends when it is asked to', async () => {
    const demo = await startCommand(['demo', '--origin', 'https://a.example', '--origin', 'https://b.example']);
    const url = `ws://127.0.0.1:${demo.port}`;
    expect(await opens(url, 'https://a.example')).toBe(true);
    expect(await opens(url, 'https://b.example')).toBe(true);
    expect(await opens(url, 'https://c.example')).toBe(false);
    demo.signal('SIGTERM');
    expect(await demo.ended).toMatchObject({ code: 0, err: expect.stringMatching(/^draining …$/m) });
  });
});

/** Whether a page of that origin gets a WebSocket. */
function opens(url: string, origin: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url, ['v12.stomp'], { origin });
    socket.once('open', () => resolve(true)).once('error', () => resolve(false));
    socket.once('open', () => socket.close());
  });
}
