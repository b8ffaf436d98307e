// This machine as vdsm reports a host: by vdsm's names, memory in MiB, shares in percent with two decimals as texts.

import { arch, cpus, networkInterfaces, release, totalmem, type as osType, version } from 'node:os';
import type { HostSampler } from '../host-stats.js';
import type { Machines } from './machines.js';

const MIB = 2 ** 20;

/** What `Host.getStats` returns. */
export function hostStats(sampler: HostSampler, machines: Machines): Record<string, unknown> {
  const { memory, load, uptime, time } = sampler.read();
  const { user, sys, idle } = sampler.shares;
  return {
    cpuLoad: load[0].toFixed(2),
    cpuUser: percent(user),
    cpuSys: percent(sys),
    cpuIdle: percent(idle),
    memAvailable: Math.round(memory.free / MIB),
    memFree: Math.round(memory.free / MIB),
    memUsed: Math.round((100 * memory.used) / memory.total),
    elapsedTime: Math.round(process.uptime()),
    bootTime: Math.round(Date.now() / 1000 - uptime),
    dateTime: time,
    network: network(),
    vmCount: machines.all.length,
    vmActive: machines.active,
    vmMigrating: 0,
  };
}

/** What `Host.getCapabilities` returns. */
export function hostCapabilities(uuid: string, software: string): Record<string, unknown> {
  const processors = cpus();
  return {
    uuid,
    kernel: release(),
    operatingSystem: { name: osType(), version: version(), release: release() },
    cpuModel: processors[0]?.model ?? 'unknown',
    cpuCores: String(processors.length),
    cpuThreads: String(processors.length),
    cpuSpeed: String(processors[0]?.speed ?? 0),
    architecture: arch(),
    memSize: String(Math.round(totalmem() / MIB)),
    // The machines are simulated.
    kvmEnabled: 'false',
    nics: network(),
    software_version: software,
    software_revision: '0',
    supportedProtocols: ['2.2', '2.3'],
  };
}

/** Each interface but loopback. What it has sent and received Node does not tell. */
function network(): Record<string, unknown> {
  const interfaces = Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) => {
    const [first] = addresses.filter(({ internal }) => !internal);
    return first === undefined ? [] : [[name, { name, macAddr: first.mac, addr: first.address, state: 'up' }] as const];
  });
  return Object.fromEntries(interfaces);
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
