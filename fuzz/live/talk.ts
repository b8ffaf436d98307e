// What the attacked server is asked for, and what it tells.

/** How it is; or to empty itself and close. */
export type Wanted = 'stats' | 'drain';

export type Report =
  | { type: 'listening'; port: number; certificate: string }
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
