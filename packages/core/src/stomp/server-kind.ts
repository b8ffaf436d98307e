// Which broker is at the other end, by what it calls itself in CONNECTED, and how each spells what the standard leaves
// open. Clients write Sallyport's spelling.

import type { Capability } from '../broker/broker.js';
import { parseDestination, privateRequestQueue, topicTokens } from '../broker/destination.js';
import { ProtocolError } from '../errors.js';
import { HeaderList, type HeaderRecord } from '../header-list.js';

export type ServerKind = 'sallyport' | 'rabbitmq' | 'activemq' | 'other';

/** One without a name is taken for one of ours. */
export function serverKind(name = 'Sallyport'): ServerKind {
  const [kind = ''] = name.toLowerCase().split('/', 1);
  return kind === 'sallyport' || kind === 'rabbitmq' || kind === 'activemq' ? kind : 'other';
}

/** What only our own server can do beyond the standard. */
export function extrasOf(kind: ServerKind): readonly Capability[] {
  return kind === 'sallyport' ? ['resume', 'private-requests'] : [];
}

/** Why a destination cannot be subscribed at such a server, though it is of our grammar. */
export function refusalOf(kind: ServerKind, destination: string): ProtocolError | undefined {
  if (kind === 'sallyport' || destination !== privateRequestQueue) return undefined;
  const text = 'this server cannot call the methods of one connection: implement them as a service (option service)';
  return new ProtocolError('ERR_DESTINATION', text, { by: 'us' });
}

/** Throws the ProtocolError ERR_DESTINATION for what our own server would answer by it, and end the connection. */
export function checkDestination(destination: string, wildcards: 'allowed' | 'refused'): void {
  try {
    const { kind, name } = parseDestination(destination);
    if (kind === 'topic') topicTokens(name, wildcards);
  } catch (error) {
    throw new ProtocolError('ERR_DESTINATION', (error as Error).message, { by: 'us' });
  }
}

/** RabbitMQ makes a temporary queue by its first use in a reply-to, and will not have it subscribed or unsubscribed. */
export function isImplied(kind: ServerKind, destination: string): boolean {
  return kind === 'rabbitmq' && destination.startsWith('/temp-queue/');
}

/** Destination and further headers of SUBSCRIBE. */
export function spellSubscribe(kind: ServerKind, destination: string, headers: HeaderList): Record<string, string> {
  const isTopic = destination.startsWith('/topic/');
  return {
    // Else a queue that others could use as well, which RabbitMQ has given up for those that do not last.
    ...(kind === 'rabbitmq' && isTopic && headers.size === 0 && { exclusive: 'true' }),
    ...headers.toRecord(),
    // The rest of a pattern is `#` to us and to RabbitMQ, and `>` to ActiveMQ.
    destination: kind === 'activemq' && isTopic ? destination.replace(/#$/, '>') : destination,
  };
}

/**
 * Where an answer may go: to what brokers made for the connection that asks. A queue or topic by name could be one that the
 * asker may not send to, or one that we could not send to without losing our connection (RabbitMQ: PRECONDITION_FAILED).
 */
export function replyAddress(kind: ServerKind, address: string | undefined): string | undefined {
  const isNamed = /^\/(queue|topic|exchange)\//.test(address ?? '');
  return isNamed && (kind === 'rabbitmq' || kind === 'activemq') ? undefined : address;
}

/** How many deliveries may wait for their acknowledgement. */
export function spellPrefetch(kind: ServerKind, count: number): HeaderRecord {
  return { [kind === 'activemq' ? 'activemq.prefetchSize' : 'prefetch-count']: String(count) };
}

/**
 * `expiration`, for how many milliseconds a message is of use, is passed on by ActiveMQ, but minded only as `expires`:
 * until when, milliseconds since 1970. Its clock and ours should agree.
 */
export function spellExpiration(kind: ServerKind, headers: HeaderList): HeaderList {
  const time = kind === 'activemq' && headers.get('expiration');
  if (!time || headers.has('expires')) return headers;
  return new HeaderList([...headers.pairs, 'expires', String(Date.now() + Number(time))]);
}
