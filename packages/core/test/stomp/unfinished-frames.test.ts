// Frames of which a part has come: they count, and have to go on coming.

import { describe, expect, test } from 'vitest';
import { Quota } from '../../src/broker/index.js';
import { encodeText } from '../../src/text.js';
import { connected, setUp, type Setup } from './raw-client.js';

const head = (length: number, more = ''): string => `SEND\ndestination:/topic/a\n${more}content-length:${length}\n\n`;

async function start(most = 100_000): Promise<Setup & { quota: Quota }> {
  const quota = new Quota('clientQueuedBytes', most);
  return { quota, ...(await connected({ quota, limits: { frameTime: 1000 } })) };
}

describe('what has come of a frame', () => {
  test('counts from 4 KiB on, and no longer when it is whole', async () => {
    const { quota, client } = await start();
    await client.say(head(20_000) + 'x'.repeat(3000));
    expect(quota.used).toBe(0);
    await client.say('x'.repeat(7000));
    const { used } = quota;
    expect(used).toBeGreaterThan(10_000);
    expect(used).toBeLessThan(10_100);
    await client.say('x'.repeat(5000));
    expect(quota.used).toBe(used + 5000);
    await client.say(`${'x'.repeat(5000)}\0${head(9000)}${'x'.repeat(6000)}`);
    expect(quota.used).toBeGreaterThan(6000);
    expect(quota.used).toBeLessThan(6100);
    await client.say(`${'x'.repeat(3000)}\0SEND\nreceipt:end\ndestination:/topic/a\n\n\0`);
    expect(quota.used).toBe(0);
    expect(client.last('receipt-id')).toBe('end');
  });

  test('counts with its headers, and as headers', async () => {
    const { quota, client } = await start();
    const pad = `pad:${'p'.repeat(5000)}\n`;
    await client.say(`SEND\n${pad}`);
    expect(quota.used).toBe('SEND\n'.length + pad.length);
    await client.say('content-length:10\ndestination:/topic/a\n\nx');
    expect(quota.used).toBeGreaterThan(5000);
    await client.say('xxxxxxxxx\0');
    expect(quota.used).toBe(0);
  });

  test('without content-length, and as bytes that are no text', async () => {
    const { quota, client } = await start();
    await client.say('SEND\ndestination:/topic/a\n\n');
    for (let at = 0; at < 10; at++) await client.say(new Uint8Array(1000).fill(0xff));
    expect(quota.used).toBeGreaterThan(10_000);
    await client.say('\0');
    expect(quota.used).toBe(0);
  });

  test('is refused where there is no room for it, and then counts until the connection is gone', async () => {
    const { quota, client } = await start(10_000);
    await client.say(head(20_000, 'receipt:r\n') + 'x'.repeat(9000));
    expect(quota.used).toBeGreaterThan(9000);
    await client.say('x'.repeat(2000));
    expect(client.commands).toEqual(['CONNECTED', 'ERROR']);
    expect(client.last('error-code')).toBe('ERR_QUEUE_FULL');
    expect(client.last('message')).toContain('limits.clientQueuedBytes');
    expect(client.last('receipt-id')).toBe('r');
    await client.stream.close();
    expect(client.outcome).toMatchObject({ code: 'ERR_QUEUE_FULL' });
    expect(quota.used).toBe(0);
  });

  test('counts no more when its client has left', async () => {
    const { quota, client, clock } = await start();
    await client.say(head(20_000) + 'x'.repeat(9000));
    await client.stream.close();
    await client.say('');
    expect([quota.used, clock.pending]).toEqual([0, 0]);
  });

  test('is nothing while all frames come whole, however many', async () => {
    const { quota, client, clock } = await start(5000);
    const before = clock.pending;
    for (let at = 0; at < 20; at++) await client.say(`${head(3000)}${'x'.repeat(3000)}\0`.repeat(3));
    expect([quota.used, clock.pending]).toEqual([0, before]);
  });
});

describe('a frame that does not go on coming', () => {
  test.each(['of silence', 'of a byte now and then'])('is the end, after so much time %s', async (how) => {
    const { client, clock } = await start();
    await client.say(head(20_000, 'receipt:r\n') + 'x'.repeat(5000));
    for (let at = 0; at < 9; at++) {
      clock.advance(100);
      await client.say(how === 'of silence' ? '' : 'x');
    }
    clock.advance(99);
    await client.say('');
    expect(client.commands).toEqual(['CONNECTED']);
    clock.advance(1);
    await client.say('');
    expect(client.last('error-code')).toBe('ERR_FRAME_TIME');
    expect(client.last('message')).toContain('limits.frameTime');
    expect(client.last('receipt-id')).toBe('r');
  });

  test('may be short, or have been answered in time', async () => {
    const { client, clock } = await start();
    await client.say(head(20_000) + 'x'.repeat(5000));
    clock.advance(900);
    await client.say('x'.repeat(15_000) + '\0');
    await client.say(head(5000) + 'x'.repeat(3000));
    clock.advance(100_000);
    await client.say('x'.repeat(2000) + '\0');
    expect(client.commands).toEqual(['CONNECTED']);
  });
});

test('nothing counts before login', async () => {
  const quota = new Quota('clientQueuedBytes', 5000);
  const { client } = setUp({ quota });
  await client.say(`CONNECT\naccept-version:1.2\nhost:h\npad:${'x'.repeat(6000)}\n`);
  expect(quota.used).toBe(0);
  await client.say('\n\0');
  expect(client.commands).toEqual(['CONNECTED']);
});

describe('beside frames', () => {
  const id = 'i'.repeat(4000);

  test('subscriptions count with their ids, beyond what every connection needs', async () => {
    const { quota, client } = await start();
    for (let at = 0; at < 2; at++) await client.say(`SUBSCRIBE\nid:${at}\ndestination:/topic/a\n\n\0`);
    expect(quota.used).toBe(0);
    for (let at = 0; at < 4; at++) await client.say(`SUBSCRIBE\nid:${at}${id}\ndestination:/topic/a\n\n\0`);
    const { used } = quota;
    expect(used).toBeGreaterThan(4 * 2 * id.length - 16 * 1024);
    await client.say(`UNSUBSCRIBE\nid:1${id}\n\n\0`);
    expect(quota.used).toBeLessThan(used - 2 * id.length);
    await client.stream.close();
    await client.say('');
    expect(quota.used).toBe(0);
  });

  test('and are refused where there is no room', async () => {
    const { client } = await start(10_000);
    for (let at = 0; at < 4; at++)
      await client.say(`SUBSCRIBE\nid:${at}${id}\ndestination:/topic/a\nreceipt:${at}\n\n\0`);
    expect(client.commands).toEqual(['CONNECTED', 'RECEIPT', 'RECEIPT', 'RECEIPT', 'ERROR']);
    expect(client.last('message')).toBe(
      'there is no room for this subscription: limits.clientQueuedBytes is 10000 bytes',
    );
  });

  test.each(['COMMIT', 'ABORT', 'the end'])('names of transactions count until %s', async (how) => {
    const { quota, client } = await start();
    const name = 't'.repeat(8000);
    for (let at = 0; at < 4; at++) await client.say(`BEGIN\ntransaction:${at}${name}\n\n\0`);
    expect(quota.used).toBeGreaterThan(4 * name.length - 16 * 1024);
    if (how === 'the end') await client.stream.close();
    else for (let at = 0; at < 4; at++) await client.say(`${how}\ntransaction:${at}${name}\n\n\0`);
    await client.say('');
    expect(quota.used).toBe(0);
  });
});

test('a head is the same whether its body came with it or later', async () => {
  const { client } = await start();
  const other = `${head(3000)}${'x'.repeat(3000)}\0`.repeat(10);
  await client.say(encodeText(`${other}SUBSCRIBE\nid:1\ndestination:/topic/a\n\n\0${head(30, 'one:1\n')}x`));
  await client.say(`${'x'.repeat(29)}\0`);
  const [sent] = client.frames.filter(({ command }) => command === 'MESSAGE');
  expect(sent).toMatchObject({ body: 'x'.repeat(30), headers: expect.arrayContaining(['one', '1']) as string[] });
});
