// Starts the demo the way a user does, on a free port, and reads from what it prints where its page is.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));

export interface DemoServer {
  /** The page's address, with a slash at its end. */
  url: string;
  stop(): Promise<void>;
}

export interface DemoOptions {
  /** Default any that is free. */
  port?: string;
  /** Whoever else is to be kept out. */
  login?: { name: string; passcode: string };
}

/** Rejects with what the command said if it ends before it has said where the page is. */
export async function startDemo({ port = '0', login }: DemoOptions = {}): Promise<DemoServer> {
  const words = ['demo', '--port', port, ...(login === undefined ? [] : ['--login', login.name])];
  const child = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, NO_COLOR: '1', SALLYPORT_PASSCODE: login?.passcode },
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    let printed = '';
    const read = (text: string): void => {
      printed += text;
      const origin = /http:\/\/[^\s/]+:[1-9]\d*(?=[\s/])/.exec(printed)?.[0];
      if (origin !== undefined) resolve(`${origin}/`);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', read);
    child.once('error', reject);
    void ended.then(() => reject(new Error(`the demo has ended:\n${printed}`)));
  });
  return {
    url,
    async stop() {
      child.kill();
      await ended;
    },
  };
}
