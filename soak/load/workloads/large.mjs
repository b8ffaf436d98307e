// Bodies of 8 MiB, now and then, over all four carriers: as a result, as params, and from one subscriber to another.

import { cut, isLoss, openClient } from '../clients.mjs';
import { schemes } from '../setting.mjs';
import { within } from '../../waiting.mjs';

const WHOLE = 'bodies of 8 MiB come whole';
const LARGE = 8 * 1024 * 1024;
/** Generous, as the machine may be busy. */
const TIME = 60_000;

export async function large(setting) {
  const { random, counts, findings } = setting;
  findings.expect(WHOLE);
  const ways = [result, params, message];
  const clients = await Promise.all(schemes.map((scheme) => openClient(setting.for(scheme), scheme, 'straight')));
  const first = schemes.length * ways.length;
  // One after the other: what many of them take at once is bounded by limits that others try.
  for (let at = 0; !setting.isOver || at < first; at++) {
    const scheme = schemes[at % schemes.length];
    const way = ways[Math.floor(at / schemes.length) % ways.length];
    const name = `${way.name} over ${scheme}`;
    const client = clients[at % schemes.length];
    try {
      const isWhole = await within(TIME, way(client, bodyOf(random)), name);
      findings.check(WHOLE, isWhole, () => `${name}: it is another`);
    } catch (error) {
      findings.fail(WHOLE, `${name}: ${error.message}`);
    }
    counts.message('large bodies', name);
    if (random.chance(0.1)) await breakOff(setting, client);
    // All of them at once in the beginning: the memory that they need is then there before its growth is judged.
    await (at < first ? setting.pause(100, 300) : setting.pause(1500, 4500));
  }
  await Promise.all(clients.map((client) => client.close()));
}

/** Differs each time, is not the same all over, and has characters of two bytes that a cut may go through. */
function bodyOf(random) {
  // Only such as V8 keeps in one byte: it would be twice as much memory to let go of.
  const line = `${random.whole(0, 1e9)} abcdefghijklmnopqrstuvwxyz é\n`;
  return line.repeat(Math.ceil(LARGE / line.length)).slice(0, LARGE);
}

async function result(client) {
  const blob = await client.call('soak.blob', { length: LARGE }, { timeout: TIME });
  return blob === 'x'.repeat(LARGE);
}

async function params(client, body) {
  const { value } = await client.call('soak.echo', { value: body }, { timeout: TIME });
  return value === body;
}

async function message(client, body) {
  const destination = '/temp-queue/large';
  const stream = client.stomp.subscribe(destination);
  await stream.ready;
  await client.stomp.sendConfirmed({ destination, body });
  const { value } = await stream.next();
  await stream.return();
  return new TextDecoder().decode(value.body) === body;
}

/** A connection that breaks in the middle of one leaves nothing of it. */
async function breakOff(setting, client) {
  const call = client.call('soak.blob', { length: LARGE });
  await setting.pause(1, 50);
  cut(client, setting);
  await call.catch((error) => setting.findings.check(WHOLE, isLoss(error), () => `cut off: ${error.message}`));
  await client.stomp.connected;
}
