// Every connection from its arrival to its end: who it is, for how long, and how it can be told to go.

import { type Alarm, AuthError, type Clock, randomName, RpcError, systemClock } from '@sallyport/core';
import type { Quotas, Share } from '@sallyport/core/broker';
import { ErrorCode } from '@sallyport/core/jsonrpc';
import { type Given, isNothing, Refusal } from './access.js';
import type { Arrival } from './arrival.js';
import type { Served } from './drain.js';
import { type Attempt, Door, type Login, type LoginOptions, Logins } from './login.js';
import { networkOf } from './network.js';
import { type Origin, Session } from './session.js';

export interface Connection extends Served {
  readonly arrival: Arrival;
  readonly door: Door;
  readonly share: Share;
}

export class Entrance {
  /** Those that have been let in. */
  readonly sessions = new Set<Session>();
  /** All that is being served, whether it has been let in or not. */
  readonly connections = new Map<Session, Connection>();
  private readonly logins: Logins;
  private readonly clock: Clock;
  private readonly wallClock: () => number;
  /** Those that end by themselves. */
  private readonly expiries = new Map<Session, Alarm>();
  /** By the connection they come by. */
  private readonly doorsByHttp = new WeakMap<object, Door>();

  constructor(
    options: LoginOptions,
    private readonly quotas: Quotas,
  ) {
    this.logins = new Logins(options);
    this.clock = options.clock ?? systemClock;
    this.wallClock = options.wallClock ?? Date.now;
  }

  /** A session for whoever has come; nobody knows yet who that is. */
  session(came: Origin): Session {
    return new Session(randomName(), came, this.wallClock());
  }

  enter(session: Session, arrival: Arrival, ways: Pick<Served, 'end' | 'close'>): Connection {
    const share = this.share(session, arrival);
    const connection = { session, arrival, door: new Door(), share, ...ways };
    this.connections.set(session, connection);
    return connection;
  }

  /** Lets a connection in, or rejects as {@link Logins.admit} does. */
  async admit(
    { session, arrival, door }: Connection,
    given: Given,
    how: Pick<Attempt, 'isClaimless' | 'isFree' | 'opened'> = {},
  ): Promise<Login> {
    const { origin, gone, ended } = arrival;
    const login = await this.logins.admit({ session, door, origin, given, gone, ended, ...how });
    this.adopt(session, login);
    arrival.admitted(session.quota);
    return login;
  }

  /** Gives a session its share of what may be kept for its address; to be closed with it. */
  share(session: Session, { origin }: Pick<Arrival, 'origin'>): Share {
    const share = this.quotas.open(networkOf(origin.remoteAddress));
    session.quota = share.quota;
    return share;
  }

  /** Lets a request by HTTP in; each is a session of its own. */
  async admitRequest(session: Session, arrival: Arrival, connection: object): Promise<void> {
    const { origin, given, gone, ended } = arrival;
    let door = this.doorsByHttp.get(connection);
    if (door === undefined) this.doorsByHttp.set(connection, (door = new Door()));
    // Many ask without credentials first, to be told that they need some.
    const isClaimless = isNothing(given);
    const { principal } = await this.logins.admit({ session, door, origin, given, gone, ended, isClaimless });
    session.principal = principal;
    arrival.admitted();
  }

  /** A session says anew who it is. Rejects with the RpcError that answers it; then it stays who it was. */
  async renew(session: Session, given: Given): Promise<Login> {
    const connection = this.connections.get(session);
    if (connection === undefined)
      throw new RpcError(ErrorCode.invalidRequest, 'by HTTP each request says by itself who it is');
    if (connection.door.attempts > 0) throw new RpcError(ErrorCode.overloaded, 'this connection is logging in already');
    try {
      return await this.admit(connection, given);
    } catch (error) {
      // After its answer has left.
      if (error instanceof Refusal && error.isLast) setImmediate(() => connection.end(error));
      throw new RpcError(ErrorCode.forbidden, (error as Error).message);
    }
  }

  leave(session: Session): void {
    const connection = this.connections.get(session);
    this.sessions.delete(session);
    this.connections.delete(session);
    this.expire(session, undefined);
    session.detach();
    // Last: what the others give back is its address's again.
    connection?.share.close();
  }

  async close(): Promise<void> {
    this.logins.close();
    await Promise.all([...this.connections.values()].map((connection) => connection.close()));
  }

  private adopt(session: Session, { principal, expires }: Login): void {
    session.principal = principal;
    session.expires = expires;
    this.expire(session, expires);
  }

  private expire(session: Session, time: number | undefined): void {
    this.expiries.get(session)?.cancel();
    this.expiries.delete(session);
    const connection = this.connections.get(session);
    if (time === undefined || connection === undefined) return;
    const alarm = this.clock.after(time - this.wallClock(), () => {
      this.expiries.delete(session);
      connection.end(new AuthError('ERR_AUTH_EXPIRED', 'the time of this login is over; say anew who you are'));
    });
    this.expiries.set(session, alarm);
  }
}
