// What a command is, and how its line is read.

import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toError } from '@sallyport/core';
import { type NodeConnectOptions, type OvirtConnectOptions, readAddress } from '@sallyport/node';
import { certificateFault, pairFault } from './settings/pem-files.js';
import { didYouMean } from './spelling.js';

export interface Command {
  /** A line for the overview. */
  summary: string;
  /** What `--help` prints. */
  usage: string;
  /** Runs with the arguments behind the command's name; resolves with the exit code. */
  run(args: string[]): Promise<number>;
}

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {
  override get name(): string {
    return 'UsageError';
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** A command line that has been read. */
type Line<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>>;

/**
 * Reads a command line; throws UsageError for options that are unknown, and for too few or too many words.
 *
 * @param words what stands behind the options, such as `URL`; in brackets what may be left out
 */
export function readLine<const O extends Options>(args: string[], options: O, words: readonly string[]): Line<O> {
  checkOptions(args, options);
  const read = parseArgs({ args, options, allowPositionals: true });
  checkWords(read.positionals, words);
  return read;
}

/** What parseArgs says of a wrong option takes several lines, so it is looked for before. */
function checkOptions(args: string[], options: Options): void {
  const { tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw new UsageError(`there is no option ${rawName}${suggestion(rawName, options)}`);
    const isFlag = option.type === 'boolean';
    if (isFlag && value !== undefined) throw new UsageError(`${rawName} takes no value, so not ${value}`);
    if (isFlag) continue;
    if (value === undefined) throw new UsageError(`${rawName} needs a value behind it`);
    if (inlineValue === false && /^-./.test(value))
      throw new UsageError(`${rawName} needs a value behind it; one that begins with - is written ${rawName}=-…`);
  }
}

function suggestion(rawName: string, options: Options): string {
  const names = [...Object.keys(options), 'help'].map((name) => `--${name}`);
  return didYouMean(rawName, names);
}

function checkWords(given: readonly string[], words: readonly string[]): void {
  const needed = words.filter((word) => !word.startsWith('['));
  const missing = needed.slice(given.length);
  if (missing.length > 0)
    throw new UsageError(`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing: ${words.join(' ')}`);
  const surplus = given[words.length];
  if (surplus === undefined) return;
  if (words.length === 0) throw new UsageError(`${surplus} is too much: this takes nothing but options`);
  throw new UsageError(`${surplus} is too much behind ${words.join(' ')}; what has spaces is written in quotes`);
}

/** The options of all commands that connect. */
export const connectOptions = {
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  insecure: { type: 'boolean', short: 'k' },
  servername: { type: 'string' },
  'any-hostname': { type: 'boolean' },
  login: { type: 'string' },
  passcode: { type: 'string' },
  token: { type: 'string' },
  timeout: { type: 'string' },
} as const satisfies Options;

export const connectUsage = `  --ca FILE          trust the authority in this PEM file
  -k, --insecure     trust any certificate, such as the one a demo makes up
  --servername NAME  the certificate is that of NAME, whatever the URL has
  --any-hostname     of an oVirt host: trust what the authority of --ca has signed, whatever host it names
  --cert FILE        our own certificate, and
  --key FILE         its key, for servers that ask for one
  --login NAME       say who we are, with
  --passcode WORD    a passcode (or by SALLYPORT_PASSCODE in the environment, where others do not see it), or
  --token TOKEN      a token (or by SALLYPORT_TOKEN in the environment, where there is no --login)
  --timeout MS       how long to wait for a connection (10000), and for an answer (30000), milliseconds`;

type ConnectValues = {
  [Name in keyof typeof connectOptions]?:
    ((typeof connectOptions)[Name]['type'] extends 'boolean' ? boolean : string) | undefined;
};

/** What `call` and `watch` need to know of a connection, of either kind. */
export type ConnectionOptions = NodeConnectOptions & Pick<OvirtConnectOptions, 'anyHostname'>;

/** What the options mean to `connect`. */
export function readConnect(values: ConnectValues, url: URL): ConnectionOptions {
  const { ca, cert, key, insecure, servername, timeout } = values;
  const anyHostname = values['any-hostname'];
  checkPair(values);
  if (anyHostname === true && !isOvirt(url)) throw new UsageError('--any-hostname is for oVirt hosts only');
  if (servername === '') throw new UsageError('--servername must be a name, not empty');
  const milliseconds = readNumber('timeout', timeout);
  return {
    ...readPems({ ca, cert, key }),
    insecure: insecure === true,
    ...(servername !== undefined && { servername }),
    ...(anyHostname === true && { anyHostname }),
    timeout: milliseconds ?? 30_000,
    // A limit is above 0.
    ...(milliseconds !== undefined && { dialTime: milliseconds, limits: { connectTime: Math.max(milliseconds, 1) } }),
    auth: readAuth(values),
  };
}

/** Who we say we are; undefined is nobody. What would be left out silently is refused. */
function readAuth(values: ConnectValues): { login?: string; passcode?: string; token?: string } | undefined {
  const { login, cert } = values;
  checkLogin(values);
  if (values.token === '') throw new UsageError('--token must not be empty');
  // A login chooses who we are, whatever the environment has for others.
  const token = values.token ?? (login === undefined ? secretOf('SALLYPORT_TOKEN') : undefined);
  if (login === undefined) return token === undefined ? undefined : { token };
  const passcode = passcodeOf(values);
  // A certificate proves a login, too.
  if (passcode === undefined && token === undefined && cert === undefined)
    throw new UsageError(
      `--login ${login} needs a passcode: set SALLYPORT_PASSCODE in the environment, or say --passcode`,
    );
  return { login, ...(passcode !== undefined && { passcode }), ...(token !== undefined && { token }) };
}

/** Throws for half a login. */
export function checkLogin({ login, passcode }: { login?: string | undefined; passcode?: string | undefined }): void {
  if (login === '') throw new UsageError('--login must be a name, not empty');
  if (passcode === '') throw new UsageError('--passcode must not be empty');
  if (login === undefined && passcode !== undefined) throw new UsageError('--passcode needs --login NAME, whose it is');
}

/** Throws for a certificate without its key, or a key without its certificate. */
export function checkPair({ cert, key }: { cert?: string | undefined; key?: string | undefined }): void {
  if (cert !== undefined && key === undefined)
    throw new UsageError('--cert needs --key FILE, the key of the certificate');
  if (cert === undefined && key !== undefined)
    throw new UsageError('--key needs --cert FILE, the certificate it is of');
}

/** The passcode that goes with `--login`: a command line is seen by everybody on the machine, an environment is not. */
export function passcodeOf({ passcode }: { passcode?: string | undefined }): string | undefined {
  return passcode ?? secretOf('SALLYPORT_PASSCODE');
}

/** An empty one is what a variable is that somebody failed to fill. */
function secretOf(variable: string): string | undefined {
  return process.env[variable] || undefined;
}

/** Reads the files; throws for what is no certificate or key, as a server does for its own. */
function readPems(files: Pick<ConnectValues, 'ca' | 'cert' | 'key'>): Pick<NodeConnectOptions, 'ca' | 'cert' | 'key'> {
  const ca = readFile('ca', files.ca);
  const cert = readFile('cert', files.cert);
  const key = readFile('key', files.key);
  for (const [option, text] of Object.entries({ ca, cert })) {
    const fault = text === undefined ? undefined : certificateFault(text);
    if (fault !== undefined) throw new UsageError(`--${option}: ${files[option as 'ca' | 'cert']} ${fault}`);
  }
  const fault = cert === undefined || key === undefined ? undefined : pairFault(cert, key, files.cert!);
  if (fault !== undefined) throw new UsageError(`--key: ${files.key} ${fault}`);
  return { ca, cert, key };
}

function readFile(option: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--${option}: cannot read ${path}: ${toError(error).message}`);
  }
}

export function readNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number, not ${text}`);
}

/** Reads a URL of one of the schemes we connect by. */
export function readUrl(text: string): URL {
  let url: URL | undefined;
  let fault = '';
  try {
    url = readAddress(text);
  } catch (error) {
    fault = toError(error).message.replace('connect: ', '').replace('the option `auth`', '--login');
  }
  if (url !== undefined && (['tcp:', 'tls:', 'ws:', 'wss:'].includes(url.protocol) || isOvirt(url))) return url;
  if (/^[a-z+]+:\/|@/.test(text) && fault !== '') throw new UsageError(fault);
  throw new UsageError(
    `${text} is no URL that begins with tcp://, tls://, ws:// or wss://, nor that of an oVirt host, with ovirt+tls:// or ovirt://`,
  );
}

/** Whether a URL is that of an oVirt host, which knows its clients by their certificates. */
export function isOvirt({ protocol }: URL): boolean {
  return protocol === 'ovirt:' || protocol === 'ovirt+tls:';
}

/** Throws for options that mean nothing to an oVirt host. */
export function checkOvirt(values: Readonly<Record<string, unknown>>): void {
  for (const name of ['login', 'passcode', 'token', 'service', 'after'])
    if (values[name] !== undefined)
      throw new UsageError(`--${name} means nothing to an oVirt host; it knows us by --cert and --key`);
}
