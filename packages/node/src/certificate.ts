// A self-signed certificate for trying things out on one machine. Written by hand, because Node can read certificates
// but not make them, and what there is for it brings a tree of packages and a changed global.

import { generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { bitString, boolean, context, integer, objectIdentifier, octetString } from './der.js';
import { pem, sequence, set, time, utf8String } from './der.js';

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
const COMMON_NAME = '2.5.4.3';
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
/** TLS servers, and clients: a trial of client certificates needs no other tool. */
const USES = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];

/** Makes a new key and a certificate signed with it; clients trust it only if they are given it as `ca`. */
export async function selfSigned(options: SelfSignedOptions = {}): Promise<KeyPair> {
  const { names = ['localhost', '127.0.0.1', '::1'], days = 397 } = options;
  const keys = await promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier(ECDSA_WITH_SHA256));
  const content = certificateContent(names, days, algorithm, keys.publicKey);
  const signature = bitString(sign('sha256', content, keys.privateKey));
  return {
    cert: pem('CERTIFICATE', sequence(content, algorithm, signature)),
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** What is signed: TBSCertificate (RFC 5280, section 4.1). */
function certificateContent(names: readonly string[], days: number, algorithm: Buffer, key: KeyObject): Buffer {
  const commonName = sequence(objectIdentifier(COMMON_NAME), utf8String(names[0] ?? 'localhost'));
  const name = sequence(set(commonName));
  // Clocks differ, so it begins yesterday.
  const begin = Date.now() - DAY;
  return sequence(
    context(0, true, integer(Uint8Array.of(2))), // Version 3
    integer(serialNumber()),
    algorithm,
    name, // The issuer, and
    sequence(time(new Date(begin)), time(new Date(begin + days * DAY))),
    name, // the subject are the same.
    key.export({ type: 'spki', format: 'der' }),
    context(3, true, sequence(...extensions(names))),
  );
}

/** RFC 5280, section 4.2.1. */
function extensions(names: readonly string[]): Buffer[] {
  const digitalSignature = bitString(Uint8Array.of(0x80), 7);
  return [
    extension('2.5.29.19', true, sequence()), // Basic constraints: it signs no others.
    extension('2.5.29.15', true, digitalSignature), // Key usage
    extension('2.5.29.37', false, sequence(...USES.map(objectIdentifier))), // Extended key usage
    extension('2.5.29.17', false, sequence(...names.map(alternativeName))),
  ];
}

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 0 ? context(2, false, Buffer.from(name)) : context(7, false, addressBytes(name));
}

/** The 4 or 16 bytes of an address. */
function addressBytes(address: string): Uint8Array {
  if (isIP(address) === 4) return Uint8Array.from(address.split('.').map(Number));
  // Normalized: without dotted parts, `::` once at most.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const after = groups(tail ?? '');
  const before = groups(head);
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return Uint8Array.from([...before, ...zeros, ...after].flatMap((group) => [group >> 8, group & 0xff]));
}

/** Positive, and never twice the same (RFC 5280, section 4.1.2.2). */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes;
}
