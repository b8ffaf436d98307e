// A self-signed certificate for trying things out on one machine.

import { isIP } from 'node:net';

/** What a made-up certificate says. */
export interface SelfSignedOptions {
  /** Host names and addresses. Default localhost, 127.0.0.1 and ::1. */
  names?: readonly string[];
  /** How long it is valid, days. Default 397, the most that browsers accept. */
  days?: number;
}

/** A certificate and its key, both PEM, the way Node's tls options take them. */
export interface KeyPair {
  /** The certificate. */
  cert: string;
  /** Its private key. */
  key: string;
}

const DAY = 86_400_000;

/** Makes a new key and a certificate signed with it; clients trust it only if they are given it as `ca`. */
export async function selfSigned(options: SelfSignedOptions = {}): Promise<KeyPair> {
  const { names = ['localhost', '127.0.0.1', '::1'], days = 397 } = options;
  // Loaded only here: a server that has a certificate starts without it.
  const { generate } = await import('selfsigned');
  // Clocks differ, so it begins yesterday.
  const begin = Date.now() - DAY;
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(begin),
    notAfterDate: new Date(begin + days * DAY),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // Clients too: a trial of client certificates needs no other tool.
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: names.map(alternativeName) },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** The types of alternative names (RFC 5280, section 4.2.1.6). */
function alternativeName(name: string): { type: 2; value: string } | { type: 7; ip: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}
