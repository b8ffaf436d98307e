// A server that is attacked, in a process of its own: if it dies or hangs, that is seen. Told on the command line which.

import { readdirSync } from 'node:fs';
import { RpcError } from '@sallyport/core';
import { createServer, selfSigned, type ServerOptions } from '@sallyport/node';
import { type Kind, PROXY, type Report, type Stats, type Wanted } from './talk.js';

const kind = process.argv[2] as Kind;
/** How often another choice is made of whether clients must have a certificate, milliseconds. */
const RELOAD = 300;

function tell(report: Report): void {
  process.send!(report);
}

function die(what: string): (error: unknown) => void {
  return (error) => {
    process.send!({ type: 'broken', what: `${what}: ${String((error as Error)?.stack ?? error)}` }, () =>
      process.exit(1),
    );
  };
}

process.on('uncaughtException', die('uncaught exception'));
process.on('unhandledRejection', die('unhandled rejection'));
process.on('disconnect', () => process.exit(0));

let comers = 0;

// Each is its own authority.
const [own, known] = [await selfSigned(), await selfSigned({ names: ['engine.example'] })];
let rejectUnauthorized = false;
const tls = () => ({ ...own, ca: known.cert, requestCert: true, rejectUnauthorized });
const only: Record<Kind, ServerOptions> = {
  plain: { tls: own, xmlRpc: true },
  ovirt: { tls: tls(), dialect: 'ovirt' },
};

const server = createServer({
  ...only[kind],
  proxies: [PROXY],
  // Whoever is called x is refused; and each fourth that says nothing of itself by bare JSON-RPC, to be asked once more.
  authenticate: ({ login, token, protocol }) => {
    const isClaimless = login === undefined && token === undefined;
    return login !== 'x' && token !== 'x' && !(isClaimless && protocol === 'jsonrpc' && ++comers % 4 === 0);
  },
  // Short, so that many connections come and go, but long enough for the healthy client on a machine that is busy; small, so
  // that limits are reached.
  limits: {
    sniffTime: 2000,
    handshakeTime: 2000,
    headTime: 2000,
    requestTime: 2000,
    keepAliveTime: 300,
    connectTime: 2000,
    writeStall: 1000,
    body: 100_000,
    writeBuffer: 1_000_000,
    calls: 16,
    xmlBody: 50_000,
    loginPause: 20,
  },
  onError: (error, method) => {
    if (method !== 'fuzz.crash') tell({ type: 'broken', what: `${method}: ${String(error.cause ?? error.stack)}` });
  },
});

server.implement({
  fuzz: {
    add: ({ a, b }: { a?: number; b?: number } = {}) => Number(a) + Number(b),
    echo: (params: unknown) => params,
    fail: () => {
      throw new RpcError(4001, 'it failed');
    },
    crash: () => {
      throw new Error('as asked');
    },
    later: (_params: unknown, { signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve('late'), 50);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason as Error);
        });
      }),
  },
});
const { port } = await server.listen({ port: 0 });
setInterval(() => server.emit('tick', { pad: 'x'.repeat(100) }), 50).unref();
if (kind === 'ovirt') {
  setInterval(() => server.emit('|virt|tick|1', { pad: 'x'.repeat(100) }), 50).unref();
  setInterval(() => {
    rejectUnauthorized = !rejectUnauthorized;
    server.reloadTls(tls());
  }, RELOAD).unref();
}

process.on('message', (wanted: Wanted) => {
  if (wanted === 'stats') tell({ type: 'stats', stats: stats() });
  else void server.drain({ over: 300 }).then(() => tell({ type: 'drained' }));
});
tell({ type: 'listening', port, certificate: own.cert, known: kind === 'ovirt' ? known : undefined });

function stats(): Stats {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const sockets = process.getActiveResourcesInfo().filter((name) => /TCPSocketWrap|TLSWrap/.test(name)).length;
  return { rss, heapUsed, sockets, descriptors: descriptors(), sessions: server.sessions.size };
}

/** Linux tells; elsewhere the sockets have to do. */
function descriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
