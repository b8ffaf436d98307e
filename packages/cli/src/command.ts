// What a command is, and how its line is read.

import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toError } from '@sallyport/core';
import type { NodeConnectOptions } from '@sallyport/node';

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
  constructor(
    message: string,
    readonly usage: string,
  ) {
    super(message);
  }
}

type Options = NonNullable<ParseArgsConfig['options']>;

/** A command line that has been read. */
type Line<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>>;

/** Reads a command line; throws UsageError for options that are unknown, and for too few or too many words. */
export function readLine<const O extends Options>(
  args: string[],
  options: O,
  words: [least: number, most: number],
  usage: string,
): Line<O> {
  let read: Line<O>;
  try {
    read = parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(toError(error).message, usage);
  }
  const count = read.positionals.length;
  if (count < words[0]) throw new UsageError('something is missing', usage);
  if (count > words[1]) throw new UsageError(`I do not understand ${read.positionals[words[1]]}`, usage);
  return read;
}

/** The options of all commands that connect. */
export const connectOptions = {
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  insecure: { type: 'boolean', short: 'k' },
  login: { type: 'string' },
  passcode: { type: 'string' },
  token: { type: 'string' },
  timeout: { type: 'string' },
} as const satisfies Options;

export const connectUsage = `  --ca FILE          trust the authority in this PEM file
  -k, --insecure     trust any certificate, such as the one a demo makes up
  --cert FILE        our own certificate, and
  --key FILE         its key, for servers that ask for one
  --login NAME       say who we are, with
  --passcode WORD    a passcode (or by SALLYPORT_PASSCODE in the environment, where others do not see it), or
  --token TOKEN      a token
  --timeout MS       how long to wait for an answer, milliseconds (30000)`;

type ConnectValues = { [Name in keyof typeof connectOptions]?: string | boolean | undefined };

/** What the options mean to `connect`. */
export function readConnect(values: ConnectValues, usage: string): NodeConnectOptions {
  const { login, token } = values as Record<string, string | undefined>;
  const passcode = login === undefined ? (values.passcode as string | undefined) : passcodeOf(values);
  return {
    ca: readFile(values.ca),
    cert: readFile(values.cert),
    key: readFile(values.key),
    insecure: values.insecure === true,
    timeout: readNumber('timeout', values.timeout as string | undefined, usage) ?? 30_000,
    auth: (login ?? token) ? { login, passcode, token } : undefined,
  };
}

/** The passcode that goes with `--login`: a command line is seen by everybody on the machine, an environment is not. */
export function passcodeOf({ passcode }: { passcode?: string | boolean | undefined }): string | undefined {
  return typeof passcode === 'string' ? passcode : process.env['SALLYPORT_PASSCODE'];
}

export function readFile(path: string | boolean | undefined): string | undefined {
  return typeof path === 'string' ? readFileSync(path, 'utf8') : undefined;
}

export function readNumber(name: string, text: string | undefined, usage: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new UsageError(`--${name} must be a whole number, not ${text}`, usage);
}

/** Reads a URL of one of the schemes we connect by. */
export function readUrl(text: string, usage: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['tcp:', 'tls:', 'ws:', 'wss:'].includes(url.protocol)) return url;
  throw new UsageError(`${text} is no URL that begins with tcp://, tls://, ws:// or wss://`, usage);
}
