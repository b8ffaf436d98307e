// Runs inside a child process: loads one contender, obeys orders from the parent.
import { pathToFileURL } from 'node:url';
import { now, sleep, percentile, procCpuMicros, procRssBytes } from './measure.mjs';
import { runCodecCase } from './codec-run.mjs';

const contender = (await import(pathToFileURL(process.argv[2]).href)).default;
const state = {};
process.on('uncaughtException', (e) => {
  console.error('uncaught', e);
  process.exit(70);
});
process.on('unhandledRejection', (e) => {
  console.error('unhandled', e);
  process.exit(71);
});

const PAYLOAD = {
  user: 'ann@example.org',
  n: 12345,
  tags: ['a', 'b', 'c'],
  ok: true,
  note: 'a small object, as in a chat',
};

const ops = {
  async codec({ name, ms }) {
    return runCodecCase(contender.codec, name, ms);
  },

  // --- servers (rpc, pubsub, conn) ---
  async serve({ suite }) {
    state.server = await contender[suite].server();
    return { address: state.server.address };
  },
  async cpu() {
    const u = process.cpuUsage();
    return u.user + u.system + (state.server?.pids ?? []).reduce((a, p) => a + procCpuMicros(p), 0);
  },
  async mem() {
    if (state.server?.pids) return { rss: state.server.pids.reduce((a, p) => a + procRssBytes(p), 0), heap: NaN };
    for (let i = 0; i < 4; i++) {
      globalThis.gc();
      await sleep(20);
    }
    const m = process.memoryUsage();
    return { rss: m.rss, heap: m.heapUsed + m.external };
  },

  // --- rpc client ---
  async rpcConnect({ address }) {
    state.client = await contender.rpc.client(address);
    const back = await state.client.call(PAYLOAD);
    if (back?.user !== PAYLOAD.user || back?.tags?.length !== 3)
      throw new Error('echo is wrong: ' + JSON.stringify(back));
  },
  async rpcRun({ inflight, ms }) {
    const { call } = state.client;
    const cpu0 = process.cpuUsage();
    const t0 = now();
    const end = t0 + ms;
    let done = 0;
    const lat = [];
    const worker = async () => {
      while (true) {
        const a = now();
        if (a >= end) return;
        await call(PAYLOAD);
        done++;
        if (inflight === 1 || (done & 15) === 0) lat.push(now() - a);
      }
    };
    await Promise.all(Array.from({ length: inflight }, worker));
    const dt = now() - t0;
    const cpu = process.cpuUsage(cpu0);
    lat.sort((a, b) => a - b);
    return {
      ops: done,
      perSec: (done / dt) * 1000,
      p50: percentile(lat, 0.5) * 1000,
      p99: percentile(lat, 0.99) * 1000,
      cpu: cpu.user + cpu.system,
    };
  },

  // --- pubsub client: all the subscribers and the one publisher ---
  async subConnect({ address, subs }) {
    state.got = 0;
    state.wake = null;
    const onMessage = () => {
      state.got++;
      if (state.got >= state.mark && state.wake) {
        const w = state.wake;
        state.wake = null;
        w();
      }
    };
    const t0 = now();
    for (let i = 0; i < subs; i += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, subs - i) }, () => contender.pubsub.subscriber(address, onMessage)),
      );
    }
    state.subs = subs;
    state.pub = await contender.pubsub.publisher(address);
    // A subscription may take effect a little later; publish until everybody hears one message.
    for (let i = 0; ; i++) {
      state.got = 0;
      state.mark = Infinity;
      state.pub.publish({ seq: -1, text: 'warm-up' });
      await sleep(150 + subs / 4);
      if (state.got === subs) break;
      if (i > 12) throw new Error(`only ${state.got} of ${subs} subscribers hear`);
    }
    return { ms: now() - t0 };
  },
  async pubRun({ ms, window }) {
    const text = 'x'.repeat(80);
    const cpu0 = process.cpuUsage();
    const t0 = now();
    state.got = 0;
    let sent = 0;
    while (now() - t0 < ms) {
      for (let i = 0; i < window; i++) state.pub.publish({ seq: sent++, t: 1700000000000, text });
      state.mark = (sent - (window >> 1)) * state.subs; // keep half of the window in flight
      if (state.got < state.mark)
        await new Promise((r) => {
          state.wake = r;
        });
      else await new Promise(setImmediate);
    }
    state.mark = sent * state.subs;
    if (state.got < state.mark)
      await new Promise((r) => {
        state.wake = r;
      });
    const dt = now() - t0;
    const cpu = process.cpuUsage(cpu0);
    return { delivered: state.got, perSec: (state.got / dt) * 1000, cpu: cpu.user + cpu.system };
  },

  // --- idle connections ---
  async connOpen({ address, count, parallel }) {
    state.conns ??= [];
    const t0 = now();
    let left = count;
    const worker = async () => {
      while (left-- > 0) state.conns.push(await contender.conn.client(address));
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    const dt = now() - t0;
    return { perSec: (count / dt) * 1000 };
  },

  // --- whatever else the file has of its own ---
  async part({ name, given }) {
    return contender[name](given);
  },

  async bye() {
    try {
      await state.client?.close?.();
    } catch {
      // It has gone already.
    }
    try {
      await state.server?.close?.();
    } catch {
      // It has gone already.
    }
    setTimeout(() => process.exit(0), 20);
  },
};

process.on('message', async ({ id, op, args }) => {
  try {
    process.send({ id, value: await ops[op](args) });
  } catch (e) {
    process.send({ id, error: String(e?.stack ?? e).slice(0, 600) });
  }
});
process.on('disconnect', () => process.exit(0));
