// JSON-RPC 2.0, over everything that carries it. https://www.jsonrpc.org/specification

import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { exampleMethods, examples } from '../../packages/core/test/vectors/jsonrpc-examples.js';
import { type House, startHouse } from '../fixtures/house.js';
import { frame } from '../fixtures/raw.js';
import { hello } from './clause.js';
import { StompPeer, type Transport, type Version } from './stomp-peer.js';

let house: House;
beforeAll(async () => {
  house = await startHouse();
  house.server.implement(exampleMethods);
});
afterAll(() => house.close());

/** Sends one text, then a request that only marks the end, and returns what was answered to the first. */
type Ask = (text: string) => Promise<string[]>;

const END = '"the end"';
const mark = `{"jsonrpc":"2.0","id":${END},"method":"get_data"}`;

/** Texts that come until the answer to the mark. */
function collector(): { add(text: string): void; all: Promise<string[]> } {
  const texts: string[] = [];
  let finish!: (texts: string[]) => void;
  const all = new Promise<string[]>((resolve) => (finish = resolve));
  return {
    all,
    add: (text) => void (text.includes(`"id":${END}`) ? finish(texts) : texts.push(text)),
  };
}

async function byLine(socket: Socket, event: string, text: string): Promise<string[]> {
  const { add, all } = collector();
  let unread = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (unread + chunk).split('\n');
    unread = lines.pop()!;
    lines.forEach(add);
  });
  await once(socket, event);
  // What is on several lines in the specification is one line here; that the first octet says JSON is what matters.
  const line = text.replaceAll('\n', ' ');
  socket.write(/^\s*[[{]/.test(line) ? `${line}\n${mark}\n` : `[]\n${line}\n${mark}\n`);
  const answers = await all;
  socket.destroy();
  return /^\s*[[{]/.test(line) ? answers : answers.slice(1);
}

async function byWebSocket(url: string, text: string): Promise<string[]> {
  const { add, all } = collector();
  const socket = new WebSocket(url, { rejectUnauthorized: false });
  socket.on('message', (data: Buffer) => add(data.toString()));
  await once(socket, 'open');
  socket.send(text);
  socket.send(mark);
  const answers = await all;
  socket.terminate();
  return answers;
}

async function byHttp(text: string): Promise<string[]> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${house.port}/rpc`, { method: 'POST', body: text, headers });
  const answer = await response.text();
  expect([response.status, answer === '']).toEqual(answer === '' ? [204, true] : [200, false]);
  return answer === '' ? [] : [answer];
}

async function byStomp(transport: Transport, version: Version, text: string): Promise<string[]> {
  const peer = await StompPeer.dial(house.port, transport);
  const { add, all } = collector();
  peer.send(hello(version));
  await peer.next('CONNECTED');
  const headers = { destination: '/queue/rpc', 'reply-to': '/temp-queue/answers' };
  peer.send(frame('SEND', headers, text), frame('SEND', headers, mark));
  const read = async (): Promise<void> => {
    for (;;) add((await peer.next('MESSAGE')).text);
  };
  const answers = await Promise.race([all, read().then(() => all)]);
  peer.destroy();
  return answers;
}

const local = (): { port: number; host: string } => ({ port: house.port, host: '127.0.0.1' });
const carriers: Record<string, Ask> = {
  'lines over TCP': (text) => byLine(connectTcp(local()), 'connect', text),
  'lines over TLS': (text) => byLine(connectTls({ ...local(), rejectUnauthorized: false }), 'secureConnect', text),
  WebSocket: (text) => byWebSocket(house.urls.ws, text),
  'WebSocket over TLS': (text) => byWebSocket(house.urls.wss, text),
  HTTP: byHttp,
  'STOMP 1.0': (text) => byStomp('tcp', '1.0', text),
  'STOMP 1.1 over TLS': (text) => byStomp('tls', '1.1', text),
  'STOMP 1.2 over WebSocket': (text) => byStomp('ws', '1.2', text),
};

/** Answers without `data`, which the specification leaves to the server. */
function plain(answers: readonly string[]): unknown[] {
  return answers.map((text) => JSON.parse(text, (key, value: unknown) => (key === 'data' ? undefined : value)));
}

describe.concurrent.each(Object.entries(carriers))('JSON-RPC 2.0 over %s', (_, ask) => {
  describe('the examples of the specification', () => {
    test.each(examples)('$name', async ({ sent, answer }) => {
      // Members of a batch may be answered in any order; ours keeps it.
      expect(plain(await ask(sent))).toEqual(answer === undefined ? [] : [answer]);
    });
  });

  const ids = ['1', '0', '-7', '1.5', '9007199254740991', '"1"', '""', '"Grüße \\u0000 \\"x\\" 🚪"', '"__proto__"'];

  test.each(ids)('an id comes back as it was: %s', async (id) => {
    const [answer] = await ask(`{"jsonrpc":"2.0","id":${id},"method":"subtract","params":[2,1]}`);
    expect(JSON.parse(answer!)).toEqual({ jsonrpc: '2.0', id: JSON.parse(id) as unknown, result: 1 });
  });

  test('an id of null is a request, and answered', async () => {
    const [answer] = await ask('{"jsonrpc":"2.0","id":null,"method":"subtract","params":[2,1]}');
    expect(JSON.parse(answer!)).toEqual({ jsonrpc: '2.0', id: null, result: 1 });
  });

  test('an answer has either result or error, and nothing else', async () => {
    const members = async (method: string): Promise<string[]> => {
      const [answer] = await ask(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`);
      return Object.keys(JSON.parse(answer!) as object).sort();
    };
    expect(await members('get_data')).toEqual(['id', 'jsonrpc', 'result']);
    expect(await members('update')).toEqual(['id', 'jsonrpc', 'result']);
    expect(await members('none')).toEqual(['error', 'id', 'jsonrpc']);
  });

  const invalid: Record<string, [text: string, id: unknown]> = {
    'no version': ['{"id":1,"method":"get_data"}', 1],
    'another version': ['{"jsonrpc":"1.0","id":1,"method":"get_data"}', 1],
    'a version that is a number': ['{"jsonrpc":2.0,"id":1,"method":"get_data"}', 1],
    'no method': ['{"jsonrpc":"2.0","id":1}', 1],
    'a method that is a number': ['{"jsonrpc":"2.0","id":1,"method":1}', 1],
    'a method that is null': ['{"jsonrpc":"2.0","id":1,"method":null}', 1],
    'params that are a text': ['{"jsonrpc":"2.0","id":1,"method":"get_data","params":"x"}', 1],
    'params that are a number': ['{"jsonrpc":"2.0","id":1,"method":"get_data","params":1}', 1],
    'params that are null': ['{"jsonrpc":"2.0","id":1,"method":"get_data","params":null}', 1],
    'an id that is an object': ['{"jsonrpc":"2.0","id":{},"method":"get_data"}', null],
    'an id that is an array': ['{"jsonrpc":"2.0","id":[1],"method":"get_data"}', null],
    'an id that is true': ['{"jsonrpc":"2.0","id":true,"method":"get_data"}', null],
    'an id that has lost digits': ['{"jsonrpc":"2.0","id":9007199254740993,"method":"get_data"}', null],
    'an empty object': ['{}', null],
    'a batch within a batch': ['[[{"jsonrpc":"2.0","id":1,"method":"get_data"}]]', null],
  };

  test.each(Object.entries(invalid))('is an Invalid Request: %s', async (_name, [text, id]) => {
    const answers = plain(await ask(text)).flat();
    expect(answers).toEqual([{ jsonrpc: '2.0', id, error: { code: -32600, message: 'Invalid Request' } }]);
  });

  const unparsable = ['', '{', '{"jsonrpc":"2.0"', '[1,]', "{'a':1}", 'nothing', '{"a":1} {"b":2}', 'NaN', '01'];

  test.each(unparsable.filter((text) => text !== ''))('is a Parse error: %s', async (text) => {
    expect(plain(await ask(text))).toEqual([
      { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } },
    ]);
  });

  test.each(['1', '"x"', 'null', 'true'])('is JSON, and no request: %s', async (text) => {
    expect(plain(await ask(text))).toMatchObject([{ id: null, error: { code: -32600 } }]);
  });

  test('a notification is never answered, not even by an error', async () => {
    const notifications = ['update', 'none', 'house.crash', 'subtract', '$/cancelRequest', 'rpc.none'];
    for (const method of notifications) expect(await ask(`{"jsonrpc":"2.0","method":"${method}"}`)).toEqual([]);
  });

  test('what a method throws is an Internal error, without details', async () => {
    expect(plain(await ask('{"jsonrpc":"2.0","id":1,"method":"house.crash"}'))).toEqual([
      { jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'Internal error' } },
    ]);
  });

  test('an error of the application has its own code, message and data', async () => {
    expect(JSON.parse((await ask('{"jsonrpc":"2.0","id":1,"method":"house.fail"}'))[0]!)).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: 4001, message: 'the door is locked', data: { door: 'north' } },
    });
  });

  test.each(['rpc.none', '__proto__', 'constructor', 'toString', 'house', 'house.add.call', ''])(
    'is no method: "%s"',
    async (method) => {
      const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method });
      expect(plain(await ask(text))).toMatchObject([{ id: 1, error: { code: -32601 } }]);
    },
  );

  test('a batch may hold the same id twice, and each is answered', async () => {
    const one = '{"jsonrpc":"2.0","id":1,"method":"subtract","params":[2,1]}';
    expect(plain(await ask(`[${one},${one}]`))).toEqual([Array(2).fill({ jsonrpc: '2.0', id: 1, result: 1 })]);
  });

  test('what is deeper than the limit is a Parse error', async () => {
    const deep = '['.repeat(600) + ']'.repeat(600);
    const text = `{"jsonrpc":"2.0","id":1,"method":"house.echo","params":{"value":${deep}}}`;
    expect(plain(await ask(text))).toMatchObject([{ id: null, error: { code: -32700 } }]);
  });
});
