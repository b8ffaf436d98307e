// Who may come in, and who may do what, by a table of users that may be replaced while the server runs.

import type { Clock } from '@sallyport/core';
import type { Access, Credentials, Origin, Session } from '@sallyport/node';
import type { Authority } from './authority.js';
import { PasscodeCheck } from './passcode-check.js';
import type { PasscodeHash } from './passcode-hash.js';
import { exceeds, mayDo, type Rights } from './rights.js';
import { hashToken } from './token-hash.js';

/** How a user is known: one of these is enough. */
export interface User {
  name: string;
  /** Hashed, as in a file, or plain, as on a command line. */
  passcode?: PasscodeHash | string | undefined;
  /** Hashed. */
  token?: string | undefined;
  /** The common name of the user's certificate, or its SHA-256 fingerprint. */
  certificate?: string | undefined;
  rights: Rights;
}

/** Everybody who may come in. */
export interface UserTable {
  users: readonly User[];
  /** What those may do who say nothing of themselves. Default: they do not come in. */
  anonymous?: Rights | undefined;
  /** What those may do who have a certificate of our authority, and are no user. Default: they do not come in by it. */
  certified?: Rights | undefined;
}

/** Who it is, as `authenticate` says it. */
export class Principal {
  constructor(
    /** The user's name; undefined is somebody who did not say. */
    readonly name: string | undefined,
    /** How they were known. */
    readonly by: 'passcode' | 'token' | 'certificate' | 'authority' | 'nothing',
    /** What was stored of that; when something else is stored, it is somebody else. */
    private readonly stored?: unknown,
  ) {}

  isStill(user: User | undefined): user is User {
    return user !== undefined && storedOf(user, this.by) === this.stored;
  }
}

/** What is known of a connection's certificate. */
type Certified = Pick<Origin, 'peerCertificate' | 'tls'>;

export class Users {
  /** Who signs certificates now; undefined while that is who has done it from the start. */
  private authority: Authority | undefined;
  private readonly passcodes: PasscodeCheck;
  /** By whose rights a session has subscribed, who it may no longer be: what it subscribed stays (rpc.authenticate). */
  private readonly subscribers = new WeakMap<object, Map<string, Principal>>();
  private byName = new Map<string, User>();
  private byToken = new Map<string, User>();
  private byCertificate = new Map<string, User>();

  constructor(
    private table: UserTable,
    options: { connectTime?: number | undefined; clock?: Clock } = {},
  ) {
    this.passcodes = new PasscodeCheck(options);
    this.index();
  }

  /** Whose credentials these are, if anybody's. What is given must be right, even though something else would do. */
  readonly authenticate = async (credentials: Credentials): Promise<Principal | undefined> => {
    const principal = await this.identify(credentials);
    // The table may be another one by now.
    return principal !== undefined && this.rightsOf(principal, credentials) !== undefined ? principal : undefined;
  };

  /** Asked at each action, so that what is taken from somebody is gone at once. */
  readonly authorize = (access: Access): boolean => {
    const rights = this.rightsOf(access.principal, access.session);
    const isAllowed = rights !== undefined && mayDo(rights, access);
    if (isAllowed && (access.action === 'subscribe' || access.action === 'serve')) this.remember(access);
    return isAllowed;
  };

  /**
   * Takes another table, and perhaps another authority. Returns those of the sessions that lose something by it: they must
   * end.
   */
  replace<Known extends Pick<Session, 'principal'> & Certified>(
    table: UserTable,
    sessions: Iterable<Known>,
    authority = this.authority,
  ): Known[] {
    const principalsOf = (session: Known): unknown[] => [
      session.principal,
      ...(this.subscribers.get(session)?.values() ?? []),
    ];
    const before = [...sessions].map((session) => ({
      session,
      each: principalsOf(session).map((principal) => ({ principal, rights: this.rightsOf(principal, session) })),
    }));
    this.table = table;
    this.authority = authority;
    this.index();
    const isLess = (before: Rights | undefined, now: Rights | undefined): boolean =>
      now === undefined || (before !== undefined && exceeds(before, now));
    return before
      .filter(({ session, each }) =>
        each.some(({ principal, rights }) => isLess(rights, this.rightsOf(principal, session))),
      )
      .map(({ session }) => session);
  }

  private remember({ session, principal }: Access): void {
    const { by, name = '' } = principal as Principal;
    let subscribers = this.subscribers.get(session);
    if (subscribers === undefined) this.subscribers.set(session, (subscribers = new Map()));
    subscribers.set(`${by} ${name}`, principal as Principal);
  }

  private index(): void {
    const { users } = this.table;
    const by = (field: 'name' | 'token' | 'certificate'): Map<string, User> =>
      new Map(users.flatMap((user) => (user[field] === undefined ? [] : [[user[field], user]])));
    this.byName = by('name');
    this.byToken = by('token');
    this.byCertificate = by('certificate');
    this.passcodes.forget(users);
  }

  private rightsOf(principal: unknown, certified: Certified): Rights | undefined {
    if (!(principal instanceof Principal)) return undefined;
    const { by } = principal;
    if (by === 'nothing') return this.table.anonymous;
    if ((by === 'certificate' || by === 'authority') && !this.isAccepted(certified)) return undefined;
    if (by === 'authority') return this.table.certified;
    const user = this.byName.get(principal.name!);
    return principal.isStill(user) ? user.rights : undefined;
  }

  /** Whether a certificate that TLS has verified when it came would still be. */
  private isAccepted({ peerCertificate, tls }: Certified): boolean {
    const { authority } = this;
    return authority === undefined || tls?.ca === authority.text || authority.accepts(peerCertificate);
  }

  private async identify(credentials: Credentials): Promise<Principal | undefined> {
    // Some clients always send a login and a passcode, empty where there is none.
    const login = credentials.login || undefined;
    const { token, passcode } = credentials;
    if (token) return asUser(this.byToken.get(hashToken(token)), 'token', login);
    if (passcode) return this.byPasscode(login, passcode, credentials.remoteAddress);
    const certified = this.identifyCertificate(credentials, login);
    if (certified !== undefined || login !== undefined) return certified;
    return this.table.anonymous && new Principal(undefined, 'nothing');
  }

  private async byPasscode(login = '', passcode: string, address: string): Promise<Principal | undefined> {
    const user = this.byName.get(login);
    // A user who is not there, or has no passcode, takes as long as one who has: else one could ask who there is.
    const isRight = await this.passcodes.check(user, passcode, address);
    return isRight ? asUser(user, 'passcode') : undefined;
  }

  private identifyCertificate(certified: Certified, login: string | undefined): Principal | undefined {
    const { peerCertificate: certificate } = certified;
    if (certificate === undefined || !this.isAccepted(certified)) return undefined;
    const { CN } = (certificate.subject ?? {}) as { CN?: unknown };
    // A subject with several common names is several people.
    const name = typeof CN === 'string' ? CN : undefined;
    const user =
      this.byCertificate.get(certificate.fingerprint256) ?? (name && this.byCertificate.get(name)) ?? undefined;
    if (user) return asUser(user, 'certificate', login);
    if (this.table.certified === undefined || name === undefined) return undefined;
    return login === undefined || login === name ? new Principal(name, 'authority') : undefined;
  }
}

function asUser(user: User | undefined, by: Principal['by'], login = user?.name): Principal | undefined {
  return user?.name === login && user !== undefined ? new Principal(user.name, by, storedOf(user, by)) : undefined;
}

function storedOf(user: User, by: Principal['by']): unknown {
  if (by === 'passcode') return typeof user.passcode === 'string' ? user.passcode : user.passcode?.text;
  return by === 'token' ? user.token : user.certificate;
}
