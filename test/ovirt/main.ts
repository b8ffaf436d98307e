// The command: shares a port for as long as asked, and tells what became of it.

import { parseArgs } from 'node:util';
import { sharePort } from './shared-port.js';

/** Resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { seconds: { type: 'string', default: '60' } } });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds must be a number above 0, not ${values.seconds}`);
  const { answered, slowest, faults } = await sharePort(seconds);
  for (const [kind, count] of Object.entries(answered)) {
    console.log(
      `${kind}: ${count} calls, ${Math.round(count / seconds)} a second, slowest ${Math.round(slowest[kind]!)} ms`,
    );
  }
  for (const fault of faults) console.error(fault);
  return faults.length > 0 ? 1 : 0;
}
