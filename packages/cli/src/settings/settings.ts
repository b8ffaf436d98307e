// What a server of this command is started with, whether that was said on the command line or in a file.

import {
  isLoopback,
  loopbackHosts,
  type OvirtDialect,
  type ServerLimits,
  type ServerOptions,
  type ServerTlsOptions,
} from '@sallyport/node';
import { UsageError } from '../command.js';
import { allRights, exceeds } from '../access/rights.js';
import { ConfigError } from './config-value.js';
import { type TlsSettings, tlsFiles } from './tls-settings.js';
import type { Users, UserTable } from '../access/users.js';

export interface Settings {
  /** The file they were read from. */
  file?: string | undefined;
  port: number;
  host: string;
  tls?: TlsSettings | undefined;
  origins: readonly string[];
  allowedHosts?: readonly string[] | undefined;
  proxies?: readonly string[] | undefined;
  limits: Partial<ServerLimits>;
  heartBeat: Pick<ServerOptions, 'heartBeat' | 'leastHeartBeat' | 'heartBeatGrace' | 'leastGrace'>;
  page?: string | URL | undefined;
  dialect?: OvirtDialect | undefined;
  xmlRpc?: boolean | string | undefined;
  insecure: boolean;
  /** Who may come in; without it everybody may, and may do everything. */
  access?: UserTable | undefined;
}

/** The files that settings are made of. */
export function filesOf({ file, tls }: Settings): string[] {
  return [...(file === undefined ? [] : [file]), ...tlsFiles(tls)];
}

/** The settings as `createServer` takes them. */
export function toServerOptions(
  settings: Settings,
  tls: ServerTlsOptions | undefined,
  users: Users | undefined,
): ServerOptions {
  const { proxies, limits, heartBeat, page, dialect, xmlRpc, insecure, file } = settings;
  return {
    tls,
    ...toDoors(settings),
    page,
    dialect,
    xmlRpc,
    insecure,
    limits,
    ...heartBeat,
    ...(proxies && { proxies }),
    authenticate: users?.authenticate,
    // Whoever the command line lets in may do everything.
    authorize: file === undefined ? undefined : users?.authorize,
  };
}

/** What pages and names are let in. */
export function toDoors({ origins, allowedHosts }: Settings): Pick<ServerOptions, 'origins' | 'allowedHosts'> {
  // No page but this machine's own goes by the names of loopback.
  return { origins, allowedHosts: allowedHosts && [...allowedHosts, ...loopbackHosts] };
}

/** Throws UsageError, or ConfigError, if strangers of other machines could do everything, and nobody said that they shall. */
export function checkReach({ file, host, insecure, access }: Settings): void {
  if (insecure || isLoopback(host)) return;
  const isOpen = access === undefined || (access.anonymous !== undefined && !exceeds(allRights, access.anonymous));
  if (!isOpen) return;
  const Mistake = file === undefined ? UsageError : ConfigError;
  throw new Mistake(
    `other machines reach ${host}, and everybody may do everything there: name who may come in (--login, --client-ca, or ` +
      'users in a file), or say --insecure ("insecure": true)',
  );
}
