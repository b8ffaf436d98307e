// sallyport call: one call, its result, the end.

import { RpcError, toError } from '@sallyport/core';
import { connect } from '@sallyport/node';
import { type Command, connectOptions, connectUsage, readConnect, readLine, readUrl, UsageError } from '../command.js';
import { endWithReader, formatError, formatValue, standardOutput } from '../output.js';

const usage = `Usage: sallyport call [options] URL METHOD [PARAMS]

Calls a method and prints its result: readable on a terminal, as one line of JSON in a pipe.

  URL                tcp://, tls://, ws:// or wss://, such as tcp://localhost:54321
  METHOD             such as host.getStats
  PARAMS             a JSON object or array

${connectUsage}
  --service NAME     call a service that another client serves

Exit codes: 0 a result, 1 an error or no answer, 2 the command line is wrong.`;

export const call: Command = {
  summary: 'call a method',
  usage,
  async run(args) {
    const options = { ...connectOptions, service: { type: 'string' } } as const;
    const { values, positionals } = readLine(args, options, [2, 3], usage);
    const [address, method, params] = positionals as [string, string, string?];
    const url = readUrl(address, usage);
    const readParams = parseParams(params);
    const connection = readConnect(values, usage);
    endWithReader();
    try {
      const client = await connect(url, connection);
      try {
        const result = await client.call(method, readParams, { service: values.service });
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
    throw new UsageError(`PARAMS is not JSON: ${toError(error).message}`, usage);
  }
  if (typeof params === 'object' && params !== null) return params;
  throw new UsageError('PARAMS must be a JSON object or array', usage);
}
