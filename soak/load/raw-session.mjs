// One session of STOMP by hand: what it says, which receipts are due, what it holds unacknowledged.

import { encode, FrameReader } from './stomp-frames.mjs';
import { within } from '../waiting.mjs';

export class RawSession {
  /** What is due, in this order: the receipt's id and what it means. */
  #due = [];
  /** By subscription what has been delivered and not been settled, in that order. */
  #held = new Map();
  #modes = new Map();
  #wire;
  #setting;
  #books;
  #reader = new FrameReader();
  #version = '1.0';
  #lastReceipt = 0;
  #lastTransaction = 0;
  #connected;
  #error;
  #out = [];

  /** @param {string} sender whose messages it sends; goes on from one session to the next */
  constructor(setting, wire, sender, books) {
    this.sender = sender;
    this.name = `${sender} (${setting.random.seed})`;
    this.#setting = setting;
    this.#wire = wire;
    this.#books = books;
    this.over = wire.closed;
    wire.onData((chunk) => this.#read(chunk));
  }

  get isOver() {
    return this.#wire.isClosed();
  }

  async connect(version) {
    this.#version = version;
    const { token, random } = this.#setting;
    const answered = new Promise((resolve, reject) => {
      this.#connected = resolve;
      void this.over.then(() => reject(new Error('it was closed instead of CONNECTED')));
    });
    const command = version === '1.0' || random.chance(0.5) ? 'CONNECT' : 'STOMP';
    const accepted = version === '1.0' ? {} : { 'accept-version': version, host: 'localhost' };
    this.#wire.send(encode(command, { ...accepted, token }));
    await within(10_000, answered, `CONNECTED for ${this.name}`);
  }

  subscribe(destination, ack, prefetch = this.#setting.random.magnitude(1, 50)) {
    const id = `s${this.#modes.size}`;
    this.#modes.set(id, ack);
    this.#held.set(id, []);
    this.#add('SUBSCRIBE', { id, destination, ack, 'prefetch-count': prefetch });
    this.#flush();
  }

  /** A few frames at once, by chance. */
  say(queues) {
    const { random } = this.#setting;
    for (let left = random.magnitude(1, 20); left > 0; left--) {
      const what = random.next();
      if (what < 0.3) this.#send(random.pick(queues));
      else if (what < 0.83) this.#settleOne();
      else if (what < 0.91) this.#transact(random.pick(queues));
      else this.#add('SEND', { destination: '/topic/soak.raw', note: 'a:b\\c\nd' }, 'nobody listens');
    }
    this.#flush();
  }

  acknowledgeAll() {
    for (const [id, held] of this.#held) while (held.length > 0) this.#settle(id, 0, 'ACK');
    this.#flush();
  }

  disconnect() {
    this.#add('DISCONNECT', {});
    this.#flush();
  }

  halfClose() {
    this.#wire.end();
  }

  reset() {
    this.#wire.reset();
  }

  /** It is over; @param {boolean} isComplete whether every receipt must have come */
  finish(isComplete) {
    const { findings } = this.#setting;
    const { RECEIPTS, ENDS } = this.#books.checks;
    // By WebSocket a close of our own is the end of both directions at once.
    const isExcused = this.#wire.scheme.startsWith('ws') && this.#due.every(({ command }) => command !== 'DISCONNECT');
    if (isComplete) {
      findings.check(ENDS, this.#error === undefined, () => `${this.name}: ${this.#error}`);
      if (!isExcused)
        findings.check(
          RECEIPTS,
          this.#due.length === 0,
          () => `${this.name}: ${this.#due.length} of ${this.#lastReceipt} did not come`,
        );
    }
    for (const { lost } of this.#due) lost?.();
    this.#due = [];
  }

  #send(destination) {
    const { ledger } = this.#books;
    const { number, body } = ledger.next(this.sender);
    const sent = {
      confirmed: () => ledger.confirmed(this.sender, number),
      lost: () => ledger.unsure(this.sender, number),
    };
    this.#add('SEND', { destination }, body, sent);
  }

  /** One to three messages, and perhaps an acknowledgement, that happen together or not at all. */
  #transact(destination) {
    const { random } = this.#setting;
    const { ledger } = this.#books;
    const transaction = `t${++this.#lastTransaction}`;
    this.#add('BEGIN', { transaction });
    const numbers = Array.from({ length: random.whole(1, 3) }, () => {
      const { number, body } = ledger.next(this.sender);
      this.#add('SEND', { destination, transaction }, body);
      return number;
    });
    const isAborted = random.chance(0.3);
    if (isAborted) for (const number of numbers) ledger.never(this.sender, number);
    const each = (what) => () => numbers.forEach((number) => ledger[what](this.sender, number));
    const outcome = isAborted ? {} : { confirmed: each('confirmed'), lost: each('unsure') };
    this.#add(isAborted ? 'ABORT' : 'COMMIT', { transaction }, '', outcome);
  }

  #settleOne() {
    const { random } = this.#setting;
    const [id] = random.pick([...this.#held.entries()].filter(([, held]) => held.length > 0)) ?? [];
    if (id === undefined) return;
    const held = this.#held.get(id);
    const isRefused = this.#version !== '1.0' && random.chance(0.02);
    this.#settle(id, random.whole(0, held.length - 1), isRefused ? 'NACK' : 'ACK');
  }

  #settle(id, at, command) {
    const { ledger, settled } = this.#books;
    const held = this.#held.get(id);
    const isCumulative = this.#modes.get(id) === 'client' && this.#version !== '1.0';
    const { headers } = held[at];
    const taken = isCumulative ? held.splice(0, at + 1) : held.splice(at, 1);
    const names =
      this.#version === '1.2' ? { id: headers.ack } : { 'message-id': headers['message-id'], subscription: id };
    const isDone = command === 'ACK';
    if (isDone) for (const { known } of taken) if (known) ledger.consumed(known.sender, known.number);
    const confirmed = () => isDone && taken.forEach((one) => settled.add(one.headers));
    this.#add(command, names, '', { confirmed });
  }

  #add(command, headers, body, outcome = {}) {
    const receipt = `r${++this.#lastReceipt}`;
    this.#due.push({ receipt, command, ...outcome });
    this.#out.push(encode(command, { ...headers, receipt }, body));
    this.#setting.counts.message('bare STOMP', 'frames with a receipt');
  }

  /** Writes what has been collected, cut into pieces anywhere. */
  #flush() {
    const { random } = this.#setting;
    let bytes = Buffer.concat(this.#out.splice(0));
    for (let pieces = random.whole(1, 4); pieces > 1 && bytes.length > 1; pieces--) {
      const at = random.whole(1, bytes.length - 1);
      this.#wire.send(bytes.subarray(0, at));
      bytes = bytes.subarray(at);
    }
    this.#wire.send(bytes);
  }

  #read(chunk) {
    for (const frame of this.#reader.push(chunk)) {
      if (frame.command === 'CONNECTED') this.#connected();
      else if (frame.command === 'RECEIPT') this.#receipt(frame.headers['receipt-id']);
      else if (frame.command === 'MESSAGE') this.#message(frame);
      else this.#error = `${frame.command} ${frame.headers['error-code']} ${frame.headers.message}`;
    }
  }

  #receipt(id) {
    const next = this.#due.shift();
    const { RECEIPTS } = this.#books.checks;
    const { findings, counts } = this.#setting;
    findings.check(RECEIPTS, next?.receipt === id, () => `${this.name}: ${id} came instead of ${next?.receipt}`);
    counts.message('bare STOMP', 'receipts');
    next?.confirmed?.();
  }

  #message({ headers, body }) {
    const { ledger, settled } = this.#books;
    settled.delivered(headers);
    this.#setting.counts.message('bare STOMP', 'messages delivered');
    this.#held.get(headers.subscription).push({ headers, known: ledger.arrived(body, headers.destination) });
  }
}
