// A URL becomes a client of the host behind it.

import { type ByteStream, ConnectionError } from '@sallyport/core';
import type { Contract } from '@sallyport/core/client';
import { placeOf } from '../../dial-url.js';
import { dialTcp, dialTls } from '../../dial.js';
import { checkOvirtOptions, type OvirtConnectOptions, ovirtSchemes } from './options.js';
import { OvirtClient } from './ovirt-client.js';

/**
 * Connects to the vdsm of a host by `ovirt+tls://` or `ovirt://`, port 54321 unless the URL has another, and keeps the
 * connection up. Rejects with ConnectionError if it cannot be reached or will not have us; with a TypeError for a wrong
 * option.
 */
export async function connectOvirt<Api extends Contract = Contract>(
  url: string | URL,
  options: OvirtConnectOptions = {},
): Promise<OvirtClient<Api>> {
  const address = new URL(url);
  checkOvirtOptions(options);
  if (!ovirtSchemes.includes(address.protocol))
    throw new TypeError(`connect: the URL must begin with ovirt+tls:// or ovirt://, not ${address.protocol}//`);
  const client = new OvirtClient<Api>(placeOf(address).host, () => dialHost(address, options), options);
  if (options.retryFirst !== true) await client.connected().catch((error: unknown) => refuse(address, error));
  return client;
}

/** Hosts close without a word; what may be the matter is said here. */
function refuse({ protocol, host }: URL, error: unknown): never {
  if (!(error instanceof ConnectionError)) throw error;
  const { code, message, cause, sent } = error;
  const isTls = protocol === 'ovirt+tls:';
  const told = (text: string): ConnectionError => new ConnectionError(String(code), text, { cause: error, sent });
  if ((cause as { code?: unknown } | undefined)?.code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    throw told(
      `the certificate of ${host} names another host; say which by \`servername\`, or \`anyHostname: true\` to accept any of its authority`,
    );
  if (code === 'ERR_CONNECTION_LOST') {
    const hint = isTls
      ? 'hosts do that to whom they do not trust: `cert` and `key` must be of an authority that they know'
      : 'if it takes TLS only, connect by ovirt+tls://';
    throw told(`${host} closed the connection without an answer to CONNECT; ${hint}`);
  }
  throw isTls && message.endsWith('tcp://') ? told(message.replace(/tcp:\/\/$/, 'ovirt://')) : error;
}

function dialHost(url: URL, options: OvirtConnectOptions): Promise<ByteStream> {
  const { ca, cert, key, servername, insecure, anyHostname, dialTime: timeout, clock, limits } = options;
  const common = {
    ...placeOf(url),
    ...(timeout !== undefined && { timeout }),
    ...(clock && { clock }),
    ...(limits && { limits }),
  };
  if (url.protocol === 'ovirt:') return dialTcp(common);
  return dialTls({
    ...common,
    ca,
    cert,
    key,
    ...(servername !== undefined && { servername }),
    rejectUnauthorized: insecure !== true,
    ...(anyHostname === true && { checkServerIdentity: () => undefined }),
  });
}
