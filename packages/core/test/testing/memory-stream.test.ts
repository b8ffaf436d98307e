import { expect, test } from 'vitest';
import { memoryStreams, type MemoryStream } from '../../src/testing/index.js';
import { decodeText } from '../../src/text.js';

async function read(stream: MemoryStream): Promise<string[]> {
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(decodeText(chunk));
  return chunks;
}

test('what one end sends the other reads, then the end', async () => {
  const [near, far] = memoryStreams();
  near.send('one');
  const reading = read(far);
  near.send(new Uint8Array([0x32]));
  await near.close();
  near.send('too late');
  expect(await reading).toEqual(['one', '2']);
});

test('in pieces, if asked for', async () => {
  const [near, far] = memoryStreams({ chunk: 2 });
  near.send('abcde');
  await near.close();
  expect(await read(far)).toEqual(['ab', 'cd', 'e']);
});

test('a chunk that its sender changes afterwards arrives as it was sent', async () => {
  const [near, far] = memoryStreams();
  const chunk = new Uint8Array([0x61]);
  near.send(chunk);
  chunk[0] = 0x62;
  await near.close();
  expect(await read(far)).toEqual(['a']);
});

test('closing with a reason is a failure over there, and not here', async () => {
  const [near, far] = memoryStreams();
  await near.close(new Error('why'));
  expect(await read(near)).toEqual([]);
  await expect(read(far)).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
});

test('a cut is a failure at both ends', async () => {
  const [near, far] = memoryStreams();
  near.cut();
  await expect(read(near)).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
  await expect(read(far)).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
});
