// Events with cursors, through cuts, pauses and slow readers: in order, none twice, none lost without word of a gap.

import { cut, connected, openClient } from '../clients.mjs';
import { schemes } from '../setting.mjs';

const ORDER = 'events come in order, none twice';
const LOSS = 'no event is lost without word of a gap';
const COUNTED = 'a gap that counts what was missed counts right';

export async function events(setting) {
  for (const check of [ORDER, LOSS, COUNTED]) setting.findings.expect(check);
  const watchers = schemes.flatMap((scheme) => [
    { scheme, way: 'straight', run: watchOn },
    { scheme, way: 'cut', run: watchOn },
  ]);
  watchers.push(
    { scheme: 'tcp', way: 'cut', run: comeAndGo },
    { scheme: 'wss', way: 'straight', run: comeAndGo },
    { scheme: 'ws', way: 'straight', run: readSlowly },
  );
  await Promise.all(watchers.map(({ run, scheme, way }, at) => run(setting.for(at), scheme, way)));
}

/** Watches all the time, through whatever becomes of the connection. */
async function watchOn(setting, scheme, way) {
  const client = await openClient(setting, scheme, way);
  const stream = client.events('soak.tick.*', { signal: setting.over });
  const watcher = new Watcher(setting, `${scheme} ${way}`);
  await Promise.all([
    read(stream, (event) => watcher.take(event)),
    way === 'straight' && setting.repeat(3000, 15_000, () => cut(client, setting)),
  ]);
  await client.close();
}

/** Stops watching and goes on behind its cursor later: sometimes so late that not all is kept any more. */
async function comeAndGo(setting, scheme, way) {
  const client = await openClient(setting, scheme, way);
  const watcher = new Watcher(setting, `${scheme} ${way}, coming and going`);
  let after;
  while (!setting.isOver) {
    const leave = new AbortController();
    const stream = client.events('soak.tick.#', { after, signal: AbortSignal.any([leave.signal, setting.over]) });
    const reading = read(stream, (event) => {
      watcher.take(event);
      after = event.cursor ?? after;
    });
    await setting.pause(500, 3000);
    leave.abort();
    await reading;
    // What is kept is as much as the server emits in about eight seconds.
    await setting.pause(100, setting.random.chance(0.25) ? 15_000 : 2000);
    await connected(client);
  }
  await client.close();
}

/** Reads more slowly than events come: what the client cannot keep is dropped, and counted. */
async function readSlowly(setting, scheme, way) {
  const client = await openClient(setting, scheme, way);
  const stream = client.events('soak.tick.a', { buffer: 20, signal: setting.over });
  const watcher = new Watcher(setting, 'a slow reader');
  await read(stream, async (event) => {
    watcher.take(event);
    await setting.pause(0, 60);
  });
  await client.close();
}

async function read(stream, take) {
  try {
    for await (const event of stream) await take(event);
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
}

class Watcher {
  /** By source the number that came last. */
  #last = new Map();
  /** A gap has been told of since the last event of a source; how many it said, if it did. */
  #gaps = new Map();
  #setting;
  #name;

  constructor(setting, name) {
    this.#setting = setting;
    this.#name = name;
  }

  take({ data, gap, cursor }) {
    const { counts } = this.#setting;
    if (gap !== undefined) {
      counts.add('events', 'gaps told of');
      // One of the client's own has no cursor, and counts the very events that would have come.
      const missed = cursor === undefined ? gap.missed : undefined;
      // There may be several of them before the next event.
      for (const source of this.#last.keys()) this.#gaps.set(source, (this.#gaps.get(source) ?? 0) + (missed ?? NaN));
      return;
    }
    const { source, number } = data;
    counts.message('events', 'received');
    const last = this.#last.get(source);
    if (last !== undefined) this.#compare(source, last, number);
    this.#last.set(source, number);
    this.#gaps.delete(source);
  }

  #compare(source, last, number) {
    const { findings } = this.#setting;
    const text = `${this.#name}: ${source} ${number} behind ${last}`;
    if (!findings.check(ORDER, number > last, text)) return;
    const missed = number - last - 1;
    findings.check(LOSS, missed === 0 || this.#gaps.has(source), text);
    const said = this.#gaps.get(source);
    // Only where a single source is watched they are all of that one.
    if (said >= 0 && this.#last.size === 1) findings.check(COUNTED, missed === said, `${text}: it said ${said}`);
  }
}
