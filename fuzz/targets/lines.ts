// Lines of JSON: what is read must not depend on how the bytes come.

import { SallyportError } from '@sallyport/core';
import { lineChannel } from '@sallyport/core/jsonrpc';
import { memoryStreams } from '@sallyport/core/testing';
import { check, checkSame, pieces, singleBytes, type Target } from '../target.js';

const longest = 400;

export const lines: Target = {
  name: 'lines',
  weight: 2,
  words: [
    '\n',
    '\r\n',
    '\n\n',
    ' ',
    '{}',
    '"é"',
    '\xc3',
    '\xff',
    '\0',
    'x'.repeat(399),
    'x'.repeat(400),
    '\xef\xbb\xbf',
  ],
  seeds: ['{"a":1}\n{"b":2}\r\n\n[]', '\xc3\xa9\n\xe2\x82\xac\n', 'x'.repeat(500) + '\n', ' a \n\t\n'],
  async run(input) {
    const whole = await read([input]);
    checkSame(await read(pieces(input)), whole, 'in pieces and whole');
    if (input.length < 2000) checkSame(await read(singleBytes(input)), whole, 'byte by byte and whole');
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(input);
    const all = text.split('\n').map(withoutBlanks);
    const expected = all.filter((line) => line !== '').slice(0, whole.texts.length);
    checkSame(whole.texts, expected, 'lines');
  },
};

/** White space of JSON alone (RFC 8259, section 2): what JavaScript trims beside stays, such as a byte order mark. */
function withoutBlanks(line: string): string {
  const isBlank = (at: number): boolean => ' \t\r'.includes(line.charAt(at));
  let [start, end] = [0, line.length];
  while (start < end && isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  return line.slice(start, end);
}

async function read(chunks: readonly Uint8Array[]): Promise<{ texts: string[]; code: unknown }> {
  const [client, server] = memoryStreams();
  for (const chunk of chunks) client.send(chunk);
  void client.close();
  const texts: string[] = [];
  try {
    for await (const text of lineChannel(server, { body: longest })) texts.push(text);
  } catch (error) {
    check(error instanceof SallyportError, `it throws ${String(error)}`);
    return { texts, code: error.code };
  }
  return { texts, code: undefined };
}
