// Transactions: two messages that arrive together or not at all, and messages moved from one queue to the next by
// acknowledging and sending at once, each exactly once, whatever breaks meanwhile.

import { setTimeout as sleep } from 'node:timers/promises';
import { cut, connected, isLoss, openClient } from '../clients.mjs';
import { Ledger } from '../ledger.mjs';
import { moves, pair } from '../queue-names.mjs';
import { schemes } from '../setting.mjs';
import { aborted, until } from '../../waiting.mjs';

const { left: LEFT, right: RIGHT } = pair;
const { from: FROM, to: TO } = moves;
const BOTH = 'a transaction happens as a whole or not at all';
const MOVED = 'what a transaction moves is there exactly once';
const FAILS = 'a transaction fails only with its connection';
const LAST_ORDERS = 30_000;

class Refused extends Error {}

export async function transactions(setting) {
  for (const check of [BOTH, MOVED, FAILS]) setting.findings.expect(check);
  await Promise.all([sendAllPairs(setting.for('pairs')), moveAll(setting.for('moves'))]);
}

async function sendAllPairs(setting) {
  const { findings } = setting;
  const ledgers = {
    [LEFT]: new Ledger(findings, 'messages of transactions'),
    [RIGHT]: new Ledger(findings, 'messages of transactions'),
  };
  const books = new PairBooks(findings);
  const collector = await openClient(setting, 'tcp', 'straight');
  for (const queue of [LEFT, RIGHT]) {
    const take = (delivery) => {
      const known = ledgers[queue].arrived(delivery.body, queue);
      delivery.ack();
      if (known === undefined) return;
      ledgers[queue].consumed(known.sender, known.number);
      books.arrived(`${known.sender}#${known.number}`, queue);
    };
    collector.stomp.subscribe(queue, (delivery) => take(asText(delivery)), { ack: 'client-individual' });
  }
  await Promise.all(schemes.map((scheme) => sendPairs(setting.for(scheme), scheme, ledgers, books)));
  const isDone = () => ledgers[LEFT].missing + ledgers[RIGHT].missing === 0;
  await until(isDone, LAST_ORDERS);
  // Of those that nobody knows of one half must not come alone, however late.
  await sleep(500);
  await collector.close();
  for (const ledger of Object.values(ledgers)) ledger.close('did not arrive');
  books.close();
}

async function sendPairs(setting, scheme, ledgers, books) {
  const { random, counts, findings } = setting;
  const client = await openClient(setting, scheme, 'cut');
  const queues = [LEFT, RIGHT];
  await setting.repeat(20, 100, async () => {
    await connected(client);
    const entries = queues.map((queue) => ledgers[queue].next(scheme));
    const { number } = entries[0];
    const isRefused = random.chance(0.2);
    let settle;
    try {
      await client.stomp.transaction(async (transaction) => {
        void transaction.send({ destination: LEFT, body: entries[0].body });
        if (random.chance(0.5)) await sleep(random.whole(0, 40));
        void transaction.send({ destination: RIGHT, body: entries[1].body });
        if (isRefused) throw new Refused();
      });
      settle = 'confirmed';
      findings.hold(FAILS);
    } catch (error) {
      settle = isRefused || error.sent === 'no' ? 'never' : 'unsure';
      const isExplained = isLoss(error) || error instanceof Refused;
      findings.check(FAILS, isExplained, () => `${scheme}#${number}: ${error.code} ${error.message}`);
    }
    for (const queue of queues) ledgers[queue][settle](scheme, number);
    if (settle === 'unsure') books.unsure(`${scheme}#${number}`);
    counts.message('transactions', { confirmed: 'committed', never: 'aborted', unsure: 'lost in the middle' }[settle]);
  });
  await client.close();
}

/** Those whose outcome only their two halves can tell. */
class PairBooks {
  #unsure = new Set();
  /** The halves that have come of late: by name which. */
  #halves = new Map();
  #findings;

  constructor(findings) {
    this.#findings = findings;
  }

  unsure(name) {
    this.#unsure.add(name);
  }

  arrived(name, queue) {
    const halves = this.#halves.get(name) ?? new Set();
    this.#halves.set(name, halves.add(queue));
    // The other half comes soon after; those of long ago are looked at, and forgotten.
    if (this.#halves.size > 10_000) this.#judge([...this.#halves.keys()].slice(0, 5000));
  }

  close() {
    this.#judge([...this.#halves.keys()]);
  }

  #judge(names) {
    for (const name of names) {
      const halves = this.#halves.get(name);
      const how = this.#unsure.has(name) ? 'its outcome unknown' : 'committed';
      this.#findings.check(BOTH, halves.size === 2, () => `of ${name}, ${how}, only ${[...halves]} came`);
      this.#halves.delete(name);
      this.#unsure.delete(name);
    }
  }
}

async function moveAll(setting) {
  const { findings } = setting;
  const ledger = new Ledger(findings, 'moved messages');
  const served = new AbortController();
  const arrivals = new Map();
  const collector = await openClient(setting, 'wss', 'straight');
  const take = (delivery) => {
    const known = ledger.arrived(delivery.body, TO);
    delivery.ack();
    if (known === undefined) return;
    const name = `${known.sender}#${known.number}`;
    // The same message may be delivered again; another one with the same content is one too many.
    const first = arrivals.get(name) ?? delivery.id;
    findings.check(MOVED, first === delivery.id, () => `${name} arrived as message ${first} and as ${delivery.id}`);
    arrivals.set(name, first);
    if (arrivals.size > 20_000) arrivals.delete(arrivals.keys().next().value);
    ledger.consumed(known.sender, known.number);
  };
  collector.stomp.subscribe(TO, (delivery) => take(asText(delivery)), { ack: 'client-individual' });
  const movers = schemes.map((scheme, at) =>
    move(setting.for(`mover ${scheme}`), scheme, at < 2 ? 'cut' : 'straight', served.signal),
  );
  await supply(setting.for('supply'), ledger);
  await until(() => ledger.missing === 0, LAST_ORDERS);
  served.abort();
  await Promise.all([...movers, collector.close()]);
  ledger.close('was moved nowhere');
}

async function supply(setting, ledger) {
  const client = await openClient(setting, 'tls', 'straight');
  await setting.repeat(10, 40, async () => {
    const { number, body } = ledger.next('move');
    await client.stomp.sendConfirmed({ destination: FROM, body });
    ledger.confirmed('move', number);
  });
  await client.close();
}

async function move(setting, scheme, way, served) {
  const { random, counts, findings } = setting;
  const client = await openClient(setting, scheme, way);
  const moveOne = async (delivery) => {
    for (let isRefused = true; isRefused;) {
      // Meanwhile the connection may be lost, and another one made.
      await sleep(random.magnitude(1, 500));
      isRefused = !setting.isOver && random.chance(0.2);
      try {
        await client.stomp.transaction((transaction) => {
          transaction.ack(delivery);
          void transaction.send({ destination: TO, body: delivery.body });
          if (isRefused) throw new Refused();
        });
        counts.message('transactions', 'moves committed');
        findings.hold(FAILS);
      } catch (error) {
        const isExplained = isLoss(error) || error instanceof Refused;
        findings.check(FAILS, isExplained, () => `a move failed by ${error.code} ${error.message}`);
        counts.message('transactions', error instanceof Refused ? 'moves aborted' : 'moves lost in the middle');
        // After ABORT it waits for its acknowledgement again; after a loss it is somebody else's.
        isRefused = error instanceof Refused;
      }
    }
  };
  const options = { ack: 'client-individual', prefetch: 10 };
  client.stomp.subscribe(FROM, (delivery) => void moveOne(delivery), options);
  if (way === 'straight') void setting.repeat(1000, 4000, () => cut(client, setting));
  await aborted(served);
  await client.close();
}

function asText(delivery) {
  const { body } = delivery;
  return { ...delivery, body: typeof body === 'string' ? body : Buffer.from(body).toString() };
}
