// A server as a process: from its settings to its end by a signal.

import { createServer, type Server, type ServerAddress } from '@sallyport/node';
import { FileWatch } from './file-watch.js';
import { greeting } from './greeting.js';
import { Reload } from './reload.js';
import { checkReach, filesOf, type Settings, toServerOptions } from '../settings/settings.js';
import { readTls } from '../settings/tls-settings.js';
import { Users } from '../access/users.js';

export interface ServerProcess {
  /** Reads the settings; a second time when they have changed, if `reloads`. */
  read: () => Promise<Settings>;
  /** Whether changed files and SIGHUP make the server read its settings again. */
  reloads: boolean;
  /** Runs before the port is opened. Returns what ends when the server does. */
  prepare?: (server: Server) => () => void;
  /** What to say below the greeting. */
  hint: (address: ServerAddress, settings: Settings) => string;
}

/** Runs until a signal ends it; resolves with the exit code. */
export async function runServer({ read, reloads, prepare, hint }: ServerProcess): Promise<number> {
  const settings = await read();
  checkReach(settings);
  const tls = settings.tls && (await readTls(settings.tls));
  const users = settings.access && new Users(settings.access, { connectTime: settings.limits.connectTime });
  const server = createServer({
    ...toServerOptions(settings, tls, users),
    log: (level, message) => say(`${level}: ${message}`),
    onError: (error, method) => say(`error: ${method}: ${error.stack ?? error.message}`),
  });
  const release = prepare?.(server);
  try {
    const address = await listen(server, settings);
    const ended = untilSignal(server);
    console.log(`${greeting(address, settings)}\n${hint(address, settings)}\n`);
    const stop = reloads ? await keepUp({ server, users, settings, read, say }) : undefined;
    await ended;
    stop?.();
    return 0;
  } finally {
    release?.();
  }
}

async function listen(server: Server, { port, host }: Settings): Promise<ServerAddress> {
  try {
    return await server.listen({ port, host });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const said: Record<string, string> = {
      EADDRINUSE: `port ${port} is in use; choose another with --port`,
      EACCES: `port ${port} is not ours to open; choose one above 1023 with --port`,
      EADDRNOTAVAIL: `this machine has no address ${host} (--host)`,
      ENOTFOUND: `there is no host ${host} (--host)`,
    };
    throw new Error(said[code ?? ''] ?? message, { cause });
  }
}

/** Applies what changes in the files, now and at each SIGHUP. Returns what ends that. */
async function keepUp(options: ConstructorParameters<typeof Reload>[0]): Promise<() => void> {
  const reload = new Reload(options);
  const watch = new FileWatch({ files: () => filesOf(reload.settings), changed: () => reload.run() });
  await watch.start();
  const hangUp = (): void => void watch.run();
  process.on('SIGHUP', hangUp);
  return () => {
    watch.stop();
    process.off('SIGHUP', hangUp);
  };
}

/** Drains the server when the process is asked to end; asked a second time, it ends at once. */
function untilSignal(server: Server): Promise<void> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  return new Promise((resolve, reject) => {
    const atOnce = (): never => process.exit(0);
    const first = (): void => {
      for (const signal of signals) process.off(signal, first).on(signal, atOnce);
      say('draining …');
      server.drain().then(resolve, reject);
    };
    for (const signal of signals) process.on(signal, first);
  });
}

function say(message: string): void {
  console.error(message);
}
