import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
async function broker() {
  const port = 21000 + Math.floor(Math.random() * 400);
  const dir = mkdtempSync(path.join(tmpdir(), 'bench-nats-'));
  const conf = path.join(dir, 'n.conf');
  writeFileSync(
    conf,
    `listen: 127.0.0.1:${port}\nwebsocket { listen: "127.0.0.1:${port + 400}", no_tls: true, compression: false }\n`,
  );
  const p = spawn('nats-server', ['-c', conf], { stdio: 'ignore' });
  await new Promise((r, j) => {
    p.on('error', j);
    setTimeout(r, 700);
  });
  if (p.exitCode !== null) throw new Error('nats-server ended');
  const kill = () => {
    p.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.on('exit', kill);
  return { port, pids: [p.pid], kill };
}
const dialer = async (port) => (await import('@nats-io/transport-node')).connect({ servers: `127.0.0.1:${port}` });
async function wsDial(port) {
  globalThis.WebSocket ??= (await import('ws')).WebSocket;
  const { wsconnect } = await import('@nats-io/nats-core');
  return wsconnect({ servers: `ws://127.0.0.1:${port}` });
}
export default {
  name: 'nats',
  kind: 'peer',
  about: 'nats-server (Go, native); rpc: request/reply over TCP through the broker (two hops); pub/sub: over WebSocket',
  rpc: {
    async server() {
      const b = await broker();
      const nc = await dialer(b.port);
      nc.subscribe('echo', { callback: (e, m) => m.respond(JSON.stringify(m.json())) });
      return { address: b.port, pids: b.pids, close: b.kill };
    },
    async client(port) {
      const nc = await dialer(port);
      return {
        call: async (o) => (await nc.request('echo', JSON.stringify(o), { timeout: 20000, noMux: false })).json(),
        close: () => nc.close(),
      };
    },
  },
  pubsub: {
    async server() {
      const b = await broker();
      return { address: b.port + 400, pids: b.pids, close: b.kill };
    },
    async subscriber(port, onMessage) {
      const nc = await wsDial(port);
      nc.subscribe('news', {
        callback: (e, m) => {
          m.json();
          onMessage();
        },
      });
      await nc.flush();
      return nc;
    },
    async publisher(port) {
      const nc = await wsDial(port);
      return { publish: (o) => nc.publish('news', JSON.stringify(o)), close: () => nc.close() };
    },
  },
  conn: {
    async server() {
      const b = await broker();
      return { address: b.port + 400, pids: b.pids, close: b.kill };
    },
    client: wsDial,
  },
};
