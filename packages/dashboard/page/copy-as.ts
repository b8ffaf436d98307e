// A call of the console as a command for the shell.

import { readParams } from './params.js';

/** HTTP POST to the same port. */
export function asCurl(location: Location, method: string, params: string): string {
  const request = { jsonrpc: '2.0', id: 1, method, params: readParams(params).value };
  const body = quoted(JSON.stringify(request));
  return `curl -s ${location.origin}/rpc -H 'Content-Type: application/json' -d ${body}`;
}

/** The command line client of this very project. */
export function asSallyport(url: string, method: string, params: string): string {
  const value = readParams(params).value;
  const given = value === undefined ? '' : ` ${quoted(JSON.stringify(value))}`;
  return `npx sallyport call ${url} ${method}${given}`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
