// Close codes (RFC 6455, section 7.4.1): what the other side's mean to us, and which one tells it about an error of ours.

import { AuthError, ConnectionError, LimitError, ProtocolError, SallyportError } from '@sallyport/core';

/** Whether the other side took none of what waited for it. */
export function isStuck(reason: Error): boolean {
  return reason instanceof LimitError && reason.limit.startsWith('write');
}

/** The close code for an error, by what the other side should make of it. */
export function closeCode(reason: Error): number {
  if (isStuck(reason)) return 1013;
  // Text in a message that is none.
  if (reason instanceof ProtocolError && reason.code === 'ERR_UTF8') return 1007;
  if (reason instanceof ProtocolError) return 1002;
  if (reason instanceof LimitError) return 1009;
  if (reason instanceof AuthError) return 1008;
  return 1011;
}

/** What the close frame says of an error; others than ours might tell a secret. */
export function closeReason(reason: Error): string {
  return reason instanceof SallyportError ? String(reason.code) : '';
}

/** What the reader is told of the end: nothing after a normal closure, going away, and no code at all. */
export function endOf(code: number, reason: string, cause: unknown): ConnectionError | undefined {
  if (code === 1000 || code === 1001 || code === 1005) return undefined;
  const why = reason && `, ${reason}`;
  // What is too long for the other side is so each time, whatever the connection.
  const name = code === 1009 ? 'ERR_BODY' : 'ERR_CONNECTION_LOST';
  return new ConnectionError(name, `the WebSocket ended with close code ${code}${why}`, { cause });
}
