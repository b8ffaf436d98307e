// The grammar of destinations, the same on every engine: `/topic/a.b` everyone, `/queue/x` one of the listeners,
// `/temp-queue/x` this connection's own, `/reply-queue/…` an address given in a reply-to.

import { ProtocolError } from '../errors.js';
import { quoted } from '../quotation.js';

export type DestinationKind = 'topic' | 'queue' | 'temp-queue' | 'reply-queue';

export interface Destination {
  kind: DestinationKind;
  name: string;
}

/** Characters of a destination. */
export const longestDestination = 255;
const PREFIX = /^\/(topic|queue|temp-queue|reply-queue)\//;

/** Where requests for the server's own methods go; those for a named service go to `/queue/rpc.<service>`. */
export const requestQueue = '/queue/rpc';
/** What a client subscribes to be called on its own connection. */
export const privateRequestQueue = '/temp-queue/rpc';

/** The request queue of a service. */
export function requestQueueOf(service: string | undefined): string {
  return service === undefined ? requestQueue : `${requestQueue}.${service}`;
}

export function isRequestQueue(destination: string): boolean {
  return destination === requestQueue || destination.startsWith(requestQueue + '.');
}

/** Takes a destination apart; throws ProtocolError ERR_DESTINATION. */
export function parseDestination(destination: string): Destination {
  const match = PREFIX.exec(destination);
  if (match === null) {
    throw refuse(`a destination begins with /topic/, /queue/ or /temp-queue/, not as in ${quoted(destination)}`);
  }
  const name = destination.slice(match[0].length);
  if (name === '') throw refuse(`${match[0]} must be followed by a name, such as ${match[0]}a`);
  if (destination.length > longestDestination)
    throw refuse(
      `a destination is at most ${longestDestination} characters long, not ${destination.length} as ${quoted(destination)}`,
    );
  // STOMP 1.0 cannot carry these, and a MESSAGE must say its destination.
  if (/[\0\r\n]/.test(name)) throw refuse(`a destination is one line, without NUL, not as in ${quoted(destination)}`);
  return { kind: match[1] as DestinationKind, name };
}

/** The tokens of a topic's name or of a pattern. */
export function topicTokens(name: string, wildcards: 'allowed' | 'refused'): string[] {
  const tokens = name.split('.');
  tokens.forEach((token, index) => {
    if (token === '') throw refuse(`a topic has no empty tokens: a.b, not a..b as in ${quoted(name)}`);
    const isWildcard = token === '*' || token === '#';
    if (isWildcard && wildcards === 'refused')
      throw refuse(`* and # are for subscribing; a message is sent to one topic, not to ${quoted(name)}`);
    if (token === '#' && index < tokens.length - 1)
      throw refuse(`# stands only at the end of a pattern, not as in ${quoted(name)}`);
  });
  return tokens;
}

/** Whether a pattern's tokens match those of a topic: `*` exactly one, `#` any number including none. */
export function matchesTopic(pattern: readonly string[], topic: readonly string[]): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '#') return true;
    if (at >= topic.length || (pattern[at] !== '*' && pattern[at] !== topic[at])) return false;
  }
  return pattern.length === topic.length;
}

function refuse(message: string): ProtocolError {
  return new ProtocolError('ERR_DESTINATION', message);
}
