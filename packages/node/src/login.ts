// Logging in, whatever the protocol: asks `authenticate`, then whether the principal may be here at all, within a time.
// A refusal comes late and says nothing; after so many of them a connection has had all its attempts.

import { type Alarm, type Clock, ConnectionError, systemClock, TimeoutError } from '@sallyport/core';
import { type Authenticate, type Authorize, credentialsOf, type Given, Refusal } from './access.js';
import { defaultServerLimits, type ServerLimits } from './limits.js';
import { LoginPace, type Turn } from './login-pace.js';
import { RefusedLogins } from './refused-logins.js';
import type { Origin, Session } from './session.js';

export interface LoginOptions {
  authenticate?: Authenticate | undefined;
  authorize?: Authorize | undefined;
  limits?: Partial<ServerLimits> | undefined;
  /** What deadlines are measured by. Default: the machine's. */
  clock?: Clock | undefined;
  /** Milliseconds since 1970, for when logins and messages expire. Default `Date.now`. */
  wallClock?: (() => number) | undefined;
  /** Told when `authenticate` or `authorize` throws, without what it threw: that might name a secret. */
  onError?: ((error: Error, method: string) => void) | undefined;
  /**
   * Told of each kind of connection that was refused, once; and of refused logins, with name, address and protocol: at most
   * one line a second, which sums them up when they are many. Never of passcodes or tokens. Default: nobody.
   */
  log?: ((level: 'info' | 'warn', message: string) => void) | undefined;
}

/** Who was let in. */
export interface Login {
  readonly principal: unknown;
  /** When it ends unless it is renewed, milliseconds since 1970. */
  readonly expires: number | undefined;
}

/** What the attempts of one connection add up to. */
export class Door {
  failures = 0;
  /** How many are under way. */
  attempts = 0;
}

/** Somebody at the door. */
export interface Attempt {
  readonly door: Door;
  readonly session: Session;
  readonly origin: Origin;
  readonly given: Given;
  /** Aborted when the connection is gone. */
  readonly gone: AbortSignal;
  /** Aborted when it will say nothing more, though it may still listen. */
  readonly ended: AbortSignal;
  /** Nothing was claimed, so nothing can be guessed by it: a refusal comes at once. */
  readonly isClaimless?: boolean;
  /** It is no failure of the connection. */
  readonly isFree?: boolean;
  /** From when its time counts, by the clock. Default: now. */
  readonly opened?: number;
}

export class Logins {
  private readonly clock: Clock;
  private readonly wallClock: () => number;
  private readonly limits: ServerLimits;
  private readonly pace: LoginPace;
  /** Those of all attempts under way. */
  private readonly alarms = new Set<Alarm>();
  private readonly refused: RefusedLogins | undefined;

  constructor(private readonly options: LoginOptions) {
    this.clock = options.clock ?? systemClock;
    this.wallClock = options.wallClock ?? Date.now;
    this.limits = { ...defaultServerLimits, ...options.limits };
    this.pace = new LoginPace(this.clock, this.limits.loginPause, this.limits.loginFailures);
    this.refused = options.log && new RefusedLogins(this.clock, options.log);
  }

  /**
   * Lets somebody in. Rejects with {@link Refusal}, with TimeoutError ERR_CONNECT_TIME if that could not be decided in
   * time, with ConnectionError if the connection was lost meanwhile.
   */
  async admit(attempt: Attempt): Promise<Login> {
    const { authenticate, authorize } = this.options;
    if (authenticate === undefined && authorize === undefined) return { principal: undefined, expires: undefined };
    const { door } = attempt;
    // As many as there may be calls: by HTTP one connection can ask again and again before it is answered.
    if (door.attempts >= this.limits.calls) {
      this.refused?.add(attempt.origin, attempt.given);
      throw new Refusal(true);
    }
    door.attempts++;
    try {
      return await this.decide(attempt);
    } finally {
      door.attempts--;
    }
  }

  /** Keeps nobody waiting any more. */
  close(): void {
    this.pace.close();
    this.refused?.close();
    for (const alarm of this.alarms) alarm.cancel();
  }

  private decide(attempt: Attempt): Promise<Login> {
    const { gone, opened = this.clock.now() } = attempt;
    const giveUp = new AbortController();
    let turn: Turn | undefined;
    return new Promise((resolve, reject) => {
      const decided = (): void => {
        alarm.cancel();
        this.alarms.delete(alarm);
      };
      const left = opened + this.limits.connectTime - this.clock.now();
      const alarm = this.clock.after(left, () => {
        decided();
        giveUp.abort();
        turn?.leave();
        reject(this.late());
      });
      this.alarms.add(alarm);
      const lost = (): void => {
        // A turn that has begun goes on: else leaving and coming back would be a way around the pause.
        if (turn === undefined) decided();
        giveUp.abort();
        reject(new ConnectionError('ERR_CONNECTION_LOST', 'the connection ended before its login was decided'));
      };
      gone.addEventListener('abort', lost, { once: true });
      const look = async (): Promise<Login> => {
        if (attempt.isClaimless !== true) turn = await this.enter(attempt, giveUp.signal, lost);
        if (giveUp.signal.aborted) {
          turn?.leave();
          throw this.late();
        }
        const login = await this.ask(attempt);
        decided();
        if (login === undefined) return this.refuse(attempt, turn);
        turn?.admitted();
        return login;
      };
      if (gone.aborted) return lost();
      void look()
        .finally(() => gone.removeEventListener('abort', lost))
        .then(resolve, reject);
    });
  }

  /** Who says nothing more while it waits is taken for gone: a connection that was reset may look like that. */
  private async enter({ origin, ended }: Attempt, givenUp: AbortSignal, lost: () => void): Promise<Turn> {
    const entered = this.pace.enter(origin.remoteAddress, givenUp);
    if (!(entered instanceof Promise)) return entered;
    if (ended.aborted) lost();
    else ended.addEventListener('abort', lost, { once: true });
    const turn = await entered;
    ended.removeEventListener('abort', lost);
    return turn;
  }

  private async refuse({ door, isFree, isClaimless, origin, given }: Attempt, turn?: Turn): Promise<never> {
    if (isFree !== true) door.failures++;
    // Who claims nothing asks what there is to claim.
    if (isClaimless !== true) this.refused?.add(origin, given);
    const isLast = door.failures >= this.limits.loginFailures;
    await turn?.refused();
    throw new Refusal(isLast);
  }

  private late(): TimeoutError {
    const { connectTime } = this.limits;
    const text = `authenticate had not answered within ${connectTime} ms, its turn included (limits.connectTime)`;
    return new TimeoutError('ERR_CONNECT_TIME', text);
  }

  /** Who it is, if that is known and may be here. */
  private async ask({ origin, session, given }: Attempt): Promise<Login | undefined> {
    const { authenticate, authorize } = this.options;
    let expires: number | undefined;
    const terms = { expires: (time: Date | number) => void (expires = timeOf(time)) };
    let asked = 'authenticate';
    try {
      const principal = await authenticate?.(credentialsOf(origin, given), terms);
      const isUnknown = principal === undefined || principal === null || principal === false;
      if (authenticate !== undefined && isUnknown) return undefined;
      if (expires !== undefined && expires <= this.wallClock()) return undefined;
      asked = 'authorize';
      const isWelcome =
        authorize === undefined || (await authorize({ principal, session, action: 'connect' })) === true;
      return isWelcome ? { principal, expires } : undefined;
    } catch (error) {
      this.tell(error, asked);
      return undefined;
    }
  }

  private tell(thrown: unknown, asked: string): void {
    const name = thrown instanceof Error ? thrown.constructor.name : typeof thrown;
    // A stack begins with the message.
    const stack = thrown instanceof Error ? thrown.stack?.replace(thrown.message, '') : undefined;
    const place = /\n\s+(at [^\n]*)/.exec(stack ?? '')?.[1];
    const text = `${asked} threw ${name} ${place ?? ''}: refused; what it said is left out, since it may name a secret`;
    try {
      this.options.onError?.(new Error(text), asked);
    } catch {
      // Whoever asked is refused all the same.
    }
  }
}

function timeOf(time: Date | number): number | undefined {
  const milliseconds = Number(time);
  if (Number.isNaN(milliseconds)) throw new TypeError('expires: not a time');
  return milliseconds === Infinity ? undefined : milliseconds;
}
