// Which broker is at the other end, by what it calls itself in CONNECTED, and how each spells what the standard leaves
// open. Clients write Sallyport's spelling.

import { HeaderList, type HeaderRecord } from '../header-list.js';

export type ServerKind = 'sallyport' | 'rabbitmq' | 'activemq' | 'other';

/** One without a name is taken for one of ours. */
export function serverKind(name = 'Sallyport'): ServerKind {
  const [kind = ''] = name.toLowerCase().split('/', 1);
  return kind === 'sallyport' || kind === 'rabbitmq' || kind === 'activemq' ? kind : 'other';
}

/** The rest of a pattern is `#` to us and to RabbitMQ, and `>` to ActiveMQ. */
export function spellPattern(kind: ServerKind, destination: string): string {
  return kind === 'activemq' ? destination.replace(/^(\/topic\/.*)#$/, '$1>') : destination;
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
