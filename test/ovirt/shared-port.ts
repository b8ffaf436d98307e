// A server in vdsm's place, and everybody at its one port: what a test does for seconds and `node test/ovirt/run.mjs` for
// as long as asked.

import { createServer, type Server } from '@sallyport/node';
import { load, type LoadOutcome } from './doubles/load.js';

const options = { dialect: 'ovirt', xmlRpc: true, tls: 'optional' } as const;

export function makeServer(): Server {
  const server = createServer(options);
  server.implement({ echo: (params: unknown) => params });
  return server;
}

/** 50 Java clients, half of them over TLS; 50 ordinary ones by TCP and WebSocket; 20 by XML-RPC; 10 of Python. */
export async function sharePort(seconds: number): Promise<LoadOutcome> {
  const server = makeServer();
  const { port } = await server.listen({ port: 0 });
  try {
    const crowd = { java: 25, javaTls: 25, ordinary: 50, xmlRpc: 20, python: 5, pythonTls: 5 };
    return await load({ port, seconds, ...crowd });
  } finally {
    await server.close();
  }
}
