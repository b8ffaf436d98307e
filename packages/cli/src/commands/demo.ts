// sallyport demo: a server on one port that reports this machine, with a page to look at it.

import { pageRoot } from '@sallyport/dashboard';
import { createServer, defaultPort, type Server, type ServerAddress } from '@sallyport/node';
import { type Command, readFile, readLine, readNumber, UsageError } from '../command.js';
import { demoMethods } from '../demo-methods.js';
import { HostSampler } from '../host-stats.js';
import { paint } from '../output.js';

const usage = `Usage: sallyport demo [options]

Starts a server on one port that TCP, TLS, WebSocket and HTTP share, and serves a page to look at it. Its methods:
host.getStats, echo, add, fail, slow and emit; its event host.stats comes each second.

  --port N           the port (${defaultPort}); 0 is any that is free
  --host ADDRESS     the address to listen on (127.0.0.1: this machine only)
  --cert FILE        the certificate, PEM, and
  --key FILE         its key; without them a certificate is made up at the start
  --origin ORIGIN    let pages of this origin in, such as http://localhost:5173; may be given several times
  --insecure         listen beyond this machine although everybody may do everything

Ends by Ctrl-C. Exit codes: 0 ended, 1 it failed, 2 the command line is wrong.`;

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  origin: { type: 'string', multiple: true },
  insecure: { type: 'boolean' },
} as const;

/** How often statistics are published, milliseconds. */
const INTERVAL = 1000;

export const demo: Command = {
  summary: 'start a server to try things out with, and a page',
  usage,
  async run(args) {
    const { values } = readLine(args, options, [0, 0], usage);
    const port = readNumber('port', values.port, usage) ?? defaultPort;
    if (port > 65_535) throw new UsageError('--port must be at most 65535', usage);
    if ((values.cert === undefined) !== (values.key === undefined))
      throw new UsageError('--cert and --key go together', usage);
    const tls = values.cert === undefined ? 'optional' : { cert: readFile(values.cert), key: readFile(values.key) };
    const log = (level: string, message: string): void => console.error(`${level}: ${message}`);
    const server = createServer({
      tls,
      page: pageRoot,
      origins: values.origin,
      insecure: values.insecure,
      log,
      onError: (error, method) => log('error', `${method}: ${error.stack ?? error.message}`),
    });
    const sampler = new HostSampler();
    server.implement(demoMethods(server, sampler));
    const address = await listen(server, port, values.host);
    console.log(greeting(address, values.cert === undefined));
    const ticking = setInterval(() => server.emit('host.stats', sampler.sample()), INTERVAL);
    await interrupted();
    clearInterval(ticking);
    await server.close();
    return 0;
  },
};

async function listen(server: Server, port: number, host: string | undefined): Promise<ServerAddress> {
  try {
    return await server.listen(host === undefined ? { port } : { port, host });
  } catch (cause) {
    const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
    throw inUse ? new Error(`port ${port} is in use; choose another with --port`, { cause }) : cause;
  }
}

function greeting({ host, port }: ServerAddress, madeUp: boolean): string {
  const name =
    host === '127.0.0.1' || host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  const at = `${name}:${port}`;
  const insecure = madeUp ? '  (its certificate is made up: --insecure)' : '';
  return `
  ${paint('bold', 'Sallyport')} is listening, everything on one port:

    page       ${paint('cyan', `http://${at}/`)}
    STOMP      tcp://${at}
               tls://${at}${insecure}
    WebSocket  ws://${at}
               wss://${at}
    JSON-RPC   http://${at}/rpc  (POST)

  In another shell:

    npx sallyport call tcp://${at} host.getStats '{}'
    npx sallyport watch ws://${at} 'host.*'

  Ctrl-C ends it.
`;
}

/** Resolves when the process is asked to end. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve);
  });
}
