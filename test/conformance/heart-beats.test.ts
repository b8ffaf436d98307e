// STOMP, Heart-beating: what is agreed on, beats in time, peers that are dead and those that are not. In real time, and
// so all at once.

import { expect, vi } from 'vitest';
import { frame } from '../fixtures/raw.js';
import { clauses, hello, type Scene, subscribe } from './clause.js';
import type { StompPeer } from './stomp-peer.js';

// They wait most of the time.
vi.setConfig({ maxConcurrency: 60 });

/** What this server offers, milliseconds; short, so that the tests are. */
const OURS = 200;
const quick = { leastHeartBeat: 100, leastGrace: 10 };
const { clause } = clauses({ heartBeat: { outgoing: OURS, incoming: OURS }, ...quick });
/** As the others, but its patience bears a busy machine. */
const patient = clauses({ heartBeat: { outgoing: OURS, incoming: OURS }, leastHeartBeat: 100, leastGrace: 600 });
const mute = clauses({ heartBeat: { outgoing: 0, incoming: 0 }, ...quick });
const usual = clauses();

const sleep = (time: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, time));

/** Connects with an offer, and waits until all that comes with CONNECTED has come. */
async function offering({ connect, version }: Scene, offer: string): Promise<StompPeer> {
  const peer = await connect(version, { 'heart-beat': offer });
  await peer.settled();
  await sleep(20);
  peer.arrivals.length = 0;
  return peer;
}

/** Says something every now and then, until the test is over. */
function talking(peer: StompPeer, every: number, text = '\n'): void {
  const timer = setInterval(() => (peer.closed ? clearInterval(timer) : peer.send(text)), every);
}

clause(
  'CONNECTED says what the server can do and wants',
  { section: 'Heart-beating', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  { 'with an offer': { 'heart-beat': '100,100' }, without: {} },
  async ({ dial, version }, headers) => {
    const peer = await dial();
    peer.send(hello(version, headers as Record<string, string>));
    expect((await peer.next('CONNECTED')).get('heart-beat')).toBe(`${OURS},${OURS}`);
  },
);

clause(
  'two numbers, separated by a comma, are an offer',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  Object.fromEntries(
    ['0,0', '0,500', '500,0', '00500,0500', '99999999999,99999999999', `${'9'.repeat(400)},0`].map((one) => [
      one.slice(0, 30),
      one,
    ]),
  ),
  async (scene, offer) => {
    const peer = await scene.connect(scene.version, { 'heart-beat': offer });
    await sleep(50);
    expect(await peer.settled()).toEqual([]);
  },
);

const noOffers = ['', '500', '500,', ',500', '1,2,3', 'a,b', '-1,0', '+1,0', '1.5,0', '1e3,0', '0x10,0', '0;0', '٥,٥'];

clause(
  'anything else is an ERROR',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  Object.fromEntries(noOffers.map((offer) => [`"${offer}"`, offer])),
  async ({ dial, version }, offer) => {
    const peer = await dial();
    peer.send(hello(version, { 'heart-beat': offer }));
    expect((await peer.rest()).map(({ command }) => command)).toEqual(['ERROR']);
  },
);

// What the client wants, and what it gets: never more often than both like.
const beats: Record<string, [wants: number, interval: number]> = {
  'as often as the server can': [100, OURS],
  'as seldom as the client likes': [400, 400],
};

clause(
  'the server beats in time, by the larger of both numbers',
  { section: 'Heart-beating', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  beats,
  async (scene, [wants, interval]) => {
    const peer = await offering(scene, `0,${wants}`);
    const frames = peer.eols;
    for (let waited = 0; peer.eols < frames + 5 && waited < 20; waited++) await sleep(interval);
    expect(peer.eols - frames).toBeGreaterThanOrEqual(5);
    // One octet each, so that the gaps are those of the beats; a machine that is busy may be late with one of them.
    const gaps = peer.arrivals.slice(1).map((time, at) => time - peer.arrivals[at]!);
    const typical = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)]!;
    expect(typical).toBeLessThanOrEqual(interval * 1.05);
    expect(typical).toBeGreaterThan(interval * 0.6);
    expect(peer.frames).toEqual([]);
  },
);

clause(
  'the server does not beat for who does not want it',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  { '0': '0,0', 'no header': undefined } as Record<string, string | undefined>,
  async (scene, offer) => {
    const { connect, version } = scene;
    const peer = offer === undefined ? await connect(version) : await offering(scene, offer);
    await sleep(20);
    peer.arrivals.length = 0;
    await sleep(3 * OURS);
    expect(peer.arrivals).toEqual([]);
    expect(await peer.settled()).toEqual([]);
  },
);

mute.clause(
  'a server that does not beat says 0, and closes nobody',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  async ({ dial, version }) => {
    const peer = await dial();
    peer.send(hello(version, { 'heart-beat': '100,100' }));
    expect((await peer.next('CONNECTED')).get('heart-beat')).toBe('0,0');
    await sleep(20);
    peer.arrivals.length = 0;
    await sleep(600);
    expect(peer.arrivals).toEqual([]);
    expect(await peer.settled()).toEqual([]);
  },
);

// What the client promises, and what it is held to.
const promises: Record<string, [promises: number, interval: number]> = {
  'less than the server wants': [100, OURS],
  'more than the server wants': [400, 400],
};

clause(
  'who is silent for longer than was agreed on is dead, and closed without a word',
  { section: 'Heart-beating', versions: '1.1, 1.2', over: ['tcp', 'tls', 'ws', 'wss'] },
  promises,
  async (scene, [promised, interval]) => {
    const peer = await offering(scene, `${promised},0`);
    const began = performance.now();
    peer.send('\n');
    expect(await peer.rest()).toEqual([]);
    const silence = performance.now() - began;
    expect(silence).toBeGreaterThanOrEqual(interval * 1.1 - 5);
    expect(silence).toBeLessThan(interval * 2 + 250);
  },
);

clause(
  'who has promised nothing may be silent',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  { '0': { 'heart-beat': '0,100' }, 'no header': {} } as Record<string, Record<string, string>>,
  async ({ connect, version }, headers) => {
    const peer = await connect(version, headers);
    await sleep(4 * OURS);
    expect(await peer.settled()).toEqual([]);
  },
);

const life: Record<string, (peer: StompPeer) => void> = {
  EOLs: (peer) => talking(peer, OURS / 2),
  frames: (peer) => talking(peer, OURS / 2, frame('SEND', { destination: '/topic/nobody.listens' })),
  'a frame that comes octet by octet': (peer) => {
    peer.send('SEND\ndestination:/topic/nobody.listens\ncontent-length:10000\n\n');
    talking(peer, OURS / 2, 'x');
  },
  'a head that comes octet by octet': (peer) => {
    peer.send('SEND\nx:');
    talking(peer, OURS / 2, 'x');
  },
};

patient.clause(
  'any octet is a sign of life',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  life,
  async (scene, live) => {
    const peer = await offering(scene, `${OURS},0`);
    live(peer);
    // Its silence may last 800 ms.
    await sleep(3000);
    expect([peer.closed, peer.frames]).toEqual([false, []]);
  },
);

patient.clause('CR LF is a beat, too', { section: 'Heart-beating', versions: '1.2' }, async (scene) => {
  const peer = await offering(scene, `${OURS},0`);
  talking(peer, OURS / 2, '\r\n');
  await sleep(2000);
  expect([peer.closed, peer.frames]).toEqual([false, []]);
});

clause('half of a CR LF is not lost', { section: 'Heart-beating', versions: '1.2' }, async (scene) => {
  const peer = await offering(scene, '0,0');
  peer.send('\r');
  await sleep(20);
  peer.send('\n');
  expect(await peer.settled()).toEqual([]);
});

patient.clause(
  'beats and frames do not get into each other',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  async (scene) => {
    const [peer, destination] = [await offering(scene, '100,100'), scene.newName('queue')];
    await subscribe(peer, '1', destination);
    for (let at = 0; at < 6; at++) {
      await sleep(OURS * 0.6);
      peer.send('\n', frame('SEND', { destination }, 'x'.repeat(50_000)), '\n\n');
    }
    expect((await peer.messages(6)).every(({ body }) => body.length === 50_000)).toBe(true);
    expect(await peer.settled()).toEqual([]);
  },
);

clause(
  'there are none in 1.0',
  { section: 'Initially', versions: '1.0' },
  { 'an offer': '100,100', 'a strange one': 'often' },
  async ({ dial }, offer) => {
    const peer = await dial();
    peer.send(hello('1.0', { 'heart-beat': offer }));
    expect((await peer.next('CONNECTED')).get('heart-beat')).toBeUndefined();
    await sleep(20);
    peer.arrivals.length = 0;
    await sleep(3 * OURS);
    expect(peer.arrivals).toEqual([]);
    expect(await peer.settled()).toEqual([]);
  },
);

usual.clause(
  'nobody gets a beat more than once a second, and nobody owes one',
  { section: 'Heart-beating', versions: '1.1, 1.2' },
  { '1,1': '1,1', '0,1': '0,1', '1,0': '1,0' },
  async (scene, offer) => {
    const peer = await offering(scene, offer);
    await sleep(800);
    expect([peer.closed, peer.arrivals]).toEqual([false, []]);
  },
);
