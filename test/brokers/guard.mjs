// Runs a program that ends with whoever started it, even if that was killed: when nobody holds our input any more, the
// program is killed and its folder, where it has been run, is removed. `kill` on the input kills it and leaves the folder.
import { spawn } from 'node:child_process';
import { openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [name, command, ...args] = process.argv.slice(2);
const folder = process.cwd();
const log = openSync(join(folder, `${name}.log`), 'a');
const program = spawn(command, args, { stdio: ['ignore', log, log] });
let keep = false;
let over = false;

program.on('error', () => process.exit(127));
program.on('exit', (code) => {
  // Who still holds our input will see us end, and look at the log.
  if (over && !keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.exit(code ?? 0);
});

process.stdin.setEncoding('utf8');
process.stdin.on('data', (word) => {
  keep ||= word.includes('kill');
  if (keep) program.kill('SIGKILL');
});
process.stdin.on('end', () => {
  over = true;
  program.kill('SIGKILL');
});
