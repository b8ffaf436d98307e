// A call of the console as a command for the shell.

import type { Person } from './login.js';
import { readParams } from './params.js';

/** HTTP POST to the same port. It asks for the passcode of a login; a token is expected in the environment. */
export function asCurl(location: Location, method: string, params: string, person?: Person): string {
  const request = { jsonrpc: '2.0', id: 1, method, params: readParams(params).value };
  const body = quoted(JSON.stringify(request));
  const who = loginOption(person, (name) => ` -u ${name}`, ` -H "Authorization: Bearer $SALLYPORT_TOKEN"`);
  return `curl -s ${location.origin}/rpc -H 'Content-Type: application/json'${who} -d ${body}`;
}

/** The command line client of this very project, which takes the passcode from the environment. */
export function asSallyport(url: string, method: string, params: string, person?: Person): string {
  const value = readParams(params).value;
  const given = value === undefined ? '' : ` ${quoted(JSON.stringify(value))}`;
  const who = loginOption(person, (name) => ` --login ${name}`, ' --token "$SALLYPORT_TOKEN"');
  return `npx sallyport call ${url} ${method}${given}${who}`;
}

/** Never the secret itself: commands are seen and kept. */
function loginOption(person: Person | undefined, byName: (name: string) => string, byToken: string): string {
  if (person === undefined) return '';
  return person.name === undefined ? byToken : byName(quoted(person.name));
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
