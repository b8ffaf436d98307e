// What commands print: for eyes on a terminal, for programs in a pipe.

import { inspect, styleText } from 'node:util';
import { ConnectionError, RpcError, SallyportError, TimeoutError } from '@sallyport/core';

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
    // The name of a method that is not there is in the message already.
    const isSaid = typeof error.data === 'string' && error.message.endsWith(`: ${error.data}`);
    const data =
      error.data === undefined || isSaid
        ? ''
        : `\n${formatValue(error.data, { isTerminal: process.stderr.isTTY === true })}`;
    return `error ${error.code}: ${error.message}${data}`;
  }
  if (error instanceof ConnectionError && error.code === 'ERR_TLS_CERTIFICATE') {
    const why = error.cause instanceof Error ? `: ${error.cause.message}` : '';
    const isOther = (error.cause as { code?: unknown } | undefined)?.code === 'ERR_TLS_CERT_ALTNAME_INVALID';
    const hint = isOther ? '--servername NAME says whose it is' : '--ca FILE names its authority';
    return `the certificate is not trusted${why}; ${hint}, --insecure accepts any`;
  }
  const sent = error instanceof ConnectionError || error instanceof TimeoutError ? ` (sent: ${error.sent})` : '';
  return `${byOptions(error.message)}${reason(error)}${sent}`;
}

/** Why it came to that, if the message does not say so itself. */
function reason({ message, cause }: Error): string {
  if (!(cause instanceof SallyportError) || message.includes(cause.message)) return '';
  // What the error that is told was made of.
  const isWrapped = /does not speak STOMP|without an answer/.test(message);
  return isWrapped ? '' : `: ${byOptions(cause.message)}`;
}

/** A message that names options of `connect`, with those of the command instead. */
function byOptions(message: string): string {
  return message
    .replace(/\(option `?(dialTime|timeout)`?\)|\(limits\.connectTime\)/, '(--timeout)')
    .replace(/`(ca|cert|key|servername|insecure)(: true)?`/g, '--$1')
    .replace('`anyHostname: true`', '--any-hostname');
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
