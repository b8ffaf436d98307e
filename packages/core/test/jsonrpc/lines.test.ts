import { describe, expect, test } from 'vitest';
import { lineChannel } from '../../src/jsonrpc/index.js';
import { Quota } from '../../src/broker/index.js';
import { ManualClock, memoryStreams, settled } from '../../src/testing/index.js';
import { encodeText } from '../../src/text.js';
import { Unfinished } from '../../src/unfinished.js';

async function linesOf(chunks: (string | Uint8Array)[], body?: number): Promise<string[]> {
  const [near, far] = memoryStreams();
  for (const chunk of chunks) near.send(chunk);
  await near.close();
  const lines: string[] = [];
  for await (const line of lineChannel(far, body === undefined ? {} : { body })) lines.push(line);
  return lines;
}

const vectors: [name: string, bytes: string, lines: string[]][] = [
  ['one line', '{"a":1}\n', ['{"a":1}']],
  ['two lines', '{"a":1}\n[2]\n', ['{"a":1}', '[2]']],
  ['empty lines and spaces between', '\n\r\n  \n1\n\n\n2\n', ['1', '2']],
  ['what JSON does not take for white space', '\ufeff1\n\xa0\n', ['\ufeff1', '\xa0']],
  ['CRLF', '{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
  ['UTF-8 of two, three and four bytes', '"äß"\n"€"\n"𝄞"\n', ['"äß"', '"€"', '"𝄞"']],
  ['a long line', `"${'x'.repeat(5000)}"\n`, [`"${'x'.repeat(5000)}"`]],
];

describe.each(vectors)('%s', (_name, text, lines) => {
  const bytes = encodeText(text);
  test('whole', async () => {
    expect(await linesOf([bytes])).toEqual(lines);
  });
  test('split in two anywhere', async () => {
    const step = Math.ceil(bytes.length / 50);
    for (let at = 0; at <= bytes.length; at += step)
      expect(await linesOf([bytes.slice(0, at), bytes.slice(at)])).toEqual(lines);
  });
  test('byte by byte', async () => {
    expect(await linesOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(lines);
  });
});

test('each message is sent as one line', async () => {
  const [near, far] = memoryStreams();
  const channel = lineChannel(near);
  void channel.send('{"a":1}');
  void channel.send('{"b":2}');
  await channel.close();
  const lines: string[] = [];
  for await (const line of lineChannel(far)) lines.push(line);
  expect(lines).toEqual(['{"a":1}', '{"b":2}']);
  expect(near.sent.map((bytes) => bytes.at(-1))).toEqual([10, 10]);
});

describe('a line longer than limits.body', () => {
  test.each<[string, string[]]>([
    ['that is whole', ['12345678\n']],
    ['that comes in pieces', ['1234', '5678', '\n']],
    ['whose end never comes', ['12345678']],
    ['after a good one', ['1234567\n12345678\n']],
  ])('%s ends the channel, by name', async (_name, chunks) => {
    await expect(linesOf(chunks, 7)).rejects.toMatchObject({
      name: 'LimitError',
      limit: 'body',
      message: expect.stringContaining('limits.body') as string,
    });
  });

  test('one that is just as long passes', async () => {
    expect(await linesOf(['1234567\n'], 7)).toEqual(['1234567']);
    expect(await linesOf(['1234', '567', '\n'], 7)).toEqual(['1234567']);
  });
});

test.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]]])(
  'octets that are not UTF-8 end the channel: %j',
  async (octets) => {
    await expect(linesOf([Uint8Array.of(...octets, 10)])).rejects.toMatchObject({ code: 'ERR_UTF8', by: 'them' });
  },
);

test('what has come of a line counts until it is whole, or there is no more', async () => {
  const [near, far] = memoryStreams();
  const quota = new Quota('clientQueuedBytes', 10_000);
  const clock = new ManualClock();
  const unfinished = new Unfinished({ quota, clock, limits: { frameTime: 1000 }, what: 'line', onStall: () => {} });
  const lines: number[] = [];
  const read = (async () => {
    for await (const line of lineChannel(far, { unfinished })) lines.push(line.length);
  })();
  const say = async (text: string): Promise<number> => {
    near.send(text);
    await settled();
    return quota.used;
  };
  expect(await say('x'.repeat(4000))).toBe(0);
  expect(await say('x'.repeat(1000))).toBe(5000);
  expect(await say(`\n${'y'.repeat(6000)}`)).toBe(6000);
  expect(await say('\n')).toBe(0);
  expect(lines).toEqual([5000, 6000]);
  await say('z'.repeat(9000));
  near.send('z'.repeat(2000));
  await expect(read).rejects.toMatchObject({ code: 'ERR_QUEUE_FULL', limit: 'clientQueuedBytes' });
  expect([quota.used, clock.pending]).toEqual([0, 0]);
});
