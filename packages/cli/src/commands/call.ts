// sallyport call: one call, its result, the end.

import { RpcError, toError } from '@sallyport/core';
import {
  checkOvirt,
  type Command,
  connectOptions,
  connectUsage,
  isOvirt,
  readConnect,
  readLine,
  readUrl,
  UsageError,
} from '../command.js';
import { open, openHost } from '../connection.js';
import { endWithReader, formatError, formatValue, standardOutput } from '../output.js';

const usage = `Usage: sallyport call [options] URL METHOD [PARAMS]

Calls a method and prints its result: readable on a terminal, as one line of JSON in a pipe.

  URL                tcp://, tls://, ws:// or wss://, such as tcp://localhost:54321;
                     ovirt+tls:// or ovirt:// for an oVirt host
  METHOD             such as host.getStats; of an oVirt host, Host.getStats
  PARAMS             a JSON object or array

${connectUsage}
  --service NAME     call a service that another client serves

Exit codes: 0 a result, 1 an error or no answer, 2 the command line is wrong.`;

export const call: Command = {
  summary: 'call a method',
  usage,
  async run(args) {
    const options = { ...connectOptions, service: { type: 'string' } } as const;
    const { values, positionals } = readLine(args, options, ['URL', 'METHOD', '[PARAMS]']);
    const [address, method, params] = positionals as [string, string, string?];
    const url = readUrl(address);
    const readParams = parseParams(params);
    const connection = readConnect(values, url);
    if (isOvirt(url)) checkOvirt(values);
    endWithReader();
    try {
      const client = isOvirt(url) ? await openHost(url, connection) : await open(url, connection);
      try {
        const { service } = values;
        const result = await client.call(method, readParams, service === undefined ? {} : { service });
        standardOutput.write(formatValue(result, standardOutput));
      } finally {
        await client.close();
      }
      return 0;
    } catch (thrown) {
      const error = toError(thrown);
      const prefix = error instanceof RpcError ? '' : 'sallyport: ';
      console.error(prefix + formatError(error));
      return 1;
    }
  },
};

function parseParams(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  let params: unknown;
  try {
    params = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`PARAMS is not JSON: ${toError(error).message}`);
  }
  if (typeof params === 'object' && params !== null) return params;
  throw new UsageError(`PARAMS must be a JSON object or array, not ${JSON.stringify(params).slice(0, 80)}`);
}
