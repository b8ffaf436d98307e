// Work in queues: senders that have each message confirmed, consumers that acknowledge, refuse and die. What was
// confirmed is consumed at last, or lies among the dead letters.

import { cut, connected, isLoss, openClient } from '../clients.mjs';
import { Ledger } from '../ledger.mjs';
import { deadLettersOf, work } from '../queue-names.mjs';
import { schemes } from '../setting.mjs';
import { aborted, until, within } from '../../waiting.mjs';

const SENDING = 'a confirmed send fails only with its connection';
const BURIED = 'what is refused each time becomes a dead letter, and says where it was and how often';
/** The longest that a receipt may take; the machine may be busy; milliseconds. */
const RECEIPT = 20_000;
/** How long the consumers have at the end, milliseconds. */
const LAST_ORDERS = 30_000;

/** Messages that every consumer refuses. */
const isPoison = (number) => number % 50 === 0;

export async function queues(setting) {
  const { findings } = setting;
  for (const check of [SENDING, BURIED]) findings.expect(check);
  const ledger = new Ledger(findings, 'messages of queues');
  const roles = schemes.flatMap((scheme) => [
    { scheme, way: 'straight' },
    { scheme, way: 'cut' },
  ]);
  const served = new AbortController();
  const consumers = [
    ...roles.map((role, at) =>
      consume(setting.for(`consumer ${at}`), role, work[at % work.length], ledger, served.signal),
    ),
    undertake(setting.for('dead letters'), ledger, served.signal),
  ];
  await Promise.all(roles.map((role, at) => send(setting.for(`sender ${at}`), role, `work${at}`, ledger)));
  await until(() => ledger.missing === 0, LAST_ORDERS);
  served.abort();
  await Promise.all(consumers);
  ledger.close(`was not seen again in ${LAST_ORDERS} ms`);
}

async function send(setting, { scheme, way }, sender, ledger) {
  const { findings, counts, random } = setting;
  const client = await openClient(setting, scheme, way);
  const sendOne = async () => {
    await connected(client);
    const { number, body } = ledger.next(sender);
    try {
      const message = { destination: random.pick(work), headers: { number: String(number) }, body };
      await within(RECEIPT, client.stomp.sendConfirmed(message), 'the receipt');
      ledger.confirmed(sender, number);
      counts.message('queues', 'sent and confirmed');
      findings.hold(SENDING);
    } catch (error) {
      if (error.sent === 'no') ledger.never(sender, number);
      else ledger.unsure(sender, number);
      findings.check(SENDING, isLoss(error), () => `${sender}#${number}: ${error.code} ${error.message}`);
      counts.add('queues', 'not confirmed: the connection was lost');
    }
  };
  await Promise.all([
    // Some wait for each receipt, and some send on meanwhile.
    setting.repeat(20, 60, sendOne),
    setting.repeat(100, 300, () => Promise.all(Array.from({ length: random.whole(1, 20) }, sendOne))),
    way === 'straight' && setting.repeat(3000, 10_000, () => cut(client, setting)),
  ]);
  await client.close();
}

/** One consumer after another: each dies after a while, in one of the ways there are. */
async function consume(setting, { scheme, way }, queue, ledger, served) {
  const { random } = setting;
  while (!served.aborted) {
    const client = await openClient(setting, scheme, way);
    const worker = new Worker(setting, ledger);
    const prefetch = random.magnitude(1, 100);
    const options = { ack: 'client-individual', prefetch };
    if (random.chance(0.5)) client.stomp.subscribe(queue, (delivery) => void worker.take(delivery), options);
    else void iterate(client.stomp.subscribe(queue, options), worker);
    await setting.pause(500, 6000);
    if (setting.isOver) {
      // What the last one held comes back when it leaves; those of now deal with everything.
      if (worker.isKind) await aborted(served);
    } else if (random.chance(0.5)) cut(client, setting);
    await client.close();
  }
}

async function iterate(stream, worker) {
  for await (const delivery of stream) void worker.take(delivery);
}

class Worker {
  #setting;
  #ledger;
  /** Whether it began when the load was over: then it refuses nothing without need, and holds nothing. */
  isKind;

  constructor(setting, ledger) {
    this.#setting = setting;
    this.#ledger = ledger;
    this.isKind = setting.isOver;
  }

  async take(delivery) {
    const { random, counts } = this.#setting;
    const known = this.#ledger.arrived(text(delivery), delivery.destination);
    if (delivery.attempt !== undefined) counts.add('queues', 'delivered again');
    counts.message('queues', 'delivered');
    if (known === undefined) return delivery.ack();
    if (!this.isKind && random.chance(0.02)) return; // It dies with this in its hands.
    if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, random.whole(0, 30)));
    if (isPoison(known.number) || (!this.isKind && random.chance(0.05))) return delivery.nack();
    delivery.ack();
    this.#ledger.consumed(known.sender, known.number);
  }
}

/** Takes the dead letters in. */
async function undertake(setting, ledger, served) {
  const { findings, counts } = setting;
  const client = await openClient(setting, 'tcp', 'straight');
  for (const destination of work.map(deadLettersOf)) {
    const bury = (delivery) => {
      const known = ledger.arrived(text(delivery), destination);
      const origin = delivery.headers.get('original-destination');
      const times = Number(delivery.headers.get('delivery-count'));
      const isRight = work.includes(origin) && times >= 4;
      findings.check(BURIED, isRight, () => `${text(delivery).slice(0, 30)} of ${origin}, delivered ${times} times`);
      if (known !== undefined) ledger.consumed(known.sender, known.number);
      counts.message('queues', 'dead letters');
      delivery.ack();
    };
    client.stomp.subscribe(destination, bury, { ack: 'client-individual' });
  }
  await aborted(served);
  await client.close();
}

function text({ body }) {
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}
