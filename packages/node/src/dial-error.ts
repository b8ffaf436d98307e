// Why a connection could not be made, in one line that says what to do. OpenSSL's own texts are for who wrote it.

import { ConnectionError } from '@sallyport/core';

export interface Dialled {
  /** Host and port, or the origin of a URL. */
  where: string;
  scheme: 'tcp' | 'tls' | 'ws' | 'wss';
  /** Whether we have a certificate of our own to show. */
  hasCert: boolean;
}

const others = { tcp: 'tls', tls: 'tcp', ws: 'wss', wss: 'ws' } as const;

/** What dialling rejects with. */
export function dialError(cause: Error, { where, scheme, hasCert }: Dialled): ConnectionError {
  const refused = certificateRefused(cause, where, hasCert);
  if (refused !== undefined) return refused;
  const what = describe(cause);
  if (isUntrusted(cause)) {
    const isOther = (cause as NodeJS.ErrnoException).code === 'ERR_TLS_CERT_ALTNAME_INVALID';
    const hint = isOther ? 'say the name it has by `servername`' : 'pass its authority as `ca`';
    const text = `the certificate of ${where} is not trusted: ${what}; ${hint}, or \`insecure: true\` to accept any certificate`;
    return new ConnectionError('ERR_TLS_CERTIFICATE', text, { cause });
  }
  const hint = scheme === 'tcp' ? '' : schemeHint(cause, scheme, hasCert);
  return new ConnectionError('ERR_CONNECT', `cannot connect to ${where}: ${what}${hint}`, { cause });
}

export function lateError(where: string, timeout: number): ConnectionError {
  const text = `${where} did not answer within ${timeout} ms (option \`dialTime\`)`;
  return new ConnectionError('ERR_CONNECT_TIMEOUT', text);
}

/** The alerts by which the other side says what it thinks of our certificate (RFC 8446, section 6.2). */
const ALERT =
  /alert (bad certificate|unsupported certificate|certificate \w+|unknown ca|access denied)|peer did not return a certificate/;

/** The error for an alert about our certificate, if it is one; in TLS 1.3 it comes when our own handshake is over. */
export function certificateRefused(cause: Error, where: string, hasCert = true): ConnectionError | undefined {
  const reason = reasonOf(cause) ?? '';
  const alert = ALERT.exec(reason)?.[1];
  // Before TLS 1.3 there was no alert of its own for who shows none (RFC 5246, section 7.4.6).
  const isHandshake = !hasCert && /alert handshake failure/.test(reason);
  if (alert === undefined && !isHandshake) return undefined;
  const isMissing = alert === 'certificate required' || (!hasCert && alert !== undefined);
  const text = isMissing
    ? `${where} asks for a client certificate: say it by \`cert\` and \`key\``
    : isHandshake
      ? `${where} ended the handshake without saying why; if it asks for a client certificate, say it by \`cert\` and \`key\``
      : `${where} does not take our certificate, \`cert\`: ${alert}`;
  return new ConnectionError('ERR_TLS_CLIENT_CERTIFICATE', text, { cause });
}

/** Whether it is we who do not trust the server; Node's texts for that all name the certificate. */
function isUntrusted(cause: Error): boolean {
  return reasonOf(cause) === undefined && /certificate|self.signed/i.test(cause.message);
}

/** The end of an error's text if the other side hung up on our first words, or answered a ClientHello by what is no TLS. */
function schemeHint(cause: Error, scheme: 'tls' | 'ws' | 'wss', hasCert: boolean): string {
  const isHangUp = /hang up|disconnected before|closed the connection|ECONNRESET/.test(cause.message);
  if (!isHangUp && !/wrong version number|packet length too long/.test(cause.message)) return '';
  const hint = `; if it takes ${scheme === 'ws' ? 'TLS only' : 'no TLS'}, connect by ${others[scheme]}://`;
  // Node's servers say nothing to a certificate that they do not know.
  return isHangUp && hasCert ? `; it may not take our certificate, \`cert\`${hint}` : hint;
}

/** What went wrong, in one line. */
export function describe(cause: Error): string {
  // A name with several addresses fails once for each; the error for all of them says nothing itself.
  if (cause instanceof AggregateError) return cause.errors.map((one: Error) => describe(one)).join(', ');
  return reasonOf(cause) ?? cause.message;
}

/** OpenSSL's reason, such as `wrong version number`: of its own errors a property, of others in the midst of the text. */
function reasonOf(cause: Error & { reason?: unknown }): string | undefined {
  if ('library' in cause && typeof cause.reason === 'string') return cause.reason;
  return /:error:[\dA-F]+:[^:]*:[^:]*:([^:]+):/.exec(cause.message)?.[1];
}
