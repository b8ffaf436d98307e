// A program that a test starts and that does not outlive it, whichever way the test ends.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Program {
  /** Whether it has ended. */
  readonly hasEnded: boolean;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  /** SIGKILL; its files stay. Resolves when it has ended. */
  kill(): Promise<void>;
}

export interface ProgramOptions {
  /** Where it runs, and where it leaves `<name>.log`. Removed if the test is killed. */
  folder: string;
  /** All of its environment, besides PATH. */
  env: Record<string, string>;
}

const guard = fileURLToPath(new URL('guard.mjs', import.meta.url));

/** Starts a program in a session of its own, so that the terminal's Ctrl-C ends it only by way of ours. */
export function startProgram(
  name: string,
  command: string,
  args: readonly string[],
  { folder, env }: ProgramOptions,
): Program {
  const child = spawn(process.execPath, [guard, name, command, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...env },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // A worker of the test run learns by this that the run was killed; its own end would do, but it need not end by itself.
  process.once('disconnect', () => child.stdin.end());
  // Writing to what has ended already.
  child.stdin.on('error', () => {});
  const program = {
    hasEnded: false,
    ended: new Promise<void>((resolve) =>
      child.on('exit', () => {
        program.hasEnded = true;
        resolve();
      }),
    ),
    kill: async () => {
      child.stdin.write('kill\n');
      await program.ended;
    },
  };
  return program;
}
