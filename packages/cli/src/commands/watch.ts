// sallyport watch: events as they come, until somebody has seen enough.

import { toError } from '@sallyport/core';
import { topicTokens } from '@sallyport/core/broker';
import type { EventItem, StompClient } from '@sallyport/core/client';
import { connect } from '@sallyport/node';
import {
  type Command,
  connectOptions,
  connectUsage,
  readConnect,
  readLine,
  readNumber,
  readUrl,
  UsageError,
} from '../command.js';
import { endWithReader, formatError, formatEvent, standardOutput } from '../output.js';

const usage = `Usage: sallyport watch [options] URL PATTERN

Prints events as they come: readable on a terminal, one line of JSON each in a pipe.

  URL                tcp://, tls://, ws:// or wss://, such as wss://localhost:54321
  PATTERN            host.stats, or host.* for one token, or host.# for any number

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
    const { values, positionals } = readLine(args, options, [2, 2], usage);
    const [address, pattern] = positionals as [string, string];
    const url = readUrl(address, usage);
    checkPattern(pattern);
    const count = readNumber('count', values.count, usage) ?? Infinity;
    endWithReader();
    try {
      const client = await connect(url, readConnect(values, usage));
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
      console.error(`sallyport: ${formatError(toError(thrown))}`);
      return 1;
    }
  },
};

async function print(
  client: StompClient,
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

function format(event: EventItem): string {
  if (standardOutput.isTerminal)
    return formatEvent(
      event.gap === undefined ? event : { name: 'lost events:', data: event.gap.missed ?? 'unknown' },
      new Date(),
      standardOutput,
    );
  const { name, data, cursor, gap } = event;
  return JSON.stringify(gap === undefined ? { name, data, cursor } : { name, gap });
}

/** Says on standard error what becomes of the connection. */
function announce(client: StompClient): void {
  let lost = false;
  client.onState((state, { error }) => {
    if (state === 'reconnecting' && !lost)
      console.error(`sallyport: ${error?.message ?? 'the connection was lost'}; trying again`);
    if (state === 'connected' && lost) console.error('sallyport: connected again');
    lost = state === 'reconnecting';
  });
}

/** A wrong pattern is the command line's fault; the server would close the connection for it. */
function checkPattern(pattern: string): void {
  try {
    topicTokens(pattern, 'allowed');
  } catch (error) {
    throw new UsageError(`PATTERN: ${toError(error).message}`, usage);
  }
}
