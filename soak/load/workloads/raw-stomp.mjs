// STOMP by hand, in all three versions: every frame asks for a receipt, bytes come in odd pieces, sessions end in every
// way there is. Each receipt comes, in order, unless the connection was broken first.

import { setTimeout as sleep } from 'node:timers/promises';
import { Ledger } from '../ledger.mjs';
import { deadLettersOf, raw } from '../queue-names.mjs';
import { schemes } from '../setting.mjs';
import { aborted, until } from '../../waiting.mjs';
import { RawSession } from '../raw-session.mjs';
import { openWire } from '../wires.mjs';

const RECEIPTS = 'every receipt comes, in order, unless the connection was broken first';
const AGAIN = 'what was acknowledged and confirmed is never delivered again';
const ENDS = 'a connection that did nothing wrong gets no ERROR, and ends in good order';
const LAST_ORDERS = 20_000;
const ANSWERS = 15_000;

export async function rawStomp(setting) {
  const { findings } = setting;
  for (const check of [RECEIPTS, AGAIN, ENDS]) findings.expect(check);
  const ledger = new Ledger(findings, 'messages of bare STOMP');
  const books = { ledger, settled: new Settled(findings, AGAIN), checks: { RECEIPTS, ENDS } };
  const served = new AbortController();
  const ways = schemes.flatMap((scheme) => [
    [scheme, 'straight'],
    [scheme, 'straight'],
    [scheme, 'cut'],
  ]);
  await Promise.all(ways.map(([scheme, way], at) => inTurn(setting.for(at), scheme, way, `${scheme}${at}`, books)));
  const last = lastConsumer(setting.for('last'), books, served.signal);
  await until(() => ledger.missing === 0, LAST_ORDERS);
  served.abort();
  await last;
  ledger.close('was not delivered again');
}

/** One session after another. */
async function inTurn(setting, scheme, way, name, books) {
  for (let at = 0; !setting.isOver; at++) {
    const own = setting.for(at);
    try {
      const wire = await openWire(own, scheme, way, 'v12.stomp');
      await live(own, way, new RawSession(own, wire, name, books));
    } catch (error) {
      if (way === 'straight') own.findings.fail(ENDS, `${name}-${at}: ${error.message}`);
      await own.pause(50);
    }
  }
}

async function live(setting, way, session) {
  const { random, counts, findings } = setting;
  await session.connect(random.pick(['1.0', '1.1', '1.2']));
  for (const queue of raw)
    if (random.chance(0.7)) session.subscribe(queue, random.pick(['client', 'client-individual']));
  const batches = random.magnitude(3, 60);
  for (let at = 0; at < batches && !setting.isOver && !session.isOver; at++) {
    session.say(raw);
    await sleep(random.whole(10, 100));
  }
  const isStraight = way === 'straight';
  // Those that are not broken on purpose must have said all there is to say.
  const how =
    isStraight && !setting.isOver && random.chance(0.3) ? 'reset' : random.pick(['disconnect', 'disconnect', 'end']);
  if (how === 'reset') {
    counts.cut('by a bare connection: reset');
    session.reset();
  } else if (how === 'end') session.halfClose();
  else session.disconnect();
  const isOver = await Promise.race([session.over.then(() => true), sleep(ANSWERS, false)]);
  if (!isOver) findings.fail(ENDS, `${session.name} (${how}) was not closed within ${ANSWERS} ms`);
  session.finish(isStraight && how !== 'reset');
}

/** Takes what is left, and lets it go. */
async function lastConsumer(setting, books, served) {
  const wire = await openWire(setting, 'tcp', 'straight', 'v12.stomp');
  const session = new RawSession(setting, wire, 'last', books);
  await session.connect('1.2');
  for (const queue of [...raw, ...raw.map(deadLettersOf)]) session.subscribe(queue, 'client-individual', 500);
  const acknowledging = setInterval(() => session.acknowledgeAll(), 20);
  await aborted(served);
  clearInterval(acknowledging);
  session.disconnect();
  await Promise.race([session.over, sleep(ANSWERS)]);
  session.finish(true);
}

/** Messages whose ACK has had its RECEIPT, and which delivery that was for; the latest of them. */
class Settled {
  #attempts = new Map();
  #findings;
  #check;

  constructor(findings, check) {
    this.#findings = findings;
    this.#check = check;
  }

  add(headers) {
    this.#attempts.set(headers['message-id'], attemptOf(headers));
    if (this.#attempts.size > 50_000) this.#attempts.delete(this.#attempts.keys().next().value);
  }

  /** What a broken connection still held may arrive late; that is an earlier delivery. */
  delivered(headers) {
    const settled = this.#attempts.get(headers['message-id']) ?? Infinity;
    const attempt = attemptOf(headers);
    const text = () =>
      `message ${headers['message-id']} on ${headers.destination}: delivery ${attempt} after ${settled}`;
    this.#findings.check(this.#check, attempt <= settled, text);
  }
}

function attemptOf(headers) {
  return Number(headers['delivery-count'] ?? 1);
}
