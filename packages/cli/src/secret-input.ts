// A secret from standard input: a line of a pipe, or typed on a terminal without being shown.

import type { ReadStream } from 'node:tty';

/** Standard input, as far as it is needed. */
type Input = NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
type Prompt = Pick<NodeJS.WritableStream, 'write'>;

/** A login is a header line, and none is longer. */
const LONGEST = 4096;

/** What a terminal in raw mode sends for some keys. */
const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACES = '\b\u007f';

/** Reads one line. On a terminal it is asked for twice. Rejects if it is empty, or not the same both times. */
export async function readSecret(input: Input, prompt: Prompt): Promise<string> {
  const isTerminal = input.isTTY === true;
  const keys = new Keys(input);
  try {
    if (!isTerminal) return checked((await readLine(keys)).replace(/\r$/, ''));
    input.setRawMode?.(true);
    const first = checked(await ask(keys, prompt, 'Passcode: '));
    if ((await ask(keys, prompt, 'Again: ')) !== first) throw new Error('that is not the same passcode');
    return first;
  } finally {
    if (isTerminal) input.setRawMode?.(false);
    keys.end();
  }
}

function checked(secret: string): string {
  if (secret === '') throw new Error('the passcode is empty');
  return secret;
}

async function ask(keys: Keys, prompt: Prompt, question: string): Promise<string> {
  prompt.write(question);
  try {
    return await typeLine(keys);
  } finally {
    prompt.write('\n');
  }
}

/** Puts a line together from what is typed: in raw mode nobody else does. */
async function typeLine(keys: Keys): Promise<string> {
  let line = '';
  for (let key = await keys.next(); key !== undefined && key !== CTRL_D; key = await keys.next()) {
    if (key === '\r' || key === '\n') break;
    if (key === CTRL_C) throw new Error('interrupted');
    if (BACKSPACES.includes(key)) line = [...line].slice(0, -1).join('');
    else if (key >= ' ') line = appended(line, key);
  }
  return line;
}

async function readLine(keys: Keys): Promise<string> {
  let line = '';
  for (let key = await keys.next(); key !== undefined && key !== '\n'; key = await keys.next()) {
    line = appended(line, key);
  }
  return line;
}

function appended(line: string, key: string): string {
  if (line.length >= LONGEST) throw new Error(`the passcode is longer than ${LONGEST} characters`);
  return line + key;
}

/** An input's characters, one by one. */
class Keys {
  private pending: string[] = [];
  private ended = false;
  private wake = (): void => {};

  constructor(private readonly input: Input) {
    input.setEncoding('utf8');
    input.on('data', this.take).on('end', this.finish).on('error', this.finish);
  }

  async next(): Promise<string | undefined> {
    while (this.pending.length === 0 && !this.ended) await new Promise<void>((resolve) => (this.wake = resolve));
    return this.pending.shift();
  }

  end(): void {
    this.input.off('data', this.take).off('end', this.finish).off('error', this.finish);
    this.input.pause();
  }

  private readonly take = (text: string): void => {
    this.pending.push(...text);
    this.wake();
  };

  private readonly finish = (): void => {
    this.ended = true;
    this.wake();
  };
}
