// This machine's CPU, memory, load and uptime, as they are.

import { cpus, freemem, hostname, loadavg, totalmem, uptime } from 'node:os';

export interface HostStats {
  host: string;
  /** `usage`: the share of all processors that was busy since the last sample, 0 to 1. */
  cpu: { count: number; model: string; usage: number };
  /** Bytes. */
  memory: { total: number; free: number; used: number };
  /** Processes that run or wait, on average over 1, 5 and 15 minutes. */
  load: [number, number, number];
  /** Seconds since the machine was started. */
  uptime: number;
  /** When this was measured, ISO 8601. */
  time: string;
}

/** Measures; the CPU's usage is that between two samples. */
export class HostSampler {
  private last = ticks();
  private usage = 0;
  /** What the processors did between the last two samples, as shares of their time. */
  shares = { user: 0, sys: 0, idle: 1 };

  /** Takes a sample. */
  sample(): HostStats {
    const now = ticks();
    const total = now.total - this.last.total;
    // Two samples within one tick of the system's clock have nothing between them.
    if (total > 0) {
      const { last } = this;
      this.usage = (now.busy - last.busy) / total;
      this.shares = {
        user: (now.user - last.user) / total,
        sys: (now.sys - last.sys) / total,
        idle: (now.idle - last.idle) / total,
      };
      this.last = now;
    }
    return this.read();
  }

  /** What the last sample said of the CPU, and everything else as it is now. */
  read(): HostStats {
    const processors = cpus();
    const total = totalmem();
    const free = freemem();
    const [one = 0, five = 0, fifteen = 0] = loadavg();
    return {
      host: hostname(),
      cpu: { count: processors.length, model: processors[0]?.model ?? 'unknown', usage: round(this.usage) },
      memory: { total, free, used: total - free },
      load: [round(one), round(five), round(fifteen)],
      uptime: Math.round(uptime()),
      time: new Date().toISOString(),
    };
  }
}

/** Time the processors have spent since the start, milliseconds. */
interface Ticks {
  busy: number;
  user: number;
  sys: number;
  idle: number;
  total: number;
}

function ticks(): Ticks {
  const sum: Ticks = { busy: 0, user: 0, sys: 0, idle: 0, total: 0 };
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.idle + times.irq;
    sum.total += all;
    sum.busy += all - times.idle;
    sum.user += times.user;
    sum.sys += times.sys;
    sum.idle += times.idle;
  }
  return sum;
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
