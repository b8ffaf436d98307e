// Who may come in, and who may do what. Both questions are asked on every protocol.

import { timingSafeEqual } from 'node:crypto';
import { AuthError } from '@sallyport/core';
import type { Origin, Session } from './session.js';

/** What is known of somebody who wants in. */
export interface Credentials extends Origin {
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  readonly token?: string | undefined;
}

/** Returns who it is, which may be anything but undefined, null and false; those, and a throw, refuse. */
export type Authenticate = (credentials: Credentials) => unknown;

/** What somebody wants to do. */
export type Access =
  | { principal: unknown; session: Session; action: 'call'; method: string }
  | { principal: unknown; session: Session; action: 'subscribe' | 'send' | 'serve'; destination: string };

/** Anything but true refuses. */
export type Authorize = (access: Access) => boolean | Promise<boolean>;

/** Asks `authenticate`; throws AuthError ERR_AUTH for a refusal, without saying why: that would help a stranger. */
export async function admit(authenticate: Authenticate | undefined, credentials: Credentials): Promise<unknown> {
  if (authenticate === undefined) return undefined;
  let principal: unknown;
  try {
    principal = await authenticate(credentials);
  } catch {
    principal = undefined;
  }
  if (principal !== undefined && principal !== null && principal !== false) return principal;
  throw new AuthError('ERR_AUTH', 'access refused: wrong or missing credentials');
}

/** Asks `authorize`; throws AuthError ERR_FORBIDDEN for a refusal. Returns nothing if there is nothing to wait for. */
export function permit(authorize: Authorize | undefined, access: Access): Promise<void> | undefined {
  if (authorize === undefined) return undefined;
  const verdict = authorize(access);
  if (typeof verdict === 'object') return verdict.then((allowed) => decide(allowed, access));
  decide(verdict, access);
  return undefined;
}

function decide(allowed: boolean, access: Access): void {
  if (allowed === true) return;
  throw new AuthError('ERR_FORBIDDEN', `not allowed: ${access.action}`);
}

/** Compares secrets in a time that does not tell how much of them was right. */
export function sameSecret(given: string | undefined, secret: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(secret);
  // The comparison is made in any case, and its length depends on ours alone.
  const padded = Buffer.alloc(b.length);
  a.copy(padded);
  return timingSafeEqual(padded, b) && a.length === b.length;
}

/** The credentials in an Authorization header (RFC 9110, 11.6.2): Basic or Bearer. */
export function readAuthorization(header: string | undefined): Pick<Credentials, 'login' | 'passcode' | 'token'> {
  const [scheme = '', value = ''] = (header ?? '').split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return { token: value };
  if (scheme.toLowerCase() !== 'basic') return {};
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon === -1 ? {} : { login: pair.slice(0, colon), passcode: pair.slice(colon + 1) };
}
