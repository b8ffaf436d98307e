// sallyport demo: a server on one port that reports this machine, with a page to look at it.

import type { Server, ServerAddress } from '@sallyport/node';
import { type Command, readLine } from '../command.js';
import { demoMethods } from '../demo-methods.js';
import { hostName } from '../server/greeting.js';
import { HostSampler } from '../host-stats.js';
import { HostDemo } from '../ovirt/host-demo.js';
import { readServerOptions, serverOptions, serverUsage, withXmlRpcPath } from '../settings/server-options.js';
import { runServer } from '../server/server-process.js';
import type { Settings } from '../settings/settings.js';
import { softwareVersion } from '../software-version.js';

const usage = `Usage: sallyport demo [options]

Starts a server on one port that TCP, TLS, WebSocket and HTTP share, and serves a page to look at it. Its methods:
host.getStats, echo, add, fail, slow and emit; its event host.stats comes each second. With --dialect ovirt it answers as
a small oVirt host, too: Host.ping, Host.getStats, Host.getCapabilities, Host.getVMFullList and VM.getStats, of machines
that are simulated; its events are |host|stats|<id> and |virt|VM_status|<id>.

${serverUsage}

Ends by Ctrl-C: calls in flight are answered first; a second one ends it at once. Exit codes: 0 ended, 1 it failed, 2 the
command line is wrong.`;

/** How often statistics are published, milliseconds. */
const INTERVAL = 1000;

export const demo: Command = {
  summary: 'start a server to try things out with, and a page',
  usage,
  async run(args) {
    const { values } = readLine(withXmlRpcPath(args), serverOptions, []);
    const settings = readServerOptions(values, { page: true, tls: true });
    const isHost = settings.dialect !== undefined;
    return runServer({
      read: () => Promise.resolve(settings),
      reloads: false,
      prepare: (server) => prepare(server, isHost),
      hint,
    });
  },
};

function prepare(server: Server, isHost: boolean): () => void {
  const sampler = new HostSampler();
  server.implement(demoMethods(server, sampler));
  const host = isHost ? new HostDemo(server, sampler, softwareVersion()) : undefined;
  if (host !== undefined) server.implement(host.methods);
  const ticking = setInterval(() => {
    server.emit('host.stats', sampler.sample());
    host?.tick();
  }, INTERVAL);
  return () => clearInterval(ticking);
}

/** Calls to paste into another shell, with the options that the server's own make necessary. */
function hint({ host, port }: ServerAddress, { tls, access, dialect }: Settings): string {
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
    ...(dialect === undefined || login !== undefined ? [] : hostLines(at, isSecure, options)),
  ];
  const remark =
    login !== undefined
      ? `, where the first line waits for ${login}'s passcode`
      : isByCertificate
        ? ', with your own certificate and its key'
        : '';
  return `  In another shell${remark}:\n\n${lines.map((line) => `    ${line}\n`).join('')}\n  Ctrl-C ends it.`;
}

/** The same as clients of an oVirt host do it, who have a certificate and no login. */
function hostLines(at: string, isSecure: boolean, options: string): string[] {
  const url = `${isSecure ? 'ovirt+tls' : 'ovirt'}://${at.replace('localhost', '127.0.0.1')}`;
  return [`npx sallyport call ${url} Host.ping${options}`, `npx sallyport watch ${url} '*|virt|VM_status|*'${options}`];
}

/** A text as one word of a shell. */
function shellWord(text: string): string {
  return /^[\w.@%+:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
