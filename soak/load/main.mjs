// The load, in a process of its own: everybody who uses and abuses the server. Reports what it has counted each second;
// when it is told that the load is over, finishes what it has begun and says what it found.

import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Findings } from '../findings.mjs';
import { Random } from '../random.mjs';
import { Counts } from './counts.mjs';
import { CuttingProxy } from './cutting-proxy.mjs';
import { everyQueue } from './queue-names.mjs';
import { Setting } from './setting.mjs';
import { sweep } from './sweep.mjs';
import { workloads } from './workloads/index.mjs';

const ENDS = 'every part of the load comes to its end';
/** What they may take to finish, milliseconds. */
const LAST_ORDERS = 60_000;

const [seed, port, token, certificate, ...only] = process.argv.slice(2);
// Nobody is left who would tell it to stop.
process.on('disconnect', () => process.exit(1));
// Ctrl-C is said to all processes of a terminal; what then is to be done is said by the parent.
process.on('SIGINT', () => {});

const over = new AbortController();
// Everybody listens to it.
setMaxListeners(0, over.signal);
const counts = new Counts();
const findings = new Findings();
const random = new Random(seed);
const proxySetting = new Setting({
  port: Number(port),
  random: random.for('network'),
  over: over.signal,
  counts,
  findings,
});
const proxy = new CuttingProxy(proxySetting);
const proxyPort = await proxy.listen();
const setting = new Setting({ ...proxySetting, random, proxyPort, token, certificate });

const report = () =>
  process.send({
    type: 'counted',
    at: performance.now(),
    messages: counts.messages,
    cuts: counts.cuts,
    connections: counts.connections,
    broken: brokenSoFar(),
  });
const reporting = setInterval(report, 1000);
process.on('message', ({ type }) => type === 'end' && over.abort());

findings.expect(ENDS);
const unknown = only.filter((name) => !(name in workloads));
if (unknown.length > 0)
  throw new Error(`no part of the load is called ${unknown}; there are ${Object.keys(workloads)}`);
const wanted = Object.entries(workloads).filter(([name]) => only.length === 0 || only.includes(name));
const running = new Set(wanted.map(([name]) => name));
const all = Promise.all(wanted.map(([name, run]) => finish(name, run(setting.for(name)))));
await new Promise((resolve) => over.signal.addEventListener('abort', resolve));
await Promise.race([all, sleep(LAST_ORDERS, undefined, { ref: false })]);
for (const name of running) findings.fail(ENDS, `${name} did not finish within ${LAST_ORDERS} ms`);
if (running.size === 0) await sweep(setting, everyQueue);
await proxy.close();
clearInterval(reporting);
report();
process.send({ type: 'found', findings: findings.list(), counts: counts.list() }, () => process.exit(0));

async function finish(name, work) {
  try {
    await work;
    findings.hold(ENDS);
  } catch (error) {
    findings.fail(ENDS, `${name}: ${error.stack}`);
  }
  running.delete(name);
}

function brokenSoFar() {
  const broken = findings.list().filter((finding) => finding.broken > 0);
  return broken.map(({ check }) => check);
}
