// A client and a double of the host it is connected to, on a clock that the test turns.

import { onTestFinished } from 'vitest';
import { ConnectionError } from '@sallyport/core';
import { ManualClock } from '@sallyport/core/testing';
import { OvirtClient, type OvirtConnectOptions } from '../../src/index.js';
import { VdsmServer, type VdsmOptions } from './doubles/vdsm-server.js';

export interface HostOptions extends OvirtConnectOptions {
  methods?: VdsmOptions['methods'];
  /** Whether anybody answers. Default true. */
  up?: boolean;
}

export function host({ methods, up = true, ...options }: HostOptions = {}) {
  const clock = new ManualClock();
  const held: (() => void)[] = [];
  const server = new VdsmServer({
    clock,
    methods: {
      echo: (params) => params,
      'Host.ping': () => undefined,
      /** Answers when the test says so. */
      hold: (params) => new Promise((resolve) => held.push(() => resolve(params))),
      ...methods,
    },
  });
  const network = { up };
  const errors: Error[] = [];
  const dial: typeof server.dial = () =>
    network.up ? server.dial() : Promise.reject(new ConnectionError('ERR_CONNECT', 'nobody answers'));
  const client = new OvirtClient('node7', dial, {
    clock,
    random: () => 0.5,
    onError: (error) => errors.push(error),
    ...options,
  });
  onTestFinished(() => void client.close());
  return { clock, server, client, network, held, errors };
}

/** The same, connected. */
export async function connectedHost(options: HostOptions = {}) {
  const made = host(options);
  await made.client.connected();
  return made;
}

/** A frame as it was sent, with names instead of ids that differ each time. */
export function readable(frame: string): string {
  return frame
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll('\n', '⏎')
    .replaceAll('\0', '␀');
}
