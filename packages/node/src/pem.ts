// Certificates and keys as options have them. OpenSSL takes some that can never do, and says of others only that a line is
// not what it expected; here the option is named.

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** Those of Node's TLS options that are looked at; what is no single text is Node's matter. */
export interface Pems {
  ca?: unknown;
  cert?: unknown;
  key?: unknown;
  passphrase?: unknown;
}

/** Throws a TypeError that names the option, such as `tls.key`, which is no PEM, or does not go with the other. */
export function checkPems({ ca, cert, key, passphrase }: Pems, of: string, prefix = ''): void {
  const fail = (text: string): never => {
    throw new TypeError(`${of}: option ${prefix}${text}`);
  };
  if (isText(ca) && !hasCertificate(ca)) fail('ca has no certificate in PEM');
  if (isText(cert) && !hasCertificate(cert)) fail('cert is no certificate in PEM');
  if (!isText(key)) return;
  const privateKey = keyOf(key, passphrase);
  if (privateKey === undefined)
    return fail(
      `key is no private key in PEM${passphrase === undefined ? ' without a passphrase' : ' of that passphrase'}`,
    );
  if (isText(cert) && !isPair(cert, privateKey)) fail(`key is not the key of ${prefix}cert`);
}

function isText(value: unknown): value is string | Buffer {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function hasCertificate(text: string | Buffer): boolean {
  return /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(String(text));
}

function keyOf(key: string | Buffer, passphrase: unknown): KeyObject | undefined {
  try {
    return createPrivateKey({ key, ...(typeof passphrase === 'string' && { passphrase }) });
  } catch {
    return undefined;
  }
}

/** Of a certificate that cannot be read here Node says what is wrong. */
function isPair(cert: string | Buffer, key: KeyObject): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(key);
  } catch {
    return true;
  }
}
