// The simulated machines of the demo's host: as many as it takes to have something to look at, one of which comes and goes.

import { RpcError } from '@sallyport/core';
import { ErrorCode } from '@sallyport/core/jsonrpc';

/** vdsm's own code for a machine that there is not. */
const NO_SUCH_MACHINE = 1;

/** What becomes of a machine that is switched off and on all the time, in vdsm's words. */
const course = ['Up', 'Powering down', 'Down', 'WaitForLaunch', 'Powering up'] as const;

export type MachineStatus = (typeof course)[number];

export interface Machine {
  readonly vmId: string;
  readonly vmName: string;
  readonly memSize: number;
  readonly smp: number;
  status: MachineStatus;
  /** Milliseconds since 1970. */
  since: number;
}

/** Their ids are the same at each start, so that a call can be repeated. */
function machine(number: number, vmName: string, status: MachineStatus): Machine {
  const vmId = `5a11f0e7-0000-4000-8000-${String(number).padStart(12, '0')}`;
  return { vmId, vmName, memSize: 1024 * number, smp: number, status, since: Date.now() };
}

export class Machines {
  readonly all: readonly Machine[] = [
    machine(1, 'web1', 'Up'),
    machine(2, 'web2', 'Up'),
    machine(3, 'database', 'Up'),
    machine(4, 'nightly-build', 'Down'),
  ];

  get active(): number {
    return this.all.filter(({ status }) => status !== 'Down').length;
  }

  /** Throws vdsm's error if there is none. */
  find(params: unknown): Machine {
    const id = (params as { vmID?: unknown } | undefined)?.vmID;
    if (typeof id !== 'string') throw new RpcError(ErrorCode.invalidParams, 'it takes {"vmID": "the id of a machine"}');
    const found = this.all.find(({ vmId }) => vmId === id);
    if (found !== undefined) return found;
    // The details as Python prints them.
    throw new RpcError(NO_SUCH_MACHINE, `Virtual machine does not exist: {'vmId': '${id.replace(/[\\']/g, '\\$&')}'}`);
  }

  /** The last one goes one step on its course. */
  step(): Machine {
    const last = this.all.at(-1)!;
    last.status = course[(course.indexOf(last.status) + 1) % course.length]!;
    last.since = Date.now();
    return last;
  }
}
