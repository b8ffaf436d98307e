// The connection of a command that calls or watches: if it is refused, with the options that may help.

import { AuthError } from '@sallyport/core';
import type { StompClient } from '@sallyport/core/client';
import { connect, connectOvirt, type NodeConnectOptions, type OvirtClient } from '@sallyport/node';
import type { ConnectionOptions } from './command.js';

/** Connects; a refused login rejects with an error that says what to look at. */
export async function open(url: URL, options: NodeConnectOptions): Promise<StompClient> {
  try {
    return await connect(url, options);
  } catch (error) {
    if (!(error instanceof AuthError)) throw error;
    throw new AuthError(error.code, `${error.message}: ${hint(options)}`);
  }
}

/** Connects to an oVirt host. A token of the environment is not for it. */
export function openHost(url: URL, options: ConnectionOptions): Promise<OvirtClient> {
  const { auth: _, ...others } = options;
  // What it refuses is no answer to anything: it would look as if nothing happened.
  const onError = (error: Error): void => console.error(`sallyport: ${error.message}`);
  return connectOvirt(url, { ...others, onError });
}

function hint({ auth, cert }: NodeConnectOptions): string {
  const { login, token } = typeof auth === 'object' ? auth : {};
  if (login !== undefined && token === undefined)
    return `check --login ${login} and the passcode (--passcode or SALLYPORT_PASSCODE)`;
  if (token !== undefined) return 'check the token (--token or SALLYPORT_TOKEN)';
  if (cert !== undefined) return 'the certificate of --cert does not let in';
  return 'say who you are, by --login and SALLYPORT_PASSCODE, by --token, or by --cert and --key';
}
