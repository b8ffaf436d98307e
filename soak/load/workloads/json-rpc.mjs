// Bare JSON-RPC, a line or a WebSocket message each: calls in any number at once, batches, events. Each call is answered
// once, each event comes once, until the connection ends.

import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../waiting.mjs';
import { openWire } from '../wires.mjs';

const ANSWERED = 'bare JSON-RPC is answered, each call once and rightly';
const EVENTS = 'events by bare JSON-RPC come in order, without a hole';
const ANSWERS = 15_000;

export async function jsonRpc(setting) {
  for (const check of [ANSWERED, EVENTS]) setting.findings.expect(check);
  const ways = ['tcp', 'tls', 'ws', 'wss'].flatMap((scheme) => [
    [scheme, 'straight'],
    [scheme, 'cut'],
  ]);
  await Promise.all(ways.map(([scheme, way], at) => inTurn(setting.for(at), scheme, way)));
}

async function inTurn(setting, scheme, way) {
  for (let at = 0; !setting.isOver; at++) {
    const own = setting.for(at);
    try {
      await live(own, scheme, way);
    } catch (error) {
      if (way === 'straight') own.findings.fail(ANSWERED, `${scheme}: ${error.message}`);
      await own.pause(50);
    }
  }
}

async function live(setting, scheme, way) {
  const { random, findings, counts, token } = setting;
  const wire = await openWire(setting, scheme, way);
  const conversation = new Conversation(setting, wire);
  await conversation.call('rpc.authenticate', { token });
  await conversation.call('rpc.subscribe', { pattern: 'soak.tick.a' });
  for (let left = random.magnitude(5, 100); left > 0 && !setting.isOver && !wire.isClosed(); left--) {
    conversation.say();
    await sleep(random.whole(10, 80));
  }
  const isBroken = way === 'cut' || (!setting.isOver && random.chance(0.3));
  if (isBroken) {
    counts.cut('by a bare connection: reset');
    wire.reset();
    await wire.closed;
    return conversation.forget();
  }
  await within(ANSWERS, conversation.isEmpty(), 'answering what is left');
  wire.end();
  await within(ANSWERS, wire.closed, 'closing');
  findings.hold(ANSWERED);
}

class Conversation {
  #waiting = new Map();
  #wire;
  #setting;
  #held = '';
  #lastId = 0;
  #lastEvent;
  #emptied = () => {};

  constructor(setting, wire) {
    this.#setting = setting;
    this.#wire = wire;
    const isMessages = wire.scheme.startsWith('ws');
    const decoder = new TextDecoder();
    wire.onData((data) => {
      if (isMessages) return this.#take(data.toString());
      const lines = (this.#held + decoder.decode(data, { stream: true })).split('\n');
      this.#held = lines.pop();
      for (const line of lines) this.#take(line);
    });
  }

  /** One call whose answer is waited for. */
  call(method, params) {
    const id = ++this.#lastId;
    const answered = new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => (error ? reject(new Error(error.message)) : resolve(result)));
      void this.#wire.closed.then(() => reject(new Error('closed before the answer')));
    });
    this.#send({ jsonrpc: '2.0', id, method, params });
    return within(ANSWERS, answered, method);
  }

  /** Something, by chance: a call, a batch, a notification, what has to be refused. */
  say() {
    const { random, counts } = this.#setting;
    const kind = random.pick(['echo', 'echo', 'slow', 'batch', 'notification', 'unknown']);
    counts.message('bare JSON-RPC', 'texts');
    if (kind === 'batch') return this.#send(Array.from({ length: random.whole(1, 20) }, () => this.#request('echo')));
    if (kind === 'notification') return this.#send({ jsonrpc: '2.0', method: 'soak.echo', params: { value: 1 } });
    this.#send(this.#request(kind));
  }

  /** Resolves when every call has been answered. */
  isEmpty() {
    return new Promise((resolve) => {
      this.#emptied = () => this.#waiting.size === 0 && resolve();
      this.#emptied();
    });
  }

  /** The connection was broken: what waits is lost. */
  forget() {
    this.#setting.counts.add('bare JSON-RPC', 'answers lost with their connection', this.#waiting.size);
  }

  #request(kind) {
    const { random, findings } = this.#setting;
    const id = ++this.#lastId;
    const value = `${id} ${'é'.repeat(random.magnitude(1, 5000))}`;
    const expected = { jsonrpc: '2.0', id, result: { value } };
    this.#waiting.set(id, (answer) => {
      const isRight =
        kind === 'unknown' ? answer.error?.code === -32601 : JSON.stringify(answer) === JSON.stringify(expected);
      findings.check(ANSWERED, isRight, () => `${kind} gave ${JSON.stringify(answer).slice(0, 200)}`);
    });
    return { jsonrpc: '2.0', id, method: `soak.${kind}`, params: { value, time: random.whole(0, 100) } };
  }

  #send(message) {
    this.#wire.send(JSON.stringify(message) + (this.#wire.scheme.startsWith('ws') ? '' : '\n'));
  }

  #take(text) {
    const message = JSON.parse(text);
    for (const one of Array.isArray(message) ? message : [message]) {
      if (one.method !== undefined) this.#event(one);
      else this.#answer(one);
    }
    this.#emptied();
  }

  #answer(answer) {
    const { findings, counts } = this.#setting;
    counts.message('bare JSON-RPC', 'answers');
    const take = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (findings.check(ANSWERED, take !== undefined, () => `nobody asked for ${JSON.stringify(answer)}`)) take(answer);
  }

  #event({ params: { source, number } }) {
    const last = this.#lastEvent;
    this.#lastEvent = number;
    this.#setting.counts.message('bare JSON-RPC', 'events');
    if (last !== undefined)
      this.#setting.findings.check(EVENTS, number === last + 1, `${source} ${number} behind ${last}`);
  }
}
