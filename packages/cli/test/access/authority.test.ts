// Which certificates another authority takes over.

import { X509Certificate } from 'node:crypto';
import type { ClientCertificate } from '@sallyport/node';
import { expect, test } from 'vitest';
import { Authority } from '../../src/access/authority.js';
import { certificatesIn } from '../../src/settings/pem-files.js';
import { authority, client, type Issued } from '../fixtures/certificates.js';

const [old, other] = await Promise.all([authority('one'), authority('two')]);
// The name is that of the old one, and nothing else is.
const impostor = await authority('one');
const between = await authority('between', old);
const [ann, bob] = await Promise.all([client('ann', old), client('bob', between)]);

/** As Node describes it. */
function described({ cert, name }: Issued): ClientCertificate {
  const { raw, fingerprint256 } = new X509Certificate(cert);
  return { subject: { CN: name }, fingerprint256, raw };
}

test.each<[string, Issued[], Issued, boolean]>([
  ['who has signed it', [old], ann, true],
  ['another one', [other], ann, false],
  ['one of the same name', [impostor], ann, false],
  ['several, it among them', [other, impostor, old], ann, true],
  ['the one above who has signed it', [between, old], bob, true],
  ['who has signed it, without the one above', [between], bob, false],
  ['the one above, without who has signed it: that is not known', [old], bob, false],
  ['itself, if it is one', [old], old, true],
  ['nobody', [other], old, false],
  ['a client is no authority', [ann], ann, false],
])('%s', (_, by, one, isAccepted) => {
  const own = new Authority(by.map(({ cert }) => cert).join('some words in between\n'));
  const certificate = described(one);
  expect([own.accepts(certificate), own.accepts(certificate)]).toEqual([isAccepted, isAccepted]);
});

test('who has shown none, or one that is not known whole, is not accepted', () => {
  const own = new Authority(old.cert);
  expect(own.accepts(undefined)).toBe(false);
  expect(own.accepts({ ...described(ann), raw: undefined })).toBe(false);
});

test.each(['', 'x', `${old.cert}\n${other.cert.replace(/^MI/m, 'xx')}`])(
  'what is no certificate is said: %#',
  (text) => {
    expect(() => certificatesIn(text)).toThrow();
  },
);
