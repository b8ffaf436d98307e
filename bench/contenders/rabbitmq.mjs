// RabbitMQ with the STOMP and Web-STOMP plugins (Debian: rabbitmq-server), started as its own node in a
// temporary folder. Clients are @stomp/stompjs. Skipped when rabbitmq-server is not installed.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';

const BIN = process.env.RABBITMQ_SERVER ?? '/usr/lib/rabbitmq/bin/rabbitmq-server';
async function broker() {
  execFileSync('test', ['-x', BIN]);
  const port = 21800 + Math.floor(Math.random() * 60) * 3;
  const dir = mkdtempSync(path.join(tmpdir(), 'bench-rmq-'));
  execFileSync('chmod', ['777', dir]);
  const f = (n) => path.join(dir, n);
  writeFileSync(f('plugins'), '[rabbitmq_stomp,rabbitmq_web_stomp].\n');
  writeFileSync(
    f('r.conf'),
    `listeners.tcp = none\nstomp.listeners.tcp.1 = 127.0.0.1:${port}\nweb_stomp.tcp.ip = 127.0.0.1\nweb_stomp.tcp.port = ${port + 1}\nlog.console = false\nlog.file = false\n`,
  );
  const p = spawn(BIN, [], {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env,
      HOME: dir,
      RABBITMQ_NODENAME: `bench${port}@localhost`,
      RABBITMQ_CONFIG_FILE: f('r.conf'),
      RABBITMQ_ENABLED_PLUGINS_FILE: f('plugins'),
      RABBITMQ_MNESIA_BASE: f('db'),
      RABBITMQ_LOG_BASE: f('log'),
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_DIST_PORT: String(port + 2),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false -erl_epmd_port ' + (port + 2),
    },
  });
  const kill = () => {
    try {
      process.kill(-p.pid, 'SIGKILL');
    } catch {
      // It has gone already.
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  };
  process.on('exit', kill);
  const url = `ws://127.0.0.1:${port + 1}/ws`;
  for (let i = 0; ; i++) {
    await new Promise((r) => setTimeout(r, 500));
    const ok = await new Promise((r) => {
      const w = new WebSocket(url);
      w.on('open', () => {
        w.terminate();
        r(true);
      });
      w.on('error', () => r(false));
    });
    if (ok) break;
    if (i > 50 || p.exitCode !== null) {
      kill();
      throw new Error('rabbitmq did not start');
    }
  }
  // the Erlang VM is a child of the start script
  const group = readdirSync('/proc')
    .filter((d) => /^\d+$/.test(d))
    .filter((d) => {
      try {
        const s = readFileSync(`/proc/${d}/stat`, 'utf8');
        return Number(s.slice(s.lastIndexOf(')') + 2).split(' ')[2]) === p.pid && s.includes('beam');
      } catch {
        return false;
      }
    })
    .map(Number);
  return { address: url, pids: group, close: kill };
}
async function connect(url) {
  const { Client } = await import('@stomp/stompjs');
  const c = new Client({
    webSocketFactory: () => new WebSocket(url, ['v12.stomp'], { perMessageDeflate: false }),
    connectHeaders: { login: 'guest', passcode: 'guest', host: '/' },
    reconnectDelay: 0,
    heartbeatIncoming: 0,
    heartbeatOutgoing: 0,
  });
  await new Promise((resolve, reject) => {
    c.onConnect = resolve;
    c.onStompError = (f) => reject(new Error(f.headers.message));
    c.onWebSocketError = (e) => reject(new Error('websocket ' + (e.message ?? '')));
    c.activate();
  });
  return c;
}
export default {
  name: 'rabbitmq',
  kind: 'peer',
  about: 'RabbitMQ web-stomp (Erlang) with @stomp/stompjs clients',
  pubsub: {
    server: broker,
    async subscriber(url, onMessage) {
      const c = await connect(url);
      c.subscribe('/topic/news', (m) => {
        JSON.parse(m.body);
        onMessage();
      });
      return { close: () => c.deactivate() };
    },
    async publisher(url) {
      const c = await connect(url);
      return {
        publish: (o) => c.publish({ destination: '/topic/news', body: JSON.stringify(o) }),
        close: () => c.deactivate(),
      };
    },
  },
  conn: { server: broker, client: connect },
};
