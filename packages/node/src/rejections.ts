// Why connections are not handed over: counted each time, told once of each kind.

import type { AdmissionLimits } from './admission.js';
import { type Protocol, protocols } from './detectors.js';
import type { ServerLimits } from './limits.js';

/** Why a connection was not handed over. */
export type Rejection = keyof AdmissionLimits | keyof typeof reasons;

/** How many connections ended up where. One over TLS counts twice: as `tls`, and as what was inside. */
export type Outcomes = Record<Protocol | 'tls' | Rejection, number>;

const reasons = {
  ended: 'a client closed its connection before it said anything',
  timeout: 'a client did not say in time what it speaks (limits.sniffTime)',
  unknown: 'a client spoke none of the protocols served here',
  noTls: 'a client spoke TLS, but there is no certificate (option `tls`)',
  plain: 'a client spoke plain text where TLS is required (option `tls`)',
  alpn: 'a client spoke another protocol than the one it had named in the TLS handshake',
  noAlpn: 'a TLS client named no protocol (option `tls.requireAlpn`)',
  serverName: 'a TLS client asked for another server (option `tls.serverNames`)',
  handshake: 'a TLS handshake failed',
  handshakeTimeout: 'a TLS handshake was not finished in time (limits.handshakeTime)',
  noProxy: 'a proxy did not begin with a PROXY header, or with a wrong one (option `proxies`)',
  proxied: 'a PROXY header came from an address that is no proxy (option `proxies`)',
} as const;

const full: readonly (keyof AdmissionLimits)[] = ['connections', 'connectionsPerAddress', 'unauthenticated'];

/** Clients that leave are no reason to worry. */
const quiet: ReadonlySet<Rejection> = new Set(['ended']);

/** All counts at zero. */
export function noOutcomes(): Outcomes {
  const names = [...protocols, 'tls', ...full, ...Object.keys(reasons)];
  return Object.fromEntries(names.map((name) => [name, 0])) as Outcomes;
}

/** What to log of a rejection; nothing if it is of a kind that is no news. */
export function describeRejection(why: Rejection, limits: ServerLimits): string | undefined {
  if (quiet.has(why)) return undefined;
  const text = why in reasons ? reasons[why as keyof typeof reasons] : fullText(why as keyof AdmissionLimits, limits);
  return `${text}; further ones are counted, not logged`;
}

function fullText(limit: keyof AdmissionLimits, limits: ServerLimits): string {
  return `a connection was refused: there are ${limits[limit]} already (limits.${limit})`;
}
