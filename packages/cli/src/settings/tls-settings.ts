// TLS as it is asked for: files, which are read at the start and again when they change.

import { readFile } from 'node:fs/promises';
import { type KeyPair, selfSigned, type ServerTlsOptions } from '@sallyport/node';
import { ConfigError } from './config-value.js';
import { certificateFault, pairFault } from './pem-files.js';

/** A file, and what named it: `--cert` or `tls.cert`. */
export interface NamedFile {
  path: string;
  by: string;
}

export interface TlsSettings {
  /** The certificate and its key; without them one is made up at the start. */
  cert?: NamedFile | undefined;
  key?: NamedFile | undefined;
  /** The authority that signs clients' certificates. */
  ca?: NamedFile | undefined;
  /** Whether clients are asked for one, where there is a `ca`. */
  requestCert: boolean;
  /** Whether plain connections are refused. */
  required: boolean;
  /** Whether those are refused in the handshake who have no certificate, where there is a `ca`. */
  rejectUnauthorized: boolean;
  serverNames?: readonly string[] | undefined;
  requireAlpn: boolean;
}

/** The files that TLS is made of. */
export function tlsFiles(settings: TlsSettings | undefined): string[] {
  return [settings?.cert, settings?.key, settings?.ca].flatMap((file) => (file === undefined ? [] : [file.path]));
}

/** Reads the files; throws ConfigError for what cannot be used. */
export async function readTls(settings: TlsSettings, madeUp?: KeyPair): Promise<ServerTlsOptions & { ca?: string }> {
  const { cert, key, ca, requestCert, rejectUnauthorized, required, serverNames, requireAlpn } = settings;
  const pair = cert && key ? await readPair(cert, key) : (madeUp ?? (await selfSigned()));
  const authority = ca && { ca: await readCertificate(ca), requestCert, rejectUnauthorized };
  return { ...pair, ...authority, required, serverNames: serverNames ?? [], requireAlpn };
}

async function readPair(cert: NamedFile, key: NamedFile): Promise<KeyPair> {
  const pair = { cert: await readCertificate(cert), key: await readNamed(key) };
  refuse(key, pairFault(pair.cert, pair.key, cert.path));
  return pair;
}

async function readCertificate(file: NamedFile): Promise<string> {
  const text = await readNamed(file);
  refuse(file, certificateFault(text));
  return text;
}

async function readNamed({ path, by }: NamedFile): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${by}: cannot read ${path}: ${(error as Error).message}`);
  }
}

function refuse({ path, by }: NamedFile, fault: string | undefined): void {
  if (fault !== undefined) throw new ConfigError(`${by}: ${path} ${fault}`);
}
