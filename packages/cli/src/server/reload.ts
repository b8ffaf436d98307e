// Applies changed settings to a server that runs. If something is wrong with them, that is said, and nothing changes.

import { isDeepStrictEqual } from 'node:util';
import { ConnectionError, toError } from '@sallyport/core';
import type { Server } from '@sallyport/node';
import { checkReach, type Settings, toDoors } from '../settings/settings.js';
import { readTls, type TlsSettings } from '../settings/tls-settings.js';
import { Authority } from '../access/authority.js';
import type { Users } from '../access/users.js';

export interface ReloadOptions {
  server: Pick<Server, 'sessions' | 'reloadTls' | 'allow'>;
  users: Users | undefined;
  /** What the server was started with. */
  settings: Settings;
  /** Reads the settings anew. */
  read: () => Promise<Settings>;
  say: (message: string) => void;
}

/** What is the server's for as long as it runs. */
const lasting = ['port', 'host', 'proxies', 'limits', 'heartBeat', 'page', 'dialect', 'xmlRpc', 'insecure'] as const;

export class Reload {
  private running: Promise<void> | undefined;
  private again = false;

  constructor(private readonly options: ReloadOptions) {}

  /** The settings that hold now. */
  get settings(): Settings {
    return this.options.settings;
  }

  /** Reads and applies; if that is being done already, then once more. Never rejects. */
  run(): Promise<void> {
    this.again = true;
    return (this.running ??= this.runAll().finally(() => (this.running = undefined)));
  }

  private async runAll(): Promise<void> {
    while (this.again) {
      this.again = false;
      try {
        await this.apply(await this.options.read());
      } catch (error) {
        this.options.say(`nothing has been changed: ${toError(error).message}`);
      }
    }
  }

  private async apply(read: Settings): Promise<void> {
    const { server, users, say } = this.options;
    const next: Settings = { ...this.settings, ...pickReloadable(read), tls: nextTls(this.settings.tls, read.tls) };
    checkReach(next);
    const tls = next.tls?.cert === undefined ? undefined : await readTls(next.tls);
    const authority = tls?.ca === undefined ? undefined : new Authority(tls.ca);
    // Nothing below can fail: it is all or nothing.
    if (tls) server.reloadTls(tls);
    server.allow(toDoors(next));
    const leaving = next.access && users ? users.replace(next.access, server.sessions, authority) : [];
    for (const session of leaving)
      void session.close(new ConnectionError('ERR_CLOSED', 'what this user may do has changed'));
    const waiting = differences(this.settings, read);
    this.options.settings = next;
    say(`changes have been applied${waiting.length === 0 ? '' : `; ${waiting.join(', ')}: only after a restart`}`);
  }
}

function pickReloadable({
  origins,
  allowedHosts,
  access,
}: Settings): Pick<Settings, 'origins' | 'allowedHosts' | 'access'> {
  return { origins, allowedHosts, access };
}

/** Files and names may be others; whether there is TLS at all, and what is asked of clients, may not. */
function nextTls(now: TlsSettings | undefined, read: TlsSettings | undefined): TlsSettings | undefined {
  if (now?.cert === undefined || read?.cert === undefined) return now;
  const { cert, key, ca, serverNames, requireAlpn } = read;
  return { ...now, cert, key, ...(now.ca && ca && { ca }), serverNames, requireAlpn };
}

/** The names of what has changed and takes a restart. */
function differences(running: Settings, read: Settings): string[] {
  const names: string[] = lasting.filter((name) => !isDeepStrictEqual(running[name], read[name]));
  return isDeepStrictEqual(lastingOf(running.tls), lastingOf(read.tls)) ? names : [...names, 'tls'];
}

/** What of TLS is the server's for as long as it runs. */
function lastingOf(tls: TlsSettings | undefined): unknown[] {
  return tls === undefined
    ? []
    : [tls.cert === undefined, tls.ca === undefined, tls.requestCert, tls.rejectUnauthorized, tls.required];
}
