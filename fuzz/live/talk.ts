// What the attacked server is told, what it is asked for, and what it tells.

import type { KeyPair } from '@sallyport/node';

/**
 * The servers that are attacked, as what is tried excludes something else:
 *
 * - `plain`: all that is there without a dialect.
 * - `ovirt`: oVirt's dialect beside the ordinary one, and clients that are asked for a certificate.
 */
export const kinds = ['plain', 'ovirt'] as const;
export type Kind = (typeof kinds)[number];

/** The address of loopback that belongs to a proxy, as far as the servers know; others are not believed. */
export const PROXY = '127.0.0.2';

/** How it is; or to empty itself and close. */
export type Wanted = 'stats' | 'drain';

export type Report =
  | {
      type: 'listening';
      port: number;
      /** What it shows, PEM. */
      certificate: string;
      /** A client's certificate that it accepts, where it asks for one. */
      known: KeyPair | undefined;
    }
  | { type: 'stats'; stats: Stats }
  | { type: 'drained' }
  /** Something that must not happen has. */
  | { type: 'broken'; what: string };

export interface Stats {
  rss: number;
  heapUsed: number;
  sockets: number;
  descriptors: number;
  sessions: number;
}
