// The configuration file: what it may say, and how it is told where it is wrong.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { allRights } from '../../src/access/rights.js';
import { hashToken } from '../../src/access/token-hash.js';
import { parseConfig, readConfig } from '../../src/settings/config.js';
import { ConfigError } from '../../src/settings/config-value.js';

const hash = `$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;
const token = hashToken('token');
const everybody = { anonymous: { rights: 'all' } };

function parse(config: unknown) {
  return parseConfig(JSON.stringify(config), '/etc/sallyport');
}

describe('a file', () => {
  test('that says little has the defaults of the command', () => {
    expect(parse(everybody)).toMatchObject({
      port: 54321,
      host: '127.0.0.1',
      origins: [],
      limits: {},
      heartBeat: {},
      insecure: false,
      access: { users: [], anonymous: allRights },
    });
  });

  test('says everything', () => {
    const settings = parse({
      port: 0,
      host: '0.0.0.0',
      tls: {
        cert: 'a.pem',
        key: '/b.pem',
        ca: 'ca.pem',
        required: true,
        serverNames: ['A.example'],
        requireAlpn: true,
      },
      origins: ['https://a.example', '*'],
      allowedHosts: ['a.example:8080', '::1'],
      proxies: ['10.0.0.0/8', '::1'],
      limits: { body: 1000, heartBeatGrace: 0.5, leastHeartBeat: 500 },
      heartBeat: { outgoing: 5000 },
      page: 'page',
      insecure: true,
      users: {
        ann: { passcode: hash, rights: 'all' },
        bot: {
          token,
          certificate: Array(32).fill('ab').join(':'),
          rights: {
            call: ['host.*', 'disks'],
            subscribe: ['/topic/host.#', '/queue/work'],
            send: 'all',
            serve: ['disks'],
          },
        },
        eve: { certificate: 'eve' },
      },
    });
    expect(settings).toMatchObject({
      port: 0,
      tls: {
        cert: { path: '/etc/sallyport/a.pem', by: 'tls.cert' },
        key: { path: '/b.pem' },
        ca: { path: '/etc/sallyport/ca.pem' },
        requestCert: true,
        rejectUnauthorized: false,
        required: true,
        serverNames: ['a.example'],
        requireAlpn: true,
      },
      allowedHosts: ['a.example:8080', '[::1]'],
      limits: { body: 1000 },
      heartBeat: { heartBeat: { outgoing: 5000 }, heartBeatGrace: 0.5, leastHeartBeat: 500 },
      page: '/etc/sallyport/page',
    });
    const [ann, bot, eve] = settings.access!.users;
    expect(ann).toMatchObject({ name: 'ann', rights: allRights });
    expect(bot).toMatchObject({ token, certificate: Array(32).fill('AB').join(':') });
    expect(bot!.rights).toEqual({
      call: [['host', '*'], ['disks']],
      subscribe: [
        ['topic', 'host', '#'],
        ['queue', 'work'],
      ],
      send: 'all',
      serve: [['disks']],
    });
    expect(eve!.rights).toEqual({ call: [], subscribe: [], send: [], serve: [] });
  });

  test('says which dialect and where XML-RPC is spoken, and then rights have its destinations', () => {
    expect(parse({ ...everybody, dialect: 'ovirt', xmlRpc: false })).toMatchObject({ dialect: 'ovirt', xmlRpc: false });
    const dialect = { name: 'ovirt', requests: ['a.requests'], events: 'a.events' };
    expect(parse({ ...everybody, dialect, xmlRpc: '/xml' })).toMatchObject({ dialect, xmlRpc: '/xml' });
    const { access } = parse({
      dialect: 'ovirt',
      anonymous: { rights: { subscribe: ['jms.queue.events', '/topic/a'], send: ['jms.#'] } },
    });
    expect(access!.anonymous).toMatchObject({
      subscribe: [
        ['ovirt', 'jms', 'queue', 'events', '#'],
        ['topic', 'a'],
      ],
      send: [['ovirt', 'jms', '#']],
    });
  });

  test.each<[unknown, string]>([
    [{ ...everybody, dialect: 'rhev' }, 'dialect: must be ovirt, which is the only one there is, not rhev'],
    [{ ...everybody, dialect: {} }, 'dialect: name is missing: "ovirt"'],
    [{ ...everybody, dialect: { name: 'ovirt', events: '/topic/a' } }, 'dialect.events: must be a name such as'],
    [{ ...everybody, dialect: { name: 'ovirt', event: 'a' } }, 'dialect.event: is unknown; did you mean events?'],
    [{ ...everybody, xmlRpc: 'RPC2' }, 'xmlRpc: must be a path such as /RPC2, not RPC2'],
    [{ ...everybody, xmlRpc: '/rpc' }, 'xmlRpc: at /rpc there is something else; take another path'],
    [{ dialect: 'ovirt', anonymous: { rights: { send: ['topic/a'] } } }, 'send[0]: must begin with /topic/ or /queue/'],
    [{ dialect: 'ovirt', anonymous: { rights: { send: ['a..b'] } } }, 'send[0]: a topic has no empty tokens'],
    [[], 'must be an object'],
    [{}, 'nobody could come in: name users, or say "anonymous": { "rights": "all" } if everybody may do everything'],
    [{ user: {} }, 'user: is unknown; did you mean users?'],
    [{ bananas: {} }, 'bananas: is unknown; known are port, host, tls,'],
    [{ ...everybody, port: 65_536 }, 'port: must be a number from 0 to 65535'],
    [{ ...everybody, port: 1.5 }, 'port: must be a whole number'],
    [{ ...everybody, port: '80' }, 'port: must be a number'],
    [{ ...everybody, host: '' }, 'host: must be a text, not empty'],
    [{ ...everybody, tls: {} }, 'tls: cert is missing: the file of a certificate'],
    [{ ...everybody, tls: { cert: 'a' } }, 'tls: key is missing: the file of the key of cert'],
    [{ ...everybody, tls: { cert: 'a', key: 'b', requestCert: true } }, 'tls.requestCert: needs ca'],
    [
      { ...everybody, tls: { cert: 'a', key: 'b', serverNames: ['10.0.0.1'] } },
      'tls.serverNames[0]: must be a DNS name',
    ],
    [{ ...everybody, origins: 'https://a' }, 'origins: must be a list'],
    [
      { ...everybody, origins: ['*', 'a.example'] },
      'origins[1]: must be an origin such as https://admin.example, or *',
    ],
    [{ ...everybody, allowedHosts: ['http://a'] }, 'allowedHosts[0]: must be a name'],
    [{ ...everybody, proxies: ['10.0.0.0/33'] }, 'proxies[0]: must be an address'],
    [{ ...everybody, limits: { bodies: 1 } }, 'limits.bodies: there is no limit bodies; known are headerLine,'],
    [{ ...everybody, limits: { body: 0 } }, 'limits.body: body must be a whole number greater than 0'],
    [{ ...everybody, limits: { body: '1' } }, 'limits.body: must be a number'],
    [{ ...everybody, heartBeat: { out: 1 } }, 'heartBeat.out: is unknown; known are outgoing, incoming'],
    [{ ...everybody, page: 1 }, 'page: must be a text'],
    [{ ...everybody, insecure: 'yes' }, 'insecure: must be true or false'],
    [{ anonymous: {}, users: [] }, 'users: must be an object'],
    [{ users: { ann: {} } }, 'users.ann: has no passcode, token or certificate'],
    [{ users: { 'ann@a': {} } }, 'users["ann@a"]: has no passcode'],
    [{ users: { ann: { password: 'x' } } }, 'users.ann.password: is unknown; known are passcode,'],
    [{ users: { ann: { passcode: 'my secret' } } }, 'users.ann.passcode: must be a hash, not the passcode itself'],
    [{ users: { ann: { passcode: '$scrypt$x' } } }, 'users.ann.passcode: is no scrypt hash'],
    [{ users: { ann: { token: 'my token' } } }, 'users.ann.token: must be a hash: `sallyport passcode --token`'],
    [{ users: { ann: { token }, bob: { token } } }, 'users: ann and bob have the same token'],
    [{ users: { ann: { certificate: 'ann' } } }, 'users.ann.certificate: needs tls.ca'],
    [
      { users: { ann: { token, rights: 'some' } } },
      'users.ann.rights: must be "all" or an object with call, subscribe',
    ],
    [{ users: { ann: { token, rights: { read: [] } } } }, 'users.ann.rights.read: is unknown'],
    [{ users: { ann: { token, rights: { call: 'host' } } } }, 'users.ann.rights.call: must be a list'],
    [{ users: { ann: { token, rights: { call: [1] } } } }, 'users.ann.rights.call[0]: must be a text'],
    [
      { users: { ann: { token, rights: { call: ['a..b'] } } } },
      'users.ann.rights.call[0]: a topic has no empty tokens',
    ],
    [
      { users: { ann: { token, rights: { call: ['a', '#.b'] } } } },
      'users.ann.rights.call[1]: # stands only at the end',
    ],
    [{ users: { ann: { token, rights: { call: ['/queue/a'] } } } }, 'rights.call[0]: must be the name of a method or'],
    [{ users: { ann: { token, rights: { send: ['host.*'] } } } }, 'rights.send[0]: must begin with /topic/ or /queue/'],
    [{ users: { ann: { token, rights: { send: ['/queue/rpc.a'] } } } }, 'rights.send[0]: the queues of requests go by'],
    [{ anonymous: { rights: { serve: [''] } } }, 'anonymous.rights.serve[0]: must be a text, not empty'],
  ])('%j: %s', (config, message) => {
    let said: unknown;
    try {
      parse(config);
    } catch (error) {
      said = error;
    }
    expect(said).toBeInstanceOf(ConfigError);
    expect((said as Error).message).toContain(message);
    // A passcode that somebody wrote down by mistake must not come into a log, too.
    expect((said as Error).message).not.toMatch(/my secret|my token/);
  });

  test('that is none is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'serve.json');
    await expect(readConfig(file)).rejects.toThrow(/cannot read the configuration: .*serve\.json/);
    writeFileSync(file, '{ "port": }');
    await expect(readConfig(file)).rejects.toThrow(/serve\.json: is no JSON: /);
    writeFileSync(file, '{ "port": -1 }');
    await expect(readConfig(file)).rejects.toThrow(/serve\.json: /);
  });
});

test('the one in README.md is right', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const [, text = ''] = /```json\n([^`]+)```/.exec(readme) ?? [];
  const { access } = parseConfig(text, '/etc/sallyport');
  expect(access?.users.map(({ name }) => name)).toEqual(['alice', 'node7', 'monitor']);
});
