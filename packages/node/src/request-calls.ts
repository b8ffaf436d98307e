// How much one connection has at work by HTTP, where each request is a session of its own: requests may come one behind
// the other without waiting for answers.

import { type Answer, type Id, tooManyCalls } from '@sallyport/core/jsonrpc';
import type { Session } from './session.js';

export class RequestCalls {
  /** The requests that are being answered, by connection. */
  private readonly sessions = new WeakMap<object, Set<Session>>();

  /** @param most how many calls of one connection may be worked on at once (limits.calls) */
  constructor(private readonly most: number) {}

  /** Runs the calls of a request that has this id, or answers that its connection has too many. */
  async run(connection: object, session: Session, id: Id, answer: () => Answer): Promise<string | undefined> {
    let sessions = this.sessions.get(connection);
    if (sessions === undefined) this.sessions.set(connection, (sessions = new Set()));
    let count = 0;
    for (const { running } of sessions) count += running.size;
    if (count >= this.most) return tooManyCalls(id, this.most);
    sessions.add(session);
    try {
      return await answer();
    } finally {
      sessions.delete(session);
    }
  }
}
