// sallyport demo: a server on one port that reports this machine, with a page to look at it.

import type { Server, ServerAddress } from '@sallyport/node';
import { type Command, readLine } from '../command.js';
import { demoMethods } from '../demo-methods.js';
import { hostName } from '../server/greeting.js';
import { HostSampler } from '../host-stats.js';
import { readServerOptions, serverOptions, serverUsage } from '../settings/server-options.js';
import { runServer } from '../server/server-process.js';

const usage = `Usage: sallyport demo [options]

Starts a server on one port that TCP, TLS, WebSocket and HTTP share, and serves a page to look at it. Its methods:
host.getStats, echo, add, fail, slow and emit; its event host.stats comes each second.

${serverUsage}

Ends by Ctrl-C: calls in flight are answered first; a second one ends it at once. Exit codes: 0 ended, 1 it failed, 2 the
command line is wrong.`;

/** How often statistics are published, milliseconds. */
const INTERVAL = 1000;

export const demo: Command = {
  summary: 'start a server to try things out with, and a page',
  usage,
  async run(args) {
    const { values } = readLine(args, serverOptions, [0, 0], usage);
    const settings = readServerOptions(values, usage, { page: true, tls: true });
    return runServer({ read: () => Promise.resolve(settings), reloads: false, prepare, hint });
  },
};

function prepare(server: Server): () => void {
  const sampler = new HostSampler();
  server.implement(demoMethods(server, sampler));
  const ticking = setInterval(() => server.emit('host.stats', sampler.sample()), INTERVAL);
  return () => clearInterval(ticking);
}

function hint({ host, port }: ServerAddress): string {
  const at = `${hostName(host)}:${port}`;
  return `  In another shell:

    npx sallyport call tcp://${at} host.getStats '{}'
    npx sallyport watch ws://${at} 'host.*'

  Ctrl-C ends it.`;
}
