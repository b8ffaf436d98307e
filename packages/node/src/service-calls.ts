// Calls from one client to another one's service, as far as emptying the server has to know of them: who waits for an
// answer, and who may have one to give. What is not JSON-RPC, or comes to nothing, is not waited for long.

import type { Clock } from '@sallyport/core';
import type { Message } from '@sallyport/core/broker';
import { type Id, idOf, isResponse, jsonOf } from '@sallyport/core/jsonrpc';
import { isServiceQueue } from './rights.js';
import type { Session } from './session.js';

/** How long a call is waited for that does not say (its header `expiration`), milliseconds. */
const USUAL_TIME = 30_000;

/** Calls of one connection that are remembered; whoever has more is not waited for in all of them. */
const MOST = 1000;

/** How the packages of this repository begin a message: its id can be told without reading what may be megabytes. */
const BEGINNING = /^\{"jsonrpc":"2\.0","id":(-?\d{1,15}|"[^"\\]{0,64}"),"(method|result|error)":/;
const LONGEST_BEGINNING = 128;

/** Whoever has longer ids than anybody needs is not waited for in those: they would be kept. */
const LONGEST_ID = 256;

/** Bytes of what begins otherwise and is read all the same. */
const MOST_READ = 64 * 1024;

export class ServiceCalls {
  /** By who asked: the ids of its calls, and until when each is waited for. */
  private readonly waiting = new Map<Session, Map<Id, number>>();
  private readonly services = new Set<Session>();

  constructor(private readonly clock: Clock) {}

  /** A session sends something, or subscribes. */
  note(session: Session, action: 'send' | 'subscribe', message: Message): void {
    if (!isServiceQueue(message.destination)) return;
    if (action === 'subscribe') this.services.add(session);
    else if (message.replyTo !== undefined) this.asked(session, message);
  }

  /** Something arrives at the reply address of whoever asked: perhaps an answer. */
  replied(session: Session, message: Message): void {
    const calls = this.waiting.get(session);
    if (calls === undefined) return;
    for (const { id, answers } of saidIn(message)) if (answers) calls.delete(id);
    if (calls.size === 0) this.waiting.delete(session);
  }

  isService(session: Session): boolean {
    return this.services.has(session);
  }

  leave(session: Session): void {
    this.waiting.delete(session);
    this.services.delete(session);
  }

  /** Whether an answer would be lost if this session ended now: one that it waits for, or that it may have to give. */
  need(session: Session): boolean {
    if (!this.services.has(session)) return this.isWaiting(session);
    return [...this.waiting.keys()].some((asker) => this.isWaiting(asker));
  }

  private asked(session: Session, message: Message): void {
    let calls = this.waiting.get(session);
    for (const { id, answers } of saidIn(message)) {
      if (answers) continue;
      if (calls === undefined) this.waiting.set(session, (calls = new Map()));
      const time = Number(message.headers.get('expiration')) || USUAL_TIME;
      if (calls.size < MOST) calls.set(id, this.clock.now() + time);
    }
  }

  private isWaiting(session: Session): boolean {
    const calls = this.waiting.get(session);
    if (calls === undefined) return false;
    const now = this.clock.now();
    for (const [id, until] of calls) if (until <= now) calls.delete(id);
    if (calls.size > 0) return true;
    this.waiting.delete(session);
    return false;
  }
}

interface Said {
  id: Id;
  /** Whether it answers; else it asks. */
  answers: boolean;
}

/** The requests and answers in a message; notifications, such as of progress, are neither. */
function saidIn({ body }: Pick<Message, 'body'>): Said[] {
  const beginning = body.slice(0, LONGEST_BEGINNING);
  const match = BEGINNING.exec(typeof beginning === 'string' ? beginning : Buffer.from(beginning).toString('latin1'));
  if (match !== null) return [{ id: JSON.parse(match[1]!) as Id, answers: match[2] !== 'method' }];
  if (body.length > MOST_READ) return [];
  const read = jsonOf({ body });
  return [read].flat().flatMap((one) => {
    const id = idOf(one);
    const isKept = id !== null && String(id).length <= LONGEST_ID;
    return isKept ? [{ id, answers: isResponse(one) }] : [];
  });
}
