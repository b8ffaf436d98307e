// Who may come in, and who may do what: what both questions are asked with. Both are asked on every protocol.

import { timingSafeEqual } from 'node:crypto';
import { AuthError } from '@sallyport/core';
import type { Origin, Session } from './session.js';

/** What somebody says of themselves. */
export interface Given {
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  readonly token?: string | undefined;
}

/** Whether nothing was said at all. */
export function isNothing({ login, passcode, token }: Given): boolean {
  return login === undefined && passcode === undefined && token === undefined;
}

/** What is known of somebody who wants in. Printing or copying it leaves `passcode` and `token` out. */
export interface Credentials extends Origin, Given {}

/** How long a login is good for. */
export interface LoginTerms {
  /** It ends at this time, a Date or milliseconds since 1970, unless it is renewed before. */
  expires(time: Date | number): void;
}

type Known<Principal> = Principal | undefined | null | false;

/** Returns who it is, which may be anything but undefined, null and false; those, and a throw, refuse. */
export type Authenticate<Principal = unknown> = (
  credentials: Credentials,
  terms: LoginTerms,
) => Known<Principal> | Promise<Known<Principal>>;

interface Wish<Principal> {
  /** What `authenticate` returned. */
  principal: Principal;
  session: Session;
}

/** What somebody wants to do: to be here at all, to call a method, or to use a destination. */
export type Access<Principal = unknown> =
  | (Wish<Principal> & { action: 'connect'; method?: undefined; destination?: undefined })
  | (Wish<Principal> & { action: 'call'; method: string; destination?: undefined })
  | (Wish<Principal> & { action: 'subscribe' | 'send' | 'serve'; destination: string; method?: undefined });

/** Anything but true refuses. */
export type Authorize<Principal = unknown> = (access: Access<Principal>) => boolean | Promise<boolean>;

/** Nobody is told why: that would help a stranger. */
export class Refusal extends AuthError {
  constructor(
    /** Whether the connection has had all its attempts (limits.loginFailures). */
    readonly isLast: boolean,
  ) {
    super('ERR_AUTH', 'access refused, wrong or missing credentials');
  }
}

/** Puts together what `authenticate` is told. The secrets can be read but are not enumerable: no log shows them by accident. */
export function credentialsOf(origin: Origin, { login, passcode, token }: Given): Credentials {
  const secrets = { passcode: { value: passcode }, token: { value: token } };
  return Object.defineProperties({ ...origin, login }, secrets) as Credentials;
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
  // Who serves several services is to know which of them it was.
  const what = access.action === 'serve' ? `serve ${access.destination}` : access.action;
  throw new AuthError('ERR_FORBIDDEN', `not allowed: ${what}`);
}

/**
 * Compares secrets in a time that does not tell how much of them was right. A secret that is empty or undefined, such as
 * an environment variable that was not set, is nobody's.
 */
export function sameSecret(given: string | undefined, secret: string | undefined): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(secret ?? '');
  // The comparison is made in any case, and its length depends on ours alone.
  const padded = Buffer.alloc(b.length);
  a.copy(padded);
  return timingSafeEqual(padded, b) && a.length === b.length && b.length > 0;
}

/**
 * An `authenticate` that knows these passcodes by login: `knownLogins({ ann: process.env.ANN })`. The principal is
 * `{ login }`. An unknown login takes as long as a known one.
 */
export function knownLogins(passcodes: Readonly<Record<string, string | undefined>>): Authenticate<{ login: string }> {
  const known = new Map(Object.entries(passcodes));
  return ({ login = '', passcode }) => {
    const isRight = sameSecret(passcode, known.get(login) ?? 'x'.repeat(16));
    return isRight && known.has(login) ? { login } : undefined;
  };
}

/** The credentials in an Authorization header (RFC 9110, 11.6.2): Basic or Bearer. */
export function readAuthorization(header: string | undefined): Given {
  // RFC 9110, section 11.4: one space or more.
  const [, scheme = '', value = ''] = /^(\S+)(?: +(\S*))?/.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return { token: value };
  if (scheme.toLowerCase() !== 'basic') return {};
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  return colon === -1 ? {} : { login: pair.slice(0, colon), passcode: pair.slice(colon + 1) };
}
