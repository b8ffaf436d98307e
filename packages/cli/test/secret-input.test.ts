// A secret that is typed or comes through a pipe.

import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { readSecret } from '../src/secret-input.js';

/** A terminal whose keys are these; `modes` are what it was put into. */
function terminal(keys: string) {
  const modes: boolean[] = [];
  const input = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (mode: boolean) => {
      modes.push(mode);
      return input as never;
    },
  });
  input.write(keys);
  let shown = '';
  return { input, modes, prompt: { write: (text: string) => !!(shown += text) }, shown: () => shown };
}

describe('through a pipe', () => {
  test.each([
    ['a line', 'secret\n', 'secret'],
    ['a line of Windows', 'secret\r\n', 'secret'],
    ['a line without an end', 'secret', 'secret'],
    ['only the first', 'secret\nother\n', 'secret'],
    ['with everything in it', ' se\bcrét 🔑 \n', ' se\bcrét 🔑 '],
  ])('%s', async (_, text, secret) => {
    const input = new PassThrough();
    input.end(text);
    expect(await readSecret(input, { write: () => expect.unreachable() })).toBe(secret);
  });

  test.each([
    ['nothing', '', 'the passcode is empty'],
    ['an empty line', '\nx', 'the passcode is empty'],
    ['a file that is none', 'x'.repeat(5000), 'the passcode is longer than 4096 characters'],
  ])('%s', async (_, text, message) => {
    const input = new PassThrough();
    input.end(text);
    await expect(readSecret(input, { write: () => true })).rejects.toThrow(message);
  });
});

describe('on a terminal', () => {
  test('is asked for twice, edited and not shown', async () => {
    const { input, modes, prompt, shown } = terminal('sex\u007fcret\rsecret\r');
    expect(await readSecret(input, prompt)).toBe('secret');
    expect(shown()).toBe('Passcode: \nAgain: \n');
    expect(modes).toEqual([true, false]);
  });

  test.each([
    ['another one', 'secret\rsecrets\r', 'that is not the same passcode'],
    ['Ctrl-C', 'sec\u0003ret\r', 'interrupted'],
    ['Ctrl-D', '\u0004', 'the passcode is empty'],
  ])('%s', async (_, keys, message) => {
    const { input, modes, prompt } = terminal(keys);
    await expect(readSecret(input, prompt)).rejects.toThrow(message);
    expect(modes).toEqual([true, false]);
  });
});
