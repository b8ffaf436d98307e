// Takes what is left in queues when the load is over: messages whose fate nobody knew.

import { setTimeout as sleep } from 'node:timers/promises';
import { openClient } from './clients.mjs';

/** When nothing has come for this long, nothing is left; longer than a refused message is kept back, milliseconds. */
const QUIET = 1000;

/** @param {import('./setting.mjs').Setting} setting @param {string[]} queues */
export async function sweep(setting, queues) {
  const client = await openClient(setting, 'tcp', 'straight');
  let latest = performance.now();
  const take = () => {
    latest = performance.now();
    setting.counts.add('queues', 'swept away: nobody knew whether it had been sent');
  };
  await Promise.all(queues.map((queue) => client.stomp.subscribe(queue, take).ready));
  while (performance.now() - latest < QUIET) await sleep(100);
  await client.close();
}
