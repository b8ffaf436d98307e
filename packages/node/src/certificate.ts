// A self-signed certificate for trying things out on one machine.

import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

export interface SelfSignedOptions {
  /** Host names and addresses. Default localhost, 127.0.0.1 and ::1. */
  names?: readonly string[];
  /** How long it is valid, days. Default 397, the most that browsers accept. */
  days?: number;
}

/** A certificate and its key, both PEM, the way Node's tls options take them. */
export interface KeyPair {
  cert: string;
  key: string;
}

const DAY = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes a new key and a certificate signed with it; clients trust it only if they are given it as `ca`. */
export async function selfSigned(options: SelfSignedOptions = {}): Promise<KeyPair> {
  const { names = ['localhost', '127.0.0.1', '::1'], days = 397 } = options;
  // Loaded only here: a server that has a certificate starts without it.
  const x509 = await import('@peculiar/x509');
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: [{ CN: [names[0] ?? 'localhost'] }],
      // Clocks differ.
      notBefore: new Date(Date.now() - DAY),
      notAfter: new Date(Date.now() + (days - 1) * DAY),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
      ],
    },
    webcrypto as unknown as Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[1],
  );
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key };
}

/** Positive, and never twice the same (RFC 5280, section 4.1.2.2). */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}
