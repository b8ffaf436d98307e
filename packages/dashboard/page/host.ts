// The machine the server runs on: its latest figures, and the last two minutes of them for the charts.

import { type ReadonlySignal, signal } from '@preact/signals';
import type { Connection } from './connection.js';
import type { StreamItem } from './event-watch.js';
import type { Outage } from './outages.js';
import { isUnknownMethod } from './refusals.js';
import { LONGEST_SECONDS } from './time-axis.js';

/** What `host.getStats` answers and the event `host.stats` carries. */
export interface HostStats {
  host: string;
  cpu: { count: number; model: string; usage: number };
  memory: { total: number; free: number; used: number };
  load: number[];
  uptime: number;
  time: string;
}

/** One point of the charts. */
export interface Sample {
  /** Seconds since 1970 on the server's clock. */
  time: number;
  /** Fraction of all processors, 0 to 1. */
  cpu: number;
  /** Fraction of the memory, 0 to 1. */
  memory: number;
}

export interface Host {
  readonly latest: ReadonlySignal<HostStats | undefined>;
  /** Whether the server has no figures to tell: it is not everybody's to measure its machine. */
  readonly absent: ReadonlySignal<boolean>;
  /** In order of time, at most {@link LONGEST_SECONDS} long. */
  readonly samples: ReadonlySignal<readonly Sample[]>;
  /** How many samples taken during the latest outage came in after it. */
  caughtUp(outage: Outage): number;
  /** A moment of this machine's clock, in milliseconds, as seconds on the server's. */
  serverTime(local: number): number;
  take(item: StreamItem, outages: readonly Outage[]): void;
  /** Asks for the figures, so that they need not be waited for until the next event. */
  ask(connection: Connection): Promise<void>;
}

/** The event that carries {@link HostStats} each second. */
export const HOST_EVENT = 'host.stats';

export function createHost(): Host {
  const latest = signal<HostStats | undefined>(undefined);
  const samples = signal<readonly Sample[]>([]);
  const absent = signal(false);
  const late = signal<{ outage: number; count: number }>({ outage: 0, count: 0 });
  // What the clocks differ by and the way takes, together, milliseconds: the least delayed sample tells.
  let lag = Number.POSITIVE_INFINITY;

  function take(item: StreamItem, outages: readonly Outage[]): void {
    if (item.name !== HOST_EVENT || item.gap !== undefined || !isHostStats(item.data)) return;
    const received = Date.now();
    const taken = Date.parse(item.data.time);
    lag = Math.min(lag, received - taken);
    latest.value = item.data;
    const sample = {
      time: taken / 1000,
      cpu: item.data.cpu.usage,
      memory: item.data.memory.used / item.data.memory.total,
    };
    samples.value = [...samples.value.filter((one) => one.time > sample.time - LONGEST_SECONDS), sample];
    const outage = outages.at(-1);
    if (outage?.until === undefined || taken + lag < outage.from || taken + lag >= outage.until) return;
    late.value = { outage: outage.from, count: late.value.outage === outage.from ? late.value.count + 1 : 1 };
  }

  return {
    latest,
    absent,
    samples,
    caughtUp: (outage) => (late.value.outage === outage.from ? late.value.count : 0),
    serverTime: (local) => (local - (Number.isFinite(lag) ? lag : 0)) / 1000,
    take,
    async ask(connection) {
      try {
        const answer = await connection.call('host.getStats', {});
        if (isHostStats(answer)) latest.value ??= answer;
      } catch (thrown) {
        // Else the event brings the same figures within a second.
        absent.value = isUnknownMethod(thrown);
      }
    },
  };
}

function isHostStats(data: unknown): data is HostStats {
  const stats = data as Partial<HostStats> | null | undefined;
  return typeof stats?.cpu?.usage === 'number' && typeof stats.memory?.total === 'number' && stats.time !== undefined;
}
