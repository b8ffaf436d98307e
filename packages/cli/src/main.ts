// The command `sallyport`: finds the command asked for, runs it, and ends with its exit code.

import { toError } from '@sallyport/core';
import { call } from './commands/call.js';
import { demo } from './commands/demo.js';
import { passcode } from './commands/passcode.js';
import { serve } from './commands/serve.js';
import { watch } from './commands/watch.js';
import type { Command } from './command.js';
import { UsageError } from './command.js';
import { ConfigError } from './settings/config-value.js';
import { softwareVersion } from './software-version.js';
import { didYouMean } from './spelling.js';

const commands: Readonly<Record<string, Command>> = { demo, serve, call, watch, passcode };

const overview = `Usage: sallyport <command> [options]

JSON-RPC and events over STOMP, both ways, through one port.

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join('\n')}

sallyport <command> --help tells more; sallyport --version tells which this is.
Exit codes: 0 all is well, 1 it failed, 2 the command line or the configuration is wrong.`;

async function run([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(overview);
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    console.log(softwareVersion());
    return 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined)
    throw new UsageError(`there is no command ${name}${didYouMean(name, Object.keys(commands))}`);
  if (args.includes('--help') || args.includes('-h')) {
    console.log(command.usage);
    return 0;
  }
  return command.run(args);
}

/** Where to read on: the help of the command, if there is such a command. */
function hintFor([name = '']: string[]): string {
  return `sallyport ${Object.hasOwn(commands, name) ? `${name} ` : ''}--help tells more`;
}

const words = process.argv.slice(2);
try {
  process.exitCode = await run(words);
} catch (thrown) {
  const error = toError(thrown);
  console.error(`sallyport: ${error.message}`);
  if (error instanceof UsageError) console.error(hintFor(words));
  process.exitCode = [UsageError, ConfigError].some((kind) => error instanceof kind) ? 2 : 1;
}
