// What commands print: for eyes on a terminal, for programs in a pipe.

import { inspect, styleText } from 'node:util';
import { ConnectionError, RpcError, TimeoutError } from '@sallyport/core';

/** Where output goes. */
export interface Output {
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  write(line: string): void;
}

export const standardOutput: Output = {
  get isTerminal() {
    return process.stdout.isTTY === true;
  },
  write(line) {
    process.stdout.write(line + '\n');
  },
};

/** A value as a person or a program reads it best. */
export function formatValue(value: unknown, { isTerminal }: Pick<Output, 'isTerminal'>): string {
  if (!isTerminal) return JSON.stringify(value) ?? 'null';
  return inspect(value, { colors: process.stdout.hasColors?.() ?? false, depth: null, breakLength: 100, compact: 3 });
}

/** An event on one line, or on as many as its data need. */
export function formatEvent(
  event: { name: string; data: unknown },
  at: Date,
  output: Pick<Output, 'isTerminal'>,
): string {
  const time = at.toTimeString().slice(0, 8);
  return `${paint('gray', time)} ${paint('cyan', event.name)} ${formatValue(event.data, output)}`;
}

/** What went wrong, for whoever typed the command. */
export function formatError(error: Error): string {
  if (error instanceof RpcError) {
    const data =
      error.data === undefined ? '' : `\n${formatValue(error.data, { isTerminal: process.stderr.isTTY === true })}`;
    return `error ${error.code}: ${error.message}${data}`;
  }
  if (error instanceof ConnectionError && error.code === 'ERR_TLS_CERTIFICATE') {
    const why = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return `the certificate is not trusted${why}; --ca FILE names its authority, --insecure accepts any`;
  }
  const sent = error instanceof ConnectionError || error instanceof TimeoutError ? ` (sent: ${error.sent})` : '';
  return `${error.message}${sent}`;
}

export function paint(colour: 'gray' | 'cyan' | 'green' | 'yellow' | 'bold', text: string): string {
  return process.stdout.isTTY && (process.stdout.hasColors?.() ?? false) ? styleText(colour, text) : text;
}

/** A reader that leaves, as `head` does, is no failure: the process ends quietly. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
