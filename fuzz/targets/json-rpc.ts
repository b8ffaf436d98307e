// JSON-RPC: texts to the dispatcher, and lines to a peer. What is answered follows from what was asked, and is JSON.

import { RpcError, SallyportError } from '@sallyport/core';
import { Dispatcher, JsonRpcPeer, lineChannel, MethodTable, parseJson } from '@sallyport/core/jsonrpc';
import { ManualClock, memoryStreams, settled } from '@sallyport/core/testing';
import fc from 'fast-check';
import { bytesOf, check, octetsOf, pieces, type Target, withTime } from '../target.js';

const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u0000',
    '\\ud800',
    'null',
    'true',
    '1e999',
    '-0',
    '1.5',
    '9007199254740993',
  ],
  ...[
    '"jsonrpc":"2.0"',
    '"jsonrpc":"1.0"',
    '"id":1',
    '"id":null',
    '"id":"a"',
    '"id":{}',
    '"method":"echo"',
    '"params":{"a":1}',
  ],
  ...[
    '"params":[1,2]',
    '"method":"fail"',
    '"method":"crash"',
    '"method":"__proto__"',
    '"method":"rpc.x"',
    '"method":"later"',
  ],
  ...[
    '"result":1',
    '"error":{"code":1,"message":""}',
    '$/cancelRequest',
    '\n',
    ' ',
    '[[[[[[[[',
    '{"a":',
    '\xef\xbb\xbf',
    '\xff',
  ],
];

const id = fc.constantFrom<unknown>(1, 2, 'a', null, 1.5, -1, 2 ** 53, {}, undefined, undefined);
const method = fc.constantFrom<unknown>(
  'echo',
  'fail',
  'crash',
  'later',
  'none',
  '',
  'constructor',
  '$/cancelRequest',
  7,
  undefined,
);
const params = fc.constantFrom<unknown>({}, [], { a: 1 }, [1, 2], null, 'x', { id: 1 }, { id: 'a' }, undefined);
const request = fc.record({ jsonrpc: fc.constantFrom('2.0', '2.0', '2.0', '1.0', undefined), id, method, params });
const response = fc.record({ jsonrpc: fc.constant('2.0'), id, result: fc.anything({ maxDepth: 1 }) });
const message = fc.oneof({ weight: 5, arbitrary: request }, response, fc.anything({ maxDepth: 2 }));
const text = fc
  .oneof(message, fc.array(message, { maxLength: 5 }))
  .map((value) =>
    Buffer.from(JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? 0 : part)) ?? '').toString(
      'latin1',
    ),
  );

const seeds = [
  '{"jsonrpc":"2.0","method":"echo","params":[42,23],"id":1}',
  '[{"jsonrpc":"2.0","method":"echo","id":"1"},{"jsonrpc":"2.0","method":"fail","params":[7]},{"foo":"boo"},1]',
  '{"jsonrpc":"2.0","method":"later","id":2}\n{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":2}}\n',
  `${'['.repeat(600)}1${']'.repeat(600)}`,
];

const limits = { calls: 4, batch: 4, jsonDepth: 64, body: 5000 };

function dispatcher(clock: ManualClock): Dispatcher {
  const methods = new MethodTable();
  methods.add({
    echo: (given: unknown) => given,
    fail: () => {
      throw new RpcError(4001, 'it failed', { why: 'asked' });
    },
    crash: () => {
      throw new Error('secret');
    },
    later: (_given: unknown, { signal }: { signal: AbortSignal }) =>
      new Promise((resolve, reject) => {
        clock.after(100, () => resolve('late'));
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  return new Dispatcher(methods, { clock, limits });
}

export const jsonRpcDispatcher: Target = {
  name: 'json-rpc-dispatcher',
  words,
  seeds,
  inputs: text.map(bytesOf),
  async run(input) {
    let asked: unknown;
    try {
      asked = parseJson(new TextDecoder().decode(input), limits.jsonDepth);
    } catch (error) {
      check(error instanceof RpcError, `parsing throws ${String(error)}`);
      return;
    }
    const clock = new ManualClock();
    const caller = { running: new Map() };
    const answer = dispatcher(clock).receive(asked, caller);
    await settled();
    clock.advance(100);
    const said = await answer;
    check(caller.running.size === 0, 'a call is still running');
    checkAnswer(asked, said);
  },
};

export const jsonRpcPeer: Target = {
  name: 'json-rpc-peer',
  weight: 2,
  words,
  seeds,
  inputs: fc.array(text, { maxLength: 4 }).map((lines) => bytesOf(lines.join('\n') + '\n')),
  async run(input) {
    const clock = new ManualClock();
    const [client, server] = memoryStreams();
    const caller = { running: new Map() };
    const peer = new JsonRpcPeer(lineChannel(server, limits), { dispatcher: dispatcher(clock), caller, clock, limits });
    const ended = peer.run();
    for (const chunk of pieces(input)) client.send(chunk);
    await settled();
    clock.advance(100);
    await settled();
    await client.close();
    const outcome = await withTime(clock, ended);
    check(outcome === undefined || outcome instanceof SallyportError, `it ended with ${String(outcome)}`);
    const said = octetsOf(Buffer.concat(server.sent));
    check(said === '' || said.endsWith('\n'), 'the last line has no end');
    for (const line of said.split('\n').slice(0, -1)) checkJson(line);
    await settled();
    check(caller.running.size === 0, 'a call is still running');
  },
};

/** Section 6 of the specification: as many answers as requests that want one. */
function checkAnswer(asked: unknown, said: string | undefined): void {
  if (said !== undefined) checkJson(said);
  const isBatch = Array.isArray(asked) && asked.length > 0 && asked.length <= limits.batch;
  const expected = isBatch ? asked.filter(wantsAnswer).length : Number(wantsAnswer(asked));
  const answers = said === undefined ? [] : (JSON.parse(said) as unknown);
  const count = Array.isArray(answers) ? answers.length : 1;
  check(count === expected, `${count} answers to what wants ${expected}: ${said}`);
  check(Array.isArray(answers) === isBatch || said === undefined, `a batch is answered by a batch: ${said}`);
}

function wantsAnswer(message: unknown): boolean {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return true;
  const { jsonrpc, method, params, ...rest } = message as Record<string, unknown>;
  const isRequest =
    jsonrpc === '2.0' &&
    typeof method === 'string' &&
    (params === undefined || (typeof params === 'object' && params !== null));
  const isResponse = method === undefined && ('result' in rest || 'error' in rest);
  return isRequest ? rest['id'] !== undefined : !isResponse;
}

function checkJson(text: string): void {
  const parsed = JSON.parse(text) as unknown;
  check(!text.includes('secret'), `it tells a secret: ${text}`);
  for (const one of Array.isArray(parsed) ? parsed : [parsed]) {
    const { jsonrpc, error } = one as { jsonrpc: unknown; error?: { code: unknown } };
    check(jsonrpc === '2.0', `an answer without jsonrpc: ${text}`);
    check(error === undefined || Number.isInteger(error.code), `the code of an error is no integer: ${text}`);
  }
}
