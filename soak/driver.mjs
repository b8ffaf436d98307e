// One run: starts the server and the load, watches both, lets the load finish, sees that nothing is left, and ends the
// server. Whatever happens on the way, no process outlives it.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './child.mjs';
import { expectAll, judgeEnd, judgeRun } from './checks.mjs';
import { Findings } from './findings.mjs';
import { Ping } from './ping.mjs';
import { Samples } from './samples.mjs';

/** What the load may take to finish what it has begun, and what the server may take to end; milliseconds. */
const LAST_ORDERS = 90_000;
const END = 15_000;
const EVENTS_PER_SECOND = 250;
/**
 * What a process has is to be what it holds. Else glibc, once it has seen a block of 8 MiB freed, takes such blocks from its
 * heap instead of the system, and keeps them when they are free again (mallopt(3), M_MMAP_THRESHOLD).
 */
const MEASURABLE = { execArgv: ['--expose-gc'], env: { MALLOC_MMAP_THRESHOLD_: String(128 * 1024) } };
const ENDS = 'the server stays up, and ends by itself with code 0';

/**
 * @param {import('./options.mjs').Options} options
 * @param {{ stop: AbortSignal, on: (samples: Samples) => void }} watch stop: ends the load before its time
 */
export async function soak({ minutes, seed, only = [] }, { stop, on }) {
  const findings = new Findings();
  expectAll(findings);
  const token = randomUUID();
  const server = new Child(join(import.meta.dirname, 'server/main.mjs'), [token], MEASURABLE);
  const samples = new Samples(server, minutes * 60);
  let load;
  try {
    server.on('fault', ({ text }) => findings.fail('no method of the server fails', text));
    const { port, certificate } = await server.next('listening', 10_000);
    await samples.takeBaseline();
    load = new Child(join(import.meta.dirname, 'load/main.mjs'), [seed, String(port), token, certificate, ...only]);
    const ping = new Ping(findings);
    await ping.start({ port, certificate, token });
    server.tell({ type: 'tick', perSecond: EVENTS_PER_SECOND });
    samples.run(load, ping, on);
    await Promise.race([
      sleep(minutes * 60_000, undefined, { signal: stop }).catch(() => {}),
      server.ended,
      load.ended,
    ]);
    samples.endLoad();
    const counts = await finishLoad(load, findings);
    samples.stop();
    await ping.stop();
    judgeRun(findings, samples, ping.total);
    await endServer(server, samples, findings);
    return { findings: findings.list(), counts, samples, latencies: ping.total };
  } finally {
    for (const child of [server, load]) if (child && !child.isOver) await child.kill();
  }
}

/** Sees that nothing is left in the server, and that it ends when it is told to, not before. */
async function endServer(server, samples, findings) {
  if (server.isOver) findings.fail(ENDS, `it ended under load: ${await server.ended}`);
  else {
    server.tell({ type: 'quiet' });
    await judgeEnd(findings, samples);
    server.tell({ type: 'end' });
    const how = await Promise.race([server.ended, sleep(END, `still there after ${END} ms`, { ref: false })]);
    findings.check(ENDS, how === 0, `it ended: ${how}`);
  }
  findings.check('the server prints nothing', server.printed === '', () => server.printed);
}

async function finishLoad(load, findings) {
  load.tell({ type: 'end' });
  try {
    const found = await load.next('found', LAST_ORDERS);
    findings.merge(found.findings);
    findings.check('the load itself is well', load.printed === '', () => load.printed);
    return found.counts;
  } catch (error) {
    findings.fail('the load itself is well', error.message);
    return [];
  }
}
