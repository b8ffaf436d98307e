// Peers that stop reading: they are cut when they have taken nothing for limits.writeStall, and what waits for them is
// bounded. Those that read slowly but steadily are not.

import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../server/limits.mjs';
import { openClient } from '../clients.mjs';
import { openStomp } from '../plain-stomp.mjs';
import { schemes } from '../setting.mjs';
import { within } from '../../waiting.mjs';

const CUT = `who stops reading is cut in limits.writeStall (${limits.writeStall} ms)`;
const STEADY = 'who reads slowly but steadily gets everything';
/** Beyond the limit: until the system's own buffers are full, and what a busy machine takes. */
const GRACE = 3000;
const BLOB = 1024 * 1024;
/** How often there is one of 8 MiB among them. */
const LARGE_ONES = 0.2;
const TOPIC = '/topic/soak.bulk';

export async function slowReaders(setting) {
  for (const check of [CUT, STEADY]) setting.findings.expect(check);
  const watch = await openClient(setting, 'tcp', 'straight');
  const worst = { time: 0 };
  const ways = [stopAsking, stopAsking, stopListening, floodWithoutReading];
  const readers = Promise.all([
    ...ways.map((stop, at) => inTurn(setting.for(at), (own) => stopReading(own, stop, watch, worst))),
    inTurn(setting.for('steady'), readSteadily),
  ]);
  await publish(setting, readers);
  setting.findings.detail(CUT, `the longest took ${Math.round(worst.time)} ms`);
  await watch.close();
}

async function inTurn(setting, live) {
  for (let at = 0; !setting.isOver; at++) {
    try {
      await live(setting.for(at));
    } catch (error) {
      setting.findings.fail(CUT, error.message);
    }
    await setting.pause(500, 3000);
  }
}

/** One that stops; the server says, on another connection, when it has gone. */
async function stopReading(setting, stop, watch, worst) {
  const { random, counts, findings } = setting;
  const scheme = random.pick(schemes);
  const { wire, session, frame } = await openStomp(setting, scheme);
  wire.pause();
  stop(frame, random, LARGE_ONES);
  const time = await watch.call('soak.left', { id: session }, { timeout: 30_000 });
  worst.time = Math.max(worst.time, time);
  counts.cut('by the server: it did not read');
  const text = `${stop.name} over ${scheme}: after ${Math.round(time)} ms`;
  findings.check(CUT, time < limits.writeStall + GRACE, text);
  wire.resume();
  await within(10_000, wire.closed, 'noticing that it was cut');
}

/** Asks for more than the system keeps, and less than limits.writeBuffer; now and then for a large one. Tells how many come. */
function stopAsking(frame, random, largeOnes) {
  const lengths = random.chance(largeOnes) ? [8 * BLOB, BLOB, BLOB, BLOB, BLOB] : Array(12).fill(BLOB);
  lengths.forEach((length, at) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: at + 1, method: 'soak.blob', params: { length } });
    frame('SEND', { destination: '/queue/rpc', 'reply-to': '/temp-queue/blobs' }, body);
  });
  return lengths.length;
}

/** Hears of everything and takes nothing of it. */
function stopListening(frame) {
  for (let id = 1; id <= 20; id++) frame('SUBSCRIBE', { id: String(id), destination: TOPIC });
}

/** Talks without end, and does not listen to the answers. */
function floodWithoutReading(frame, random) {
  const value = 'x'.repeat(random.magnitude(1000, 100_000));
  for (let id = 1; id * value.length < 24 * BLOB; id++) {
    const body = JSON.stringify({ jsonrpc: '2.0', id, method: 'soak.echo', params: { value } });
    frame('SEND', { destination: '/queue/rpc', 'reply-to': '/temp-queue/echoes' }, body);
  }
}

/** Gives those who listen something not to read. */
async function publish(setting, readers) {
  const client = await openClient(setting, 'tcp', 'straight');
  const body = 'x'.repeat(128 * 1024);
  let isOver = false;
  void readers.then(() => (isOver = true));
  for (; !isOver; await sleep(150)) await client.stomp.sendConfirmed({ destination: TOPIC, body });
  await client.close();
}

/** Takes what it has asked for in small bites. */
async function readSteadily(setting) {
  const { random, findings } = setting;
  const plain = await openStomp(setting, random.pick(schemes));
  const { wire } = plain;
  let wanted = Infinity;
  let came = 0;
  const whole = new Promise((resolve, reject) => {
    plain.on = ({ command, body }) => {
      if (command === 'MESSAGE' && body.length > BLOB && ++came === wanted) resolve();
    };
    void wire.closed.then(() => reject(new Error('closed')));
  });
  wanted = stopAsking(plain.frame, random, LARGE_ONES);
  let isDone = false;
  const bites = takeBites(wire, () => isDone);
  const got = await within(30_000, whole, 'reading steadily').then(
    () => true,
    (error) => error,
  );
  isDone = true;
  await bites;
  findings.check(STEADY, got === true, () => `${wire.scheme}: ${came} of ${wanted} came, then: ${got.message}`);
  wire.end();
  wire.resume();
  await within(10_000, wire.closed, 'closing');
}

/**
 * Reads a third of the time; each time it does, however busy this process is. Much slower would be as if it did not: the
 * system says only then that there is room when a third of its buffer is free.
 */
async function takeBites(wire, isDone) {
  while (!isDone()) {
    wire.pause();
    await sleep(40);
    wire.resume();
    await sleep(20);
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}
