// The server that is attacked, in a process of its own: if it dies or hangs, that is seen.

import { readdirSync } from 'node:fs';
import { RpcError } from '@sallyport/core';
import { createServer } from '@sallyport/node';
import type { Report, Stats, Wanted } from './talk.js';

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

const server = createServer({
  tls: 'optional',
  // Whoever is called x is refused; and each fourth that says nothing of itself by bare JSON-RPC, to be asked once more.
  authenticate: ({ login, token, protocol }) => {
    const isClaimless = login === undefined && token === undefined;
    return login !== 'x' && token !== 'x' && !(isClaimless && protocol === 'jsonrpc' && ++comers % 4 === 0);
  },
  // Short, so that many connections come and go; small, so that limits are reached.
  limits: {
    sniffTime: 500,
    handshakeTime: 1000,
    headTime: 500,
    requestTime: 1000,
    keepAliveTime: 300,
    connectTime: 500,
    writeStall: 1000,
    body: 100_000,
    writeBuffer: 1_000_000,
    calls: 16,
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

process.on('message', (wanted: Wanted) => {
  if (wanted === 'stats') tell({ type: 'stats', stats: stats() });
  else void server.drain({ over: 300 }).then(() => tell({ type: 'drained' }));
});
tell({ type: 'listening', port, certificate: server.certificate! });

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
