// What calls take while they are being worked on is counted against whoever made them, on every protocol; and so is what has come
// of something that is not whole.

import { connect } from '@sallyport/node';
import { describe, expect, onTestFinished, test } from 'vitest';
import { dialled, until } from '../packages/node/test/fixtures/sockets.js';
import { type House, startHouse } from './fixtures/house.js';
import { frame, login, request } from './fixtures/raw.js';
import { stompTalk, talk, webSocketTalk } from './limits/talk.js';

const LARGE = 'x'.repeat(30_000);

async function newHolder() {
  const house = await startHouse({ limits: { clientQueuedBytes: 50_000, addressQueuedBytes: 80_000 } });
  onTestFinished(() => house.close());
  const held: (() => void)[] = [];
  house.server.implement({ hold: () => new Promise((resolve) => held.push(() => resolve('done'))) });
  return { house, held };
}

/** Ways to make a call; each resolves with its result, or the message of its error. */
type Ask = (params: object) => Promise<unknown>;

const ways: Record<string, (house: Awaited<ReturnType<typeof newHolder>>['house']) => Promise<Ask>> = {
  STOMP: async (house) => {
    const client = await connect(house.urls.tcp);
    onTestFinished(() => client.close());
    return (params) => client.call('hold', params).catch((error: Error) => error.message);
  },
  lines: async (house) => {
    const socket = await dialled(house.port);
    let text = '';
    let id = 0;
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return async (params) => {
      const own = ++id;
      socket.write(JSON.stringify({ jsonrpc: '2.0', id: own, method: 'hold', params }) + '\n');
      const answer = () => text.split('\n').find((line) => line.startsWith(`{"jsonrpc":"2.0","id":${own},`));
      await until(() => answer() !== undefined);
      return said(answer()!);
    };
  },
  HTTP: async (house) => async (params) => {
    const headers = { 'content-type': 'application/json' };
    const body = request('hold', params);
    return said(await (await fetch(`http://127.0.0.1:${house.port}/rpc`, { method: 'POST', headers, body })).text());
  },
};

function said(text: string): unknown {
  const { result, error } = JSON.parse(text) as { result?: unknown; error?: { code: number; message: string } };
  if (error !== undefined) expect(error.code).toBe(-32000);
  return result ?? error?.message;
}

describe.each(Object.keys(ways))('%s', (name) => {
  test('what is at work is bounded in bytes, and what has been answered is free again', async () => {
    const { house, held } = await newHolder();
    const ask = await ways[name]!(house);
    const first = [ask({ LARGE }), ...(name === 'HTTP' ? [ask({ LARGE })] : [])];
    await until(() => held.length === first.length);
    // Each request by HTTP is by itself; all of an address have a bound together.
    const limit = name === 'HTTP' ? 'addressQueuedBytes' : 'clientQueuedBytes';
    expect(await ask({ LARGE })).toContain(`limits.${limit}`);
    const small = ask({ small: true });
    await until(() => held.length === first.length + 1);
    held.splice(0).forEach((answer) => answer());
    expect(await Promise.all([...first, small])).toEqual([...first.map(() => 'done'), 'done']);
    const again = ask({ LARGE });
    await until(() => held.length === 1);
    held[0]!();
    expect(await again).toBe('done');
  });
});

describe('requests by HTTP that have not come whole', () => {
  const head = (path: string, type: string, length: number, more = ''): string =>
    `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: ${type}\r\ncontent-length: ${length}\r\n${more}\r\n`;

  test('are bounded together, and free again when they are answered or their clients have left', async () => {
    const house = await startHouse({ xmlRpc: true, limits: { addressQueuedBytes: 100_000 } });
    onTestFinished(() => house.close());
    const half = async (path: string, type: string) => {
      const socket = await dialled(house.port);
      const client = { socket, text: '' };
      socket.on('error', () => {}).on('data', (chunk: Buffer) => (client.text += chunk.toString()));
      socket.write(head(path, type, 40_000, 'expect: 100-continue\r\n'));
      await until(() => client.text.includes('100 Continue'));
      socket.write(' '.repeat(39_000));
      return client;
    };
    const json = 'application/json';
    const held = [await half('/rpc', json), await half('/rpc', json)];
    await until(() => house.server.outcomes!.http === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const third = await half('/rpc', json);
    await until(() => /^HTTP\/1\.1 503 [^]*"code":-32000[^]*limits\.addressQueuedBytes/m.test(third.text));
    const fourth = await half('/RPC2', 'text/xml');
    await until(() => /^HTTP\/1\.1 503 [^]*-32000[^]*limits\.addressQueuedBytes/m.test(fourth.text));
    // What is refused is read to its end, and the connection goes on.
    const body = request('house.add', { a: 1, b: 1 });
    third.socket.write(' '.repeat(1000) + head('/rpc', json, body.length) + body);
    await until(() => third.text.endsWith('"result":2}'));
    held[0]!.socket.destroy();
    held[1]!.socket.write(' '.repeat(1000 - body.length) + body);
    await until(() => held[1]!.text.endsWith('"result":2}'));
    const rest = ' '.repeat(1000 - body.length) + body;
    for (const client of [await half('/rpc', json), await half('/rpc', json)]) {
      client.socket.write(rest);
      await until(() => client.text.endsWith('"result":2}'));
    }
  });
});

/** Ways to say a part of something large; each tells what it heard once it has been cut, or undefined until then. */
type Begin = (house: House, part: string) => Promise<() => string | undefined>;

const beginnings: Record<string, Begin> = {
  STOMP: async (house, part) => {
    const client = await stompTalk(house);
    client.say(`SEND\ndestination:/topic/a\ncontent-length:100000\n\n${part}`);
    return () => (client.isOver ? client.text : undefined);
  },
  lines: async (house, part) => {
    const client = await talk(house);
    client.say(`${request('house.add', { a: 1, b: 1 })}\n`);
    await client.hears(/"result":2/);
    client.say(`{"${part}`);
    return () => (client.isOver ? client.text : undefined);
  },
  WebSocket: async (house, part) => {
    const client = await webSocketTalk(house);
    client.socket.send(request('house.add', { a: 1, b: 1 }));
    await until(() => client.text.includes('"result":2'));
    client.socket.send(part, { fin: false });
    return () => (client.code === 0 ? undefined : String(client.code));
  },
  'STOMP by WebSocket': async (house, part) => {
    const client = await webSocketTalk(house, ['v12.stomp']);
    client.socket.send(login);
    await until(() => client.text.startsWith('CONNECTED'));
    client.socket.send(`SEND\ndestination:/topic/a\ncontent-length:100000\n\n${part}`);
    return () => (client.code === 0 ? undefined : client.text);
  },
};

describe.each(Object.keys(beginnings))('what has come by %s of what is not whole', (name) => {
  const begin = beginnings[name]!;
  const refusal = name === 'WebSocket' ? /1009/ : /limits\.addressQueuedBytes/;

  test('counts for its address', async () => {
    const { house } = await newHolder();
    const isCut = [await begin(house, 'x'.repeat(45_000))];
    isCut.push(await begin(house, 'x'.repeat(45_000)));
    await until(() => isCut.some((heard) => heard() !== undefined));
    const cut = isCut.filter((heard) => heard() !== undefined);
    expect(cut).toHaveLength(1);
    expect(cut[0]!()).toMatch(refusal);
  });

  test('counts for its connection', async () => {
    const { house } = await newHolder();
    const heard = await begin(house, 'x'.repeat(60_000));
    await until(() => heard() !== undefined);
    expect(heard()).toMatch(name === 'WebSocket' ? /1009/ : /limits\.clientQueuedBytes/);
  });
});

test('pings and pongs are no part of a message, however many', async () => {
  const { house } = await newHolder();
  const client = await webSocketTalk(house);
  client.socket.send(request('house.add', { a: 1, b: 1 }));
  await until(() => client.text.includes('"result":2'));
  for (let at = 0; at < 1000; at++) client.socket.ping('x'.repeat(100));
  client.socket.send(request('house.add', { a: 1, b: 2 }));
  await until(() => client.text.includes('"result":3'));
});

test('queues that are left behind are bounded for an address, however often it comes again', async () => {
  const { house } = await newHolder();
  for (let turn = 0; turn < 10; turn++) {
    const client = await stompTalk(house);
    for (let at = 0; at < 20; at++) client.say(frame('SEND', { destination: `/queue/${turn}.${at}` }));
    client.say(frame('DISCONNECT', { receipt: 'bye' }));
    const text = await client.end();
    if (text.includes('receipt-id:bye')) continue;
    expect(text).toMatch(/error-code:ERR_QUEUE_FULL\n[^]*limits\.addressQueuedBytes/);
    return;
  }
  expect.unreachable();
});
