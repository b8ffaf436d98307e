// Ports for programs that must be told theirs before they start.

import { createServer } from 'node:net';

const FIRST = 20_000;
/** Where Linux begins to take the ports of outgoing connections from; those would get in the way. */
const END = 32_768;

/** That many ports of loopback which are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (END - FIRST));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
