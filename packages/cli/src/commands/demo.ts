// sallyport demo: a server on one port that reports this machine, with a page to look at it.

import type { Server, ServerAddress } from '@sallyport/node';
import { type Command, readLine } from '../command.js';
import { demoMethods } from '../demo-methods.js';
import { hostName } from '../server/greeting.js';
import { HostSampler } from '../host-stats.js';
import { readServerOptions, serverOptions, serverUsage } from '../settings/server-options.js';
import { runServer } from '../server/server-process.js';
import type { Settings } from '../settings/settings.js';

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
    const { values } = readLine(args, serverOptions, []);
    const settings = readServerOptions(values, { page: true, tls: true });
    return runServer({ read: () => Promise.resolve(settings), reloads: false, prepare, hint });
  },
};

function prepare(server: Server): () => void {
  const sampler = new HostSampler();
  server.implement(demoMethods(server, sampler));
  const ticking = setInterval(() => server.emit('host.stats', sampler.sample()), INTERVAL);
  return () => clearInterval(ticking);
}

/** Calls to paste into another shell, with the options that the server's own make necessary. */
function hint({ host, port }: ServerAddress, { tls, access }: Settings): string {
  const at = `${hostName(host)}:${port}`;
  const login = access?.users[0]?.name;
  const isByCertificate = login === undefined && access?.certified !== undefined;
  const isSecure = tls?.required === true || isByCertificate;
  const options = [
    ...(isSecure ? [' --insecure'] : []),
    ...(login === undefined ? [] : [` --login ${shellWord(login)}`]),
    ...(isByCertificate ? [' --cert FILE --key FILE'] : []),
  ].join('');
  const lines = [
    // Not the passcode itself: it would be on the screen, and in the history of that shell.
    ...(login === undefined ? [] : ['read -rs SALLYPORT_PASSCODE && export SALLYPORT_PASSCODE']),
    `npx sallyport call ${isSecure ? 'tls' : 'tcp'}://${at} host.getStats '{}'${options}`,
    `npx sallyport watch ${isSecure ? 'wss' : 'ws'}://${at} 'host.*'${options}`,
  ];
  const remark =
    login !== undefined
      ? `, where the first line waits for ${login}'s passcode`
      : isByCertificate
        ? ', with your own certificate and its key'
        : '';
  return `  In another shell${remark}:\n\n${lines.map((line) => `    ${line}\n`).join('')}\n  Ctrl-C ends it.`;
}

/** A text as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w.@%+:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
