// What becomes of a running server when its settings are read again.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type KeyPair, selfSigned } from '@sallyport/node';
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { allRights } from '../../src/access/rights.js';
import { Users } from '../../src/access/users.js';
import { Reload } from '../../src/server/reload.js';
import type { Settings } from '../../src/settings/settings.js';

const ann = { name: 'ann', passcode: 'anns', rights: allRights };
const plain: Settings = {
  port: 1,
  host: '127.0.0.1',
  origins: [],
  limits: {},
  heartBeat: {},
  insecure: false,
  access: { users: [ann] },
};

let pairs: [KeyPair, KeyPair];

beforeAll(async () => {
  pairs = [await selfSigned(), await selfSigned()];
});

function setUp(settings: Settings) {
  const said: string[] = [];
  const session = { principal: undefined as unknown, close: vi.fn(() => Promise.resolve()) };
  const server = { sessions: new Set([session]) as never, reloadTls: vi.fn(), allow: vi.fn() };
  const users = settings.access && new Users(settings.access);
  let next: () => Promise<Settings> = () => Promise.resolve(settings);
  const say = (message: string): void => void said.push(message);
  const reload = new Reload({ server, users, settings, read: () => next(), say });
  const apply = async (read: Settings | Error): Promise<string> => {
    next = () => (read instanceof Error ? Promise.reject(read) : Promise.resolve(read));
    await reload.run();
    return said.splice(0).join('\n');
  };
  return { server, session, users, reload, apply };
}

function tlsOf(pair: KeyPair): NonNullable<Settings['tls']> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = (name: 'cert' | 'key') => {
    writeFileSync(join(folder, name), pair[name]);
    return { path: join(folder, name), by: `tls.${name}` };
  };
  const flags = { requestCert: false, rejectUnauthorized: false, required: false, requireAlpn: false };
  return { cert: file('cert'), key: file('key'), ...flags };
}

test('origins, hosts, users', async () => {
  const { server, session, users, apply } = setUp(plain);
  session.principal = await users!.authenticate({ login: 'ann', passcode: 'anns' } as never);
  const next = { ...plain, origins: ['https://a.example'], allowedHosts: ['a.example'] };
  expect(await apply(next)).toBe('changes have been applied');
  expect(server.allow).toHaveBeenLastCalledWith({
    origins: ['https://a.example'],
    allowedHosts: expect.arrayContaining(['a.example', 'localhost']),
  });
  expect(session.close).not.toHaveBeenCalled();
  await apply({ ...plain, access: { users: [] } });
  expect(session.close).toHaveBeenCalledTimes(1);
});

test('what is wrong is said, and changes nothing', async () => {
  const { server, reload, apply } = setUp(plain);
  expect(await apply(new Error('serve.json: users: must be an object'))).toBe(
    'nothing has been changed: serve.json: users: must be an object',
  );
  expect(server.allow).not.toHaveBeenCalled();
  expect(reload.settings).toBe(plain);
});

test('what takes a restart is named, and stays', async () => {
  const { reload, apply } = setUp(plain);
  const next = { ...plain, port: 2, host: '0.0.0.0', limits: { body: 1 }, tls: tlsOf(pairs[0]) };
  expect(await apply(next)).toBe('changes have been applied; port, host, limits, tls: only after a restart');
  expect(reload.settings).toMatchObject({ port: 1, limits: {}, tls: undefined });
  // Measured by where the server listens, not by where it would.
  expect(await apply({ ...next, access: { users: [], anonymous: allRights } })).toMatch(/^changes have been applied/);
});

test('a certificate and its key', async () => {
  const first = { ...plain, tls: tlsOf(pairs[0]) };
  const { server, apply } = setUp(first);
  expect(await apply({ ...plain, tls: tlsOf(pairs[1]) })).toBe('changes have been applied');
  expect(server.reloadTls).toHaveBeenCalledWith(expect.objectContaining({ cert: pairs[1].cert, key: pairs[1].key }));
  const mixed = { ...first.tls, cert: tlsOf(pairs[1]).cert };
  expect(await apply({ ...plain, tls: mixed })).toMatch(/^nothing has been changed: tls\.key: .* is not the key of/);
  const broken = tlsOf({ cert: 'x', key: 'y' });
  expect(await apply({ ...plain, tls: broken })).toMatch(/^nothing has been changed: tls\.cert: .* is no certificate/);
  expect(server.reloadTls).toHaveBeenCalledTimes(1);
});

test('beyond this machine not everybody may do everything, later neither', async () => {
  const { apply } = setUp({ ...plain, host: '0.0.0.0' });
  const next = { ...plain, host: '0.0.0.0', access: { users: [], anonymous: allRights } };
  expect(await apply(next)).toMatch(/^nothing has been changed: other machines reach 0\.0\.0\.0/);
});

test('asked for while it is at it, it is done once more', async () => {
  const { reload, server } = setUp(plain);
  const first = reload.run();
  // The one under way may have read before these were asked for; one more is enough for them all.
  await Promise.all([first, reload.run(), reload.run()]);
  expect(server.allow).toHaveBeenCalledTimes(2);
  await reload.run();
  expect(server.allow).toHaveBeenCalledTimes(3);
});
