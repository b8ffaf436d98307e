// The configuration file of `sallyport serve`.

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { pageRoot } from '@sallyport/dashboard';
import { defaultPort } from '@sallyport/node';
import { readRights, readUsers } from './config-users.js';
import { ConfigError, ConfigValue } from './config-value.js';
import { readDialect, readXmlRpc } from './dialect.js';
import { checkLimit, sortLimits } from './limits.js';
import { readHost, readNetwork, readOrigin, readServerName } from './network-names.js';
import type { Settings } from './settings.js';
import type { NamedFile, TlsSettings } from './tls-settings.js';
import type { UserTable } from '../access/users.js';

const names = [
  'port',
  'host',
  'tls',
  'origins',
  'allowedHosts',
  'proxies',
  'limits',
  'heartBeat',
  'page',
  'dialect',
  'xmlRpc',
  'insecure',
  'users',
  'anonymous',
] as const;

const tlsNames = [
  'cert',
  'key',
  'ca',
  'requestCert',
  'rejectUnauthorized',
  'required',
  'serverNames',
  'requireAlpn',
] as const;

/** Reads a file; throws ConfigError that names the file, and the place in it. */
export async function readConfig(file: string): Promise<Settings> {
  const path = resolve(file);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`cannot read the configuration: ${(error as Error).message}`);
  }
  try {
    return { ...parseConfig(text, dirname(path)), file: path };
  } catch (error) {
    if (error instanceof ConfigError) error.message = `${file}: ${error.message}`;
    throw error;
  }
}

/** Takes a configuration apart; its paths are relative to a folder. */
export function parseConfig(text: string, folder: string): Settings {
  const config = parseJson(text);
  const members = config.members(names);
  const { port, host, tls, origins, allowedHosts, proxies, limits, heartBeat, page, dialect, xmlRpc, insecure } =
    members;
  const given = readLimits(limits);
  const access = readAccess(config, members);
  const settings: Settings = {
    port: port === undefined ? defaultPort : readPort(port),
    host: host?.text() ?? '127.0.0.1',
    tls: tls && readTlsSettings(tls, folder),
    origins: origins?.list().map((one) => one.check(readOrigin)) ?? [],
    allowedHosts: allowedHosts?.list().map((one) => one.check(readHost)),
    proxies: proxies?.list().map((one) => one.check(readNetwork)),
    limits: given.limits,
    heartBeat: { ...given.heartBeat, ...(heartBeat && { heartBeat: readHeartBeat(heartBeat) }) },
    page: page && readPage(page, folder),
    dialect: dialect && readDialect(dialect),
    xmlRpc: xmlRpc && readXmlRpc(xmlRpc),
    insecure: insecure?.flag() ?? false,
    access,
  };
  const byCertificate = access.users.find(({ certificate }) => certificate !== undefined);
  if (byCertificate !== undefined && settings.tls?.ca === undefined)
    config.fail(
      `users.${byCertificate.name}.certificate: needs tls.ca, the authority that signs certificates of users`,
    );
  return settings;
}

function parseJson(text: string): ConfigValue {
  try {
    return new ConfigValue(JSON.parse(text));
  } catch (error) {
    throw new ConfigError(`is no JSON: ${(error as Error).message}`);
  }
}

type Members = Partial<Record<(typeof names)[number], ConfigValue>>;

function readAccess(config: ConfigValue, { users, anonymous, dialect }: Members): UserTable {
  if (users === undefined && anonymous === undefined)
    config.fail(
      'nobody could come in: name users, or say "anonymous": { "rights": "all" } if everybody may do everything',
    );
  const isOvirt = dialect !== undefined;
  return {
    users: users === undefined ? [] : readUsers(users, isOvirt),
    anonymous: anonymous && readRights(anonymous.members(['rights']).rights, isOvirt),
  };
}

function readPort(value: ConfigValue): number {
  const port = value.number(65_535);
  return Number.isInteger(port) ? port : value.fail('must be a whole number');
}

function readTlsSettings(value: ConfigValue, folder: string): TlsSettings {
  const { cert, key, ca, requestCert, rejectUnauthorized, required, serverNames, requireAlpn } =
    value.members(tlsNames);
  if (cert === undefined) value.fail('cert is missing: the file of a certificate, PEM');
  if (key === undefined) value.fail('key is missing: the file of the key of cert, PEM');
  if (requestCert?.is(true) && ca === undefined) requestCert.fail('needs ca, the authority that signs certificates');
  const file = (one: ConfigValue): NamedFile => ({ path: resolve(folder, one.text()), by: one.path });
  return {
    cert: file(cert),
    key: file(key),
    ca: ca && file(ca),
    requestCert: requestCert?.flag() ?? ca !== undefined,
    // Users without a certificate may have a passcode.
    rejectUnauthorized: rejectUnauthorized?.flag() ?? false,
    required: required?.flag() ?? false,
    serverNames: serverNames?.list().map((one) => one.check(readServerName)),
    requireAlpn: requireAlpn?.flag() ?? false,
  };
}

function readLimits(value: ConfigValue | undefined): ReturnType<typeof sortLimits> {
  const given = value?.entries().map(([name, limit]) => {
    const number = limit.number();
    try {
      checkLimit(name, number);
    } catch (error) {
      limit.fail((error as Error).message);
    }
    return [name, number] as const;
  });
  return sortLimits(given ?? []);
}

function readHeartBeat(value: ConfigValue): { outgoing?: number; incoming?: number } {
  const { outgoing, incoming } = value.members(['outgoing', 'incoming']);
  return { ...(outgoing && { outgoing: outgoing.number() }), ...(incoming && { incoming: incoming.number() }) };
}

/** True is the page that comes with Sallyport; anything else is a folder. */
function readPage(value: ConfigValue, folder: string): string | URL | undefined {
  if (value.is(true)) return pageRoot;
  return value.is(false) ? undefined : resolve(folder, value.text());
}
