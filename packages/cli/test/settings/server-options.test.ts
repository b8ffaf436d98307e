// The options of `demo` and `serve`.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { UsageError } from '../../src/command.js';
import { readServerOptions, type ServerValues, withXmlRpcPath } from '../../src/settings/server-options.js';

const serving = { page: false, tls: false };

function read(values: ServerValues, defaults = serving) {
  return readServerOptions(values, defaults);
}

afterEach(() => void vi.unstubAllEnvs());

test('without any, a server for this machine', () => {
  expect(read({})).toMatchObject({ port: 54321, host: '127.0.0.1', insecure: false });
  expect(read({})).toMatchObject({ tls: undefined, access: undefined, page: undefined, allowedHosts: undefined });
});

test('what is made up for a demo is not for a server, unless it is asked for', () => {
  expect(read({}, { page: true, tls: true })).toMatchObject({ tls: { cert: undefined, required: false } });
  expect(read({ tls: 'required' })).toMatchObject({ tls: { cert: undefined, required: true } });
  expect(read({ page: true }).page).toBeDefined();
});

test('a login has its passcode from the command line or the environment', () => {
  expect(read({ login: 'ann', passcode: 'anns' }).access?.users).toMatchObject([{ name: 'ann', passcode: 'anns' }]);
  vi.stubEnv('SALLYPORT_PASSCODE', 'secret');
  expect(read({ login: 'ann' }).access?.users).toMatchObject([{ name: 'ann', passcode: 'secret' }]);
  expect(read({}).access).toBeUndefined();
});

test('certificates of clients let in; nobody comes in without one, unless there is a login', () => {
  const files = { cert: 'a', key: 'b', 'client-ca': 'ca' };
  expect(read(files)).toMatchObject({
    tls: { ca: { path: expect.stringMatching(/ca$/), by: '--client-ca' }, requestCert: true, rejectUnauthorized: true },
    access: { users: [], certified: {} },
  });
  expect(read({ ...files, login: 'ann', passcode: 'x' })).toMatchObject({ tls: { rejectUnauthorized: false } });
});

test('limits go where the server takes them', () => {
  expect(read({ limit: ['body=1000', 'leastGrace=0', 'heartBeatGrace=0.5', 'body=2000'] })).toMatchObject({
    limits: { body: 2000 },
    heartBeat: { leastGrace: 0, heartBeatGrace: 0.5 },
  });
});

test('the dialect has XML-RPC with it; --xml-rpc may stand alone', () => {
  expect(read({})).toMatchObject({ dialect: undefined, xmlRpc: undefined });
  expect(read({ dialect: 'ovirt' })).toMatchObject({ dialect: 'ovirt', xmlRpc: undefined });
  expect(read({ 'xml-rpc': '/xml' })).toMatchObject({ xmlRpc: '/xml' });
  expect(withXmlRpcPath(['--xml-rpc', '--port', '1'])).toEqual(['--xml-rpc=/RPC2', '--port', '1']);
  expect(withXmlRpcPath(['--port', '1', '--xml-rpc'])).toEqual(['--port', '1', '--xml-rpc=/RPC2']);
  expect(withXmlRpcPath(['--xml-rpc', '/xml'])).toEqual(['--xml-rpc', '/xml']);
});

describe('wrong is', () => {
  test.each<[ServerValues, RegExp]>([
    [{ dialect: 'vdsm' }, /--dialect: must be ovirt/],
    [{ 'xml-rpc': 'xml' }, /--xml-rpc: must be a path such as \/RPC2, not xml/],
    [{ 'xml-rpc': '/healthz' }, /--xml-rpc: at \/healthz there is something else/],
    [{ port: 'x' }, /--port must be a whole number/],
    [{ port: '65536' }, /--port must be at most 65535/],
    [{ login: 'ann' }, /--login ann needs a passcode: set SALLYPORT_PASSCODE/],
    [{ login: 'ann', passcode: '' }, /--passcode must not be empty/],
    [{ login: '', passcode: 'x' }, /--login must be a name/],
    [{ passcode: 'x' }, /--passcode needs --login NAME/],
    [{ cert: 'a' }, /--cert needs --key FILE/],
    [{ tls: 'yes' }, /--tls must be optional or required, not yes/],
    [{ 'client-ca': 'a' }, /--client-ca needs --cert and --key, or --tls/],
    [{ 'require-alpn': true }, /--require-alpn needs/],
    [{ 'server-name': ['a'] }, /--server-name needs/],
    [{ tls: 'optional', 'server-name': ['a b'] }, /--server-name: must be a DNS name such as/],
    [{ origin: ['a.example'] }, /--origin: must be an origin such as https:\/\/admin.example, or \*, not a.example/],
    [{ origin: ['https://a.example/page'] }, /--origin: must be/],
    [{ 'allow-host': ['https://a'] }, /--allow-host: must be a name/],
    [{ proxy: ['10.0.0.0/33'] }, /--proxy: must be an address such as/],
    [{ proxy: ['here'] }, /--proxy: must be/],
    [
      { limit: ['body'] },
      /--limit: must be a name and a number such as body=1000000, not body; known are headerLine, /,
    ],
    [{ limit: ['body=x'] }, /--limit: body must be a number, not x$/],
    [{ limit: ['body='] }, /--limit: body must be a number, not empty$/],
    [{ limit: ['bodies=x'] }, /--limit: there is no limit bodies; known are /],
    [{ limit: ['bodies=1'] }, /--limit: there is no limit bodies; known are headerLine, .*sniffTime.*leastHeartBeat/],
    [{ limit: ['body=0'] }, /--limit: body must be a whole number greater than 0, not 0/],
    [{ limit: ['body=1.5'] }, /--limit: body must be/],
    [{ limit: ['heartBeatGrace=11'] }, /--limit: heartBeatGrace must be a share from 0 to 10, not 11/],
    [{ limit: ['__proto__=1'] }, /there is no limit __proto__/],
  ])('%j', (values, message) => {
    expect(() => read(values)).toThrow(UsageError);
    expect(() => read(values)).toThrow(message);
  });
});
