// Floods from peers that do read: each is served to its end, or refused in order, and slows down nobody else for long.

import { openStomp } from '../plain-stomp.mjs';
import { schemes } from '../setting.mjs';
import { within } from '../../waiting.mjs';
import { openWire } from '../wires.mjs';

const ENDED = 'a flood is served to its end';
const TIME = 20_000;

export async function floods(setting) {
  setting.findings.expect(ENDED);
  const kinds = [sends, subscriptions, lines, beats];
  await Promise.all([0, 1].map((at) => inTurn(setting.for(at), kinds, at)));
}

async function inTurn(setting, kinds, first) {
  const { findings, counts } = setting;
  for (let at = first; !setting.isOver; at++) {
    const kind = kinds[at % kinds.length];
    const own = setting.for(at);
    const scheme = own.random.pick(schemes);
    try {
      await within(TIME, kind(own, scheme), kind.name);
      findings.hold(ENDED);
    } catch (error) {
      findings.fail(ENDED, `${kind.name} over ${scheme}: ${error.message}`);
    }
    counts.add('floods', kind.name);
    await setting.pause(1000, 4000);
  }
}

/** Messages to a topic that one listens to oneself; the last one has a receipt. */
async function sends(setting, scheme) {
  const count = setting.random.magnitude(500, 5000);
  const plain = await openStomp(setting, scheme);
  let came = 0;
  plain.frame('SUBSCRIBE', { id: 'flood', destination: `/topic/soak.flood.${plain.session}` });
  const done = new Promise((resolve, reject) => {
    plain.on = ({ command, headers }) => {
      if (command === 'MESSAGE') came++;
      else if (command === 'RECEIPT' && came === count) resolve();
      else reject(new Error(`${command} ${headers.message ?? ''} when ${came} of ${count} had come`));
    };
  });
  const destination = `/topic/soak.flood.${plain.session}`;
  for (let left = count; left > 0; left--) plain.frame('SEND', { destination }, 'x'.repeat(left % 1000));
  plain.frame('SEND', { destination: '/topic/soak.nobody', receipt: 'last' });
  await leaveAfter(plain.wire, done);
}

/** Subscriptions that come and go. */
async function subscriptions(setting, scheme) {
  const plain = await openStomp(setting, scheme);
  const done = new Promise((resolve, reject) => {
    plain.on = ({ command, headers }) =>
      command === 'RECEIPT' ? resolve() : reject(new Error(`${command} ${headers.message}`));
  });
  for (let round = 0; round < 3; round++) {
    for (let id = 0; id < 900; id++)
      plain.frame('SUBSCRIBE', { id: String(id), destination: `/topic/soak.many.${id}.*` });
    for (let id = 0; id < 900; id++) plain.frame('UNSUBSCRIBE', { id: String(id) });
  }
  plain.frame('SEND', { destination: '/topic/soak.nobody', receipt: 'last' });
  await leaveAfter(plain.wire, done);
}

/** More calls at once than may be worked on: some are answered, some refused by -32000, none forgotten. */
async function lines(setting, scheme) {
  const wire = await openWire(setting, scheme, 'straight');
  const isMessages = scheme.startsWith('ws');
  const count = setting.random.magnitude(300, 2000);
  const say = (message) => wire.send(JSON.stringify({ jsonrpc: '2.0', ...message }) + (isMessages ? '' : '\n'));
  const waiting = new Set(Array.from({ length: count + 1 }, (_, id) => id));
  let held = '';
  const done = new Promise((resolve, reject) => {
    wire.onData((data) => {
      const texts = isMessages ? [data.toString()] : (held + data).split('\n');
      held = isMessages ? '' : texts.pop();
      for (const text of texts) {
        const { id, error } = JSON.parse(text);
        if (!waiting.delete(id) || (error !== undefined && error.code !== -32000)) reject(new Error(text));
        if (id === 0)
          for (let next = 1; next <= count; next++) say({ id: next, method: 'soak.slow', params: { time: 50 } });
      }
      if (waiting.size === 0) resolve();
    });
  });
  say({ id: 0, method: 'rpc.authenticate', params: { token: setting.token } });
  await leaveAfter(wire, done);
}

/** Beats without number, and between them what has to be answered all the same. */
async function beats(setting, scheme) {
  const plain = await openStomp(setting, scheme, { heartBeat: '1000,1000' });
  const done = new Promise((resolve) => {
    plain.on = ({ command, headers }) => command === 'RECEIPT' && headers['receipt-id'] === '9' && resolve();
  });
  for (let receipt = 0; receipt < 10; receipt++) {
    plain.wire.send('\n'.repeat(10_000));
    plain.frame('SEND', { destination: '/topic/soak.nobody', receipt });
  }
  await leaveAfter(plain.wire, done);
}

async function leaveAfter(wire, done) {
  const closed = wire.closed.then(() => Promise.reject(new Error('it was closed before')));
  await Promise.race([done, closed]);
  closed.catch(() => {});
  wire.end();
  await wire.closed;
}
