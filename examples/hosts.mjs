// One process keeps a connection to each of 200 oVirt hosts, calls all of them every so often, and says how late they answer.
// The hosts are servers of ours, in the same process, that speak oVirt's dialect.
import assert from 'node:assert/strict';
import { freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, createServer } from '@sallyport/node';

const period = process.argv.includes('--patient') ? 15_000 : 200;

async function startHost(port = 0) {
  const host = createServer({ dialect: 'ovirt' });
  host.implement({ Host: { getStats: () => ({ memFree: freemem(), elapsedTime: process.uptime() }) } });
  await host.listen({ port });
  return host;
}

const hosts = await Promise.all(Array.from({ length: 200 }, () => startHost()));
const ports = hosts.map(({ address }) => address.port);

// To a real one: ovirt+tls://node7.example, and the options ca, cert and key.
const clients = await Promise.all(
  ports.map((port) => connect(`ovirt://127.0.0.1:${port}`, { firstDelay: 50, longestDelay: 500 })),
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
const restarting = hosts.splice(100);
await Promise.all(restarting.map((host) => host.close()));
await sleep(100);
assert.equal(await round(), 100, 'the others go on');
hosts.push(...(await Promise.all(ports.slice(100).map((port) => startHost(port)))));
await Promise.all(clients.map((client) => client.connected()));
assert.equal(await round(), 200, 'all are back');

await Promise.all(clients.map((client) => client.close()));
await Promise.all(hosts.map((host) => host.close()));
console.log('ok: 200 hosts were called, and half of them restarted');
