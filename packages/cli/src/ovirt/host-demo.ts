// The demo as a small oVirt host: this machine's figures, and machines that are simulated.

import { randomUUID } from 'node:crypto';
import type { Methods } from '@sallyport/core/jsonrpc';
import type { Emitter } from '../demo-methods.js';
import type { HostSampler } from '../host-stats.js';
import { hostCapabilities, hostStats } from './host-report.js';
import { type Machine, Machines } from './machines.js';

/** A machine changes at each so many ticks. */
const STEP = 3;

export class HostDemo {
  private readonly machines = new Machines();
  private readonly id = randomUUID();
  private ticks = 0;

  constructor(
    private readonly server: Emitter,
    private readonly sampler: HostSampler,
    private readonly software: string,
  ) {}

  get methods(): Methods {
    const { machines } = this;
    return {
      Host: {
        ping: () => true,
        getStats: () => hostStats(this.sampler, machines),
        getCapabilities: () => hostCapabilities(this.id, this.software),
        getVMFullList: () => machines.all.map(({ since: _, ...described }) => described),
      },
      // A list of one, as vdsm has it.
      VM: { getStats: (params: unknown) => [machineStats(machines.find(params))] },
    };
  }

  /** Sends the events of one second. */
  tick(): void {
    this.server.emit(`|host|stats|${this.id}`, hostStats(this.sampler, this.machines));
    if (++this.ticks % STEP !== 0) return;
    const { vmId, status } = this.machines.step();
    this.server.emit(`|virt|VM_status|${vmId}`, { [vmId]: { status } });
  }
}

function machineStats({ vmId, vmName, status, since }: Machine): Record<string, unknown> {
  const isUp = status === 'Up';
  return {
    vmId,
    vmName,
    status,
    elapsedTime: isUp ? Math.round((Date.now() - since) / 1000) : 0,
    cpuUser: isUp ? '1.50' : '0.00',
    cpuSys: isUp ? '0.50' : '0.00',
    memUsage: isUp ? '42' : '0',
  };
}
