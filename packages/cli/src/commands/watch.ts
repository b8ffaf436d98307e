// sallyport watch: events as they come, until somebody has seen enough.

import { AuthError, toError } from '@sallyport/core';
import { topicTokens } from '@sallyport/core/broker';
import type { EventItem, StompClient } from '@sallyport/core/client';
import type { OvirtClient, OvirtEvent } from '@sallyport/node';
import {
  checkOvirt,
  type Command,
  connectOptions,
  connectUsage,
  isOvirt,
  readConnect,
  readLine,
  readNumber,
  readUrl,
  UsageError,
} from '../command.js';
import { open, openHost } from '../connection.js';
import { endWithReader, formatError, formatEvent, standardOutput } from '../output.js';

const usage = `Usage: sallyport watch [options] URL PATTERN

Prints events as they come: readable on a terminal, one line of JSON each in a pipe.

  URL                tcp://, tls://, ws:// or wss://, such as wss://localhost:54321;
                     ovirt+tls:// or ovirt:// for an oVirt host
  PATTERN            host.stats, or host.* for one token, or host.# for any number;
                     of an oVirt host four parts, such as '*|virt|VM_status|*'

${connectUsage}
  --count N          end after N events
  --after CURSOR     go on behind an event seen before

If the connection is lost it is made again, and what was missed is printed; what is gone for good is said.
Ends by Ctrl-C. Exit codes: 0 ended, 1 it failed, 2 the command line is wrong.`;

export const watch: Command = {
  summary: 'print events as they come',
  usage,
  async run(args) {
    const options = { ...connectOptions, count: { type: 'string' }, after: { type: 'string' } } as const;
    const { values, positionals } = readLine(args, options, ['URL', 'PATTERN']);
    const [address, pattern] = positionals as [string, string];
    const url = readUrl(address);
    if (isOvirt(url)) checkParts(pattern);
    else checkPattern(pattern);
    const count = readNumber('count', values.count) ?? Infinity;
    const connection = readConnect(values, url);
    if (isOvirt(url)) checkOvirt(values);
    endWithReader();
    try {
      const client = isOvirt(url) ? await openHost(url, connection) : await open(url, connection);
      const stop = new AbortController();
      process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
      announce(client);
      try {
        await print(client, pattern, count, values.after, stop.signal);
      } finally {
        await client.close();
      }
      return 0;
    } catch (thrown) {
      console.error(`sallyport: ${isForbidden(thrown) ? forbidden(pattern) : formatError(toError(thrown))}`);
      return 1;
    }
  },
};

async function print(
  client: StompClient | OvirtClient,
  pattern: string,
  count: number,
  after: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const events = client.events(pattern, after === undefined ? {} : { after });
  signal.addEventListener('abort', () => void events.return());
  await Promise.race([events.ready, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
  let seen = 0;
  if (count > 0) {
    for await (const event of events) {
      standardOutput.write(format(event));
      if (event.gap === undefined && ++seen >= count) break;
    }
  }
}

function format(event: EventItem | OvirtEvent): string {
  if (standardOutput.isTerminal)
    return formatEvent(
      event.gap === undefined ? event : { name: 'lost events:', data: event.gap.missed ?? 'unknown' },
      new Date(),
      standardOutput,
    );
  const { name, data, gap } = event;
  const cursor = 'cursor' in event ? event.cursor : undefined;
  return JSON.stringify(gap === undefined ? { name, data, cursor } : { name, gap });
}

/** Says on standard error what becomes of the connection. */
function announce(client: StompClient | OvirtClient): void {
  let lost = false;
  client.onState((state, { error }) => {
    // Then that is what ends the command.
    if (isForbidden(error)) return;
    if (state === 'reconnecting' && !lost)
      console.error(`sallyport: ${error?.message ?? 'the connection was lost'}; trying again`);
    if (state === 'connected' && lost) console.error('sallyport: connected again');
    lost = state === 'reconnecting';
  });
}

function isForbidden(error: unknown): boolean {
  return error instanceof AuthError && error.code === 'ERR_FORBIDDEN';
}

function forbidden(pattern: string): string {
  return `not allowed to watch ${pattern}: it takes a right to subscribe /topic/${pattern}; say who has it by --login or --token`;
}

/** A wrong pattern is the command line's fault; the server would close the connection for it. */
function checkPattern(pattern: string): void {
  try {
    topicTokens(pattern, 'allowed');
  } catch (error) {
    throw new UsageError(`PATTERN: ${toError(error).message}`);
  }
}

/** The four parts of the events of an oVirt host. */
function checkParts(pattern: string): void {
  if (pattern.split('|').length === 4) return;
  throw new UsageError(
    `PATTERN: events of an oVirt host have four parts, such as '*|virt|VM_status|*', not ${pattern}`,
  );
}
