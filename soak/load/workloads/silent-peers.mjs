// Peers that begin and say no more, or dribble: each is closed when the time for what it is at is over.

import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../../server/limits.mjs';
import { openStomp } from '../plain-stomp.mjs';
import { schemes } from '../setting.mjs';
import { dialSocket, openWire } from '../wires.mjs';

const CLOSED = 'who is silent, or dribbles, is closed in time';
/** Beyond the limit; the machine may be busy. */
const GRACE = 3000;
/** What was agreed on, and its least grace; milliseconds. */
const HEART_BEAT = 1000 + 1000;

export async function silentPeers(setting) {
  const { findings } = setting;
  findings.expect(CLOSED);
  const worst = { late: 0 };
  const kinds = [
    ['nothing', limits.sniffTime, (own) => openWire(own, 'tcp', 'straight')],
    ['nothing inside TLS', limits.sniffTime, (own) => openWire(own, 'tls', 'straight')],
    ['a third of CONNECT', limits.sniffTime, (own) => saying(own, 'CON')],
    ['CONNECT without an end', limits.connectTime, (own) => saying(own, 'CONNECT\naccept-version:1.2\n')],
    ['CONNECT, dribbled', limits.connectTime, (own) => dribbling(own, 'CONNECT\n', 'a:b\n')],
    ['a TLS handshake without an end', limits.handshakeTime, (own) => saying(own, Buffer.from([22, 3, 1, 2, 0, 1, 0]))],
    ['a head of HTTP, dribbled', limits.headTime, (own) => dribbling(own, 'POST /rpc HTTP/1.1\r\n', 'a: b\r\n')],
    ['a body of HTTP without an end', limits.requestTime, (own) => saying(own, postHead(own))],
    [
      'no heart-beats',
      HEART_BEAT,
      async (own) => (await openStomp(own, own.random.pick(schemes), { heartBeat: '1000,0' })).wire,
    ],
  ];
  await Promise.all(kinds.map(([name, time, open], at) => inTurn(setting.for(at), name, time, open, worst)));
  findings.detail(CLOSED, `the latest was ${Math.round(worst.late)} ms late`);
}

async function inTurn(setting, name, time, open, worst) {
  const { findings, counts } = setting;
  for (let at = 0; !setting.isOver; at++) {
    const own = setting.for(at);
    const began = performance.now();
    const wire = await open(own);
    wire.onData(() => {});
    const isClosed = await Promise.race([wire.closed.then(() => true), sleep(time + GRACE, false)]);
    const took = performance.now() - began;
    worst.late = Math.max(worst.late, took - time);
    findings.check(CLOSED, isClosed, () => `${name}: not within ${Math.round(took)} ms`);
    counts.add('silent peers', name);
    if (!isClosed) wire.reset();
    await own.pause(500, 4000);
  }
}

async function saying(setting, text) {
  const wire = await openWire(setting, 'tcp', 'straight');
  wire.send(text);
  return wire;
}

/** A little now and then must not move the deadline. */
async function dribbling(setting, head, more) {
  const { socket } = dialSocket(setting, 'tcp', 'straight');
  socket.on('end', () => socket.end());
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(head);
  const timer = setInterval(() => socket.writable && socket.write(more), 200);
  void closed.then(() => clearInterval(timer));
  return { closed, onData: () => socket.resume(), reset: () => socket.destroy() };
}

function postHead({ token }) {
  const head = [
    'POST /rpc HTTP/1.1',
    'host: localhost',
    'content-type: application/json',
    `authorization: Bearer ${token}`,
  ];
  return `${head.join('\r\n')}\r\ncontent-length: 100\r\n\r\n{"jsonrpc"`;
}
