// One process keeps a connection to each of 200 oVirt hosts, calls all of them every so often, and says how late they answer.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@sallyport/node';
import { simulatedHost } from './hosts/simulated-host.mjs';

const hosts = await Promise.all(Array.from({ length: 200 }, simulatedHost));
const period = process.argv.includes('--patient') ? 15_000 : 200;

// To a real one: ovirt+tls://node7.example, and the options ca, cert and key.
const clients = await Promise.all(
  hosts.map(({ port }) => connect(`ovirt://127.0.0.1:${port}`, { firstDelay: 50, longestDelay: 500 })),
);

/** Calls all hosts that there is a connection to; how many have answered. */
async function round() {
  const began = performance.now();
  const ask = async (client) => {
    await client.call('Host.getStats', {}, { whenOffline: 'fail', timeout: 10_000 });
    return performance.now() - began;
  };
  const outcomes = await Promise.allSettled(clients.map(ask));
  const times = outcomes.flatMap(({ value }) => value ?? []).sort((a, b) => a - b);
  const [median, last] = [times[times.length >> 1], times.at(-1)].map((time) => time.toFixed(1));
  console.log(`${times.length} of ${clients.length} answered: half of them within ${median} ms, all within ${last} ms`);
  await sleep(period);
  return times.length;
}

for (let count = 0; count < 3; count++) assert.equal(await round(), 200);
for (const host of hosts.slice(100)) host.stop();
await sleep(100);
assert.equal(await round(), 100, 'the others go on');
for (const host of hosts) host.start();
await Promise.all(clients.map((client) => client.connected()));
assert.equal(await round(), 200, 'all are back');

await Promise.all(clients.map((client) => client.close()));
for (const host of hosts) host.close();
console.log('ok: 200 hosts were called, and half of them restarted');
