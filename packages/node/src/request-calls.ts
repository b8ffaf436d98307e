// How much one connection has at work by HTTP, where each request is a session of its own: requests may come one behind
// the other without waiting for answers.

import type { RpcError } from '@sallyport/core';
import { type Answer, tooManyCalls } from '@sallyport/core/jsonrpc';
import type { Session } from './session.js';

export class RequestCalls {
  /** The requests that are being answered, by connection. */
  private readonly sessions = new WeakMap<object, Set<Session>>();

  /** @param most how many calls of one connection may be worked on at once (limits.calls) */
  constructor(private readonly most: number) {}

  /** Runs the calls of a request; or answers by `refuse` that its connection has too many. */
  async run<A extends Answer>(
    connection: object,
    session: Session,
    answer: () => A,
    refuse: (error: RpcError) => string,
  ): Promise<string | Awaited<A>> {
    let sessions = this.sessions.get(connection);
    if (sessions === undefined) this.sessions.set(connection, (sessions = new Set()));
    let count = 0;
    for (const { running } of sessions) count += running.size;
    if (count >= this.most) return refuse(tooManyCalls(this.most));
    sessions.add(session);
    try {
      return await answer();
    } finally {
      sessions.delete(session);
    }
  }
}
