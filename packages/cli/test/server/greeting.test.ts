import { expect, test } from 'vitest';
import { greeting } from '../../src/server/greeting.js';
import { readServerOptions, type ServerValues } from '../../src/settings/server-options.js';

const files = { cert: 'cert.pem', key: 'key.pem', 'client-ca': 'ca.pem' };

test.each<[ServerValues, string[]]>([
  [{}, ['tcp:', 'ws:', 'http:']],
  [{ tls: 'optional' }, ['tcp:', 'tls:', 'ws:', 'wss:', 'http:']],
  [{ tls: 'required' }, ['tls:', 'wss:', 'https:']],
  // Nobody has a certificate to show on a plain connection; a passcode may be said there.
  [files, ['tls:', 'wss:', 'https:']],
  [{ ...files, login: 'ann', passcode: 'sesame' }, ['tcp:', 'tls:', 'ws:', 'wss:', 'http:']],
])('%j: the ways in that somebody can take', (values, schemes) => {
  const settings = readServerOptions(values, { page: false, tls: false });
  const text = greeting({ host: '127.0.0.1', port: 1234 }, settings);
  expect(text.match(/\w+:(?=\/\/)/g)).toEqual(schemes);
});
