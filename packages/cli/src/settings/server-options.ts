// The options of `demo` and `serve`: what a server is told on the command line.

import { resolve } from 'node:path';
import { pageRoot } from '@sallyport/dashboard';
import { defaultPort } from '@sallyport/node';
import { checkLogin, checkPair, passcodeOf, readNumber, UsageError } from '../command.js';
import { checkLimit, type GivenLimits, knownLimits, sortLimits } from './limits.js';
import { readDialectName, readXmlRpcPath } from './dialect.js';
import { readHost, readNetwork, readOrigin, readServerName } from './network-names.js';
import { allRights } from '../access/rights.js';
import type { Settings } from './settings.js';
import type { NamedFile, TlsSettings } from './tls-settings.js';
import type { UserTable } from '../access/users.js';

export const serverOptions = {
  port: { type: 'string' },
  host: { type: 'string' },
  login: { type: 'string' },
  passcode: { type: 'string' },
  tls: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  'client-ca': { type: 'string' },
  'server-name': { type: 'string', multiple: true },
  'require-alpn': { type: 'boolean' },
  origin: { type: 'string', multiple: true },
  'allow-host': { type: 'string', multiple: true },
  proxy: { type: 'string', multiple: true },
  limit: { type: 'string', multiple: true },
  dialect: { type: 'string' },
  'xml-rpc': { type: 'string' },
  page: { type: 'boolean' },
  insecure: { type: 'boolean' },
} as const;

export const serverUsage = `  --port N             the port (${defaultPort}); 0 is any that is free
  --host ADDRESS       the address to listen on (127.0.0.1: this machine only)
  --login NAME         let in nobody but NAME, with
  --passcode WORD      this passcode. Other users of this machine can see it here; rather set SALLYPORT_PASSCODE
                       in the environment
  --cert FILE          the certificate, PEM, and
  --key FILE           its key, PEM, without a passphrase
  --tls WHICH          required refuses plain connections, optional takes both (optional); without --cert and --key
                       a certificate is made up
  --client-ca FILE     ask clients for a certificate. One that this authority, PEM, has signed lets in, under its
                       common name; nobody comes in without it, unless there is a --login too
  --server-name NAME   refuse clients that ask for another name in the TLS handshake; may be given several times
  --require-alpn       refuse TLS clients that do not name a protocol
  --origin ORIGIN      let pages of this origin in, such as http://localhost:5173; may be given several times
  --allow-host NAME    answer HTTP requests for this name, and for localhost, only; may be given several times
  --proxy ADDRESS      expect the PROXY protocol, version 1 or 2, from this address or network, such as 10.0.0.0/8;
                       may be given several times
  --dialect ovirt      serve clients of oVirt's hosts, too: each connection is told by what it says first
  --xml-rpc [PATH]     answer XML-RPC by HTTP at this path (/RPC2); with a dialect it is there anyway
  --limit NAME=VALUE   set a limit, such as body=1000000; may be given several times
  --insecure           listen beyond this machine although everybody may do everything`;

type Options = typeof serverOptions;

export type ServerValues = {
  [Name in keyof Options]?: Options[Name] extends { multiple: true }
    ? string[]
    : Options[Name] extends { type: 'boolean' }
      ? boolean
      : string;
};

/** What is so unless an option says otherwise. */
export interface ServerDefaults {
  page: boolean;
  /** Whether there is TLS, by a certificate that is made up, although nobody asked for it. */
  tls: boolean;
}

/** Puts in the path that `--xml-rpc` has where it stands alone: `parseArgs` knows no option that may. */
export function withXmlRpcPath(args: string[]): string[] {
  const isAlone = (arg: string, at: number): boolean => arg === '--xml-rpc' && args[at + 1]?.startsWith('/') !== true;
  return args.map((arg, at) => (isAlone(arg, at) ? '--xml-rpc=/RPC2' : arg));
}

/** Reads the options; throws UsageError. */
export function readServerOptions(values: ServerValues, defaults: ServerDefaults): Settings {
  const each = <T>(name: 'origin' | 'allow-host' | 'proxy', read: (text: string) => T): T[] | undefined =>
    values[name]?.map((text) => attempt(`--${name}`, () => read(text)));
  const one = <T>(name: 'dialect' | 'xml-rpc', read: (text: string) => T): T | undefined => {
    const text = values[name];
    return text === undefined ? undefined : attempt(`--${name}`, () => read(text));
  };
  const { limits, heartBeat } = readLimits(values.limit);
  return {
    port: readPort(values.port) ?? defaultPort,
    host: values.host ?? '127.0.0.1',
    tls: readTlsOptions(values, defaults.tls),
    origins: each('origin', readOrigin) ?? [],
    allowedHosts: each('allow-host', readHost),
    proxies: each('proxy', readNetwork),
    limits,
    heartBeat,
    dialect: one('dialect', readDialectName),
    xmlRpc: one('xml-rpc', readXmlRpcPath),
    page: (values.page ?? defaults.page) ? pageRoot : undefined,
    insecure: values.insecure ?? false,
    access: readAccess(values),
  };
}

export function readPort(text: string | undefined): number | undefined {
  const port = readNumber('port', text);
  if (port !== undefined && port > 65_535) throw new UsageError(`--port must be at most 65535, not ${port}`);
  return port;
}

function readAccess(values: ServerValues): UserTable | undefined {
  const { login, 'client-ca': authority } = values;
  checkLogin(values);
  const passcode = login === undefined ? undefined : passcodeOf(values);
  if (login !== undefined && passcode === undefined)
    throw new UsageError(
      `--login ${login} needs a passcode: set SALLYPORT_PASSCODE in the environment, or say --passcode`,
    );
  if (login === undefined && authority === undefined) return undefined;
  return {
    users: login === undefined ? [] : [{ name: login, passcode, rights: allRights }],
    certified: authority === undefined ? undefined : allRights,
  };
}

function readTlsOptions(values: ServerValues, always: boolean): TlsSettings | undefined {
  const { tls, cert, key, 'client-ca': ca, 'server-name': serverNames, 'require-alpn': requireAlpn } = values;
  checkPair(values);
  if (tls !== undefined && tls !== 'optional' && tls !== 'required')
    throw new UsageError(`--tls must be optional or required, not ${tls}`);
  if (!always && tls === undefined && cert === undefined) {
    const needing = (['client-ca', 'server-name', 'require-alpn'] as const).find((name) => values[name] !== undefined);
    if (needing === undefined) return undefined;
    throw new UsageError(`--${needing} needs --cert and --key, or --tls for a certificate that is made up`);
  }
  const file = (name: 'cert' | 'key' | 'client-ca', path: string | undefined): NamedFile | undefined =>
    path === undefined ? undefined : { path: resolve(path), by: `--${name}` };
  return {
    cert: file('cert', cert),
    key: file('key', key),
    ca: file('client-ca', ca),
    requestCert: ca !== undefined,
    rejectUnauthorized: values.login === undefined,
    required: tls === 'required',
    serverNames: serverNames?.map((name) => attempt('--server-name', () => readServerName(name))),
    requireAlpn: requireAlpn ?? false,
  };
}

function readLimits(given: readonly string[] = []): GivenLimits {
  return attempt('--limit', () =>
    sortLimits(
      given.map((text): [string, number] => {
        const [, name, value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
        if (name === undefined)
          throw new Error(`must be a name and a number such as body=1000000, not ${text}; ${knownLimits}`);
        if (/^\d+(\.\d+)?$/.test(value)) return [name, Number(value)];
        checkLimit(name, 1);
        throw new Error(`${name} must be a number, not ${value === '' ? 'empty' : value}`);
      }),
    ),
  );
}

/** Runs a check; what it says is the command line's fault. */
function attempt<T>(option: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new UsageError(`${option}: ${(error as Error).message}`);
  }
}
