// What the attacked server tells.

export type Report =
  | { type: 'listening'; port: number; certificate: string }
  | { type: 'stats'; stats: Stats }
  /** Something that must not happen has. */
  | { type: 'broken'; what: string };

export interface Stats {
  rss: number;
  heapUsed: number;
  sockets: number;
  descriptors: number;
  sessions: number;
}
