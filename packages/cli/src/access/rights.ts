// What somebody may do: patterns of names, and whether they cover what is asked for.

import { type Destination, isRequestQueue, parseDestination, requestQueue } from '@sallyport/core/broker';
import type { Access } from '@sallyport/node';

/** A pattern's tokens: `*` is any one, `#` at the end is all that follow, if any. */
export type Pattern = readonly string[];

/** Patterns, or everything. */
export type Grant = 'all' | readonly Pattern[];

/** What may be granted. */
export const grants = ['call', 'subscribe', 'send', 'serve'] as const;

/** `call` and `serve` have names of methods and services, `subscribe` and `send` have destinations. */
export type Rights = Readonly<Record<(typeof grants)[number], Grant>>;

/** Everything. */
export const allRights: Rights = { call: 'all', subscribe: 'all', send: 'all', serve: 'all' };

/** What a bare JSON-RPC connection has instead of frames: what it does by them is asked for by itself. */
const framesByCall: ReadonlySet<string> = new Set(['rpc.subscribe', 'rpc.unsubscribe', 'rpc.authenticate']);

/** Whether the rights cover what somebody wants to do. */
export function mayDo(rights: Rights, access: Access): boolean {
  // Being here is no right of its own: who has none at all may still connect, and be called.
  if (access.action === 'connect') return true;
  if (access.action === 'call') {
    return framesByCall.has(access.method) || covers(rights.call, access.method.split('.'));
  }
  const { action, destination } = access;
  if (action === 'subscribe' && isReplyAddress(destination)) return true;
  if (!isRequestQueue(destination)) return covers(rights[action], destinationTokens(destination));
  // Requests go by the name of the service, and by rights of their own: who may send to all queues calls none.
  return covers(action === 'send' ? rights.call : rights.serve, serviceOf(destination).split('.'));
}

/** Whether one's rights have something that the other's have not. */
export function exceeds(one: Rights, other: Rights): boolean {
  return grants.some((name) => {
    const granted = other[name];
    if (granted === 'all') return false;
    return one[name] === 'all' || one[name].some((pattern) => !covers(granted, pattern));
  });
}

/** A destination as tokens, its kind being the first; none for what is no destination. */
export function destinationTokens(destination: string): Pattern {
  if (!destination.includes('/')) return ovirtTokens(destination);
  let parsed: Destination;
  try {
    parsed = parseDestination(destination);
  } catch {
    return [];
  }
  return [parsed.kind, ...parsed.name.split('.')];
}

/**
 * A destination of oVirt's dialect. Whoever has subscribed it gets what is sent below it, too, so it is always asked for, and
 * granted, with all that is below.
 */
function ovirtTokens(destination: string): Pattern {
  const tokens = destination.split('.');
  return ['ovirt', ...tokens, ...(tokens.at(-1) === '#' ? [] : ['#'])];
}

/** Whether it is a name, of oVirt's dialect, that a client has made up for its answers: to know it is the right to it. */
function isReplyAddress(destination: string): boolean {
  return /^([^/]*[.-])?[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i.test(destination);
}

/** Whether everything that is asked for is granted. What is asked for may be a pattern too: all that it matches counts. */
export function covers(granted: Grant, asked: Pattern): boolean {
  return granted === 'all' || granted.some((pattern) => coversPattern(pattern, asked));
}

function coversPattern(granted: Pattern, asked: Pattern): boolean {
  for (let at = 0; at < granted.length; at++) {
    if (granted[at] === '#') return true;
    // `#` is more than any one token.
    if (at >= asked.length || asked[at] === '#') return false;
    if (granted[at] !== '*' && granted[at] !== asked[at]) return false;
  }
  return granted.length === asked.length;
}

function serviceOf(destination: string): string {
  return destination.slice(requestQueue.length + 1);
}
