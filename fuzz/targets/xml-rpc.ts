// XML-RPC: documents to the service. Whatever they are, they are read or are a fault, the same however the bytes come;
// and each answer is XML-RPC.

import { RpcError } from '@sallyport/core';
import { Dispatcher, type Methods, MethodTable } from '@sallyport/core/jsonrpc';
import fc from 'fast-check';
import { DocumentReader, readCall, readResponse } from '../../packages/node/src/xml-rpc/document-reader.js';
import { callXml } from '../../packages/node/src/xml-rpc/documents.js';
import type { MethodCall } from '../../packages/node/src/xml-rpc/elements.js';
import { XmlRpcService } from '../../packages/node/src/xml-rpc/service.js';
import { check, checkSame, pieces, singleBytes, type Target } from '../target.js';

const names = ['methodCall', 'methodResponse', 'methodName', 'params', 'param', 'value', 'fault', 'array', 'data'];
const types = [
  'struct',
  'member',
  'name',
  'int',
  'i4',
  'i8',
  'boolean',
  'string',
  'double',
  'dateTime.iso8601',
  'base64',
];

export const xmlWords = [
  ...[...names, ...types, 'nil', 'ex:nil'].flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}/>`]),
  ...[
    '<?xml version="1.0"?>',
    '<?xml version="1.0" encoding="UTF-8"?>',
    'encoding="latin1"',
    '<?a b?>',
    '<!DOCTYPE a [',
    ']>',
  ],
  ...[
    '<!ENTITY b "c">',
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '&lt;',
    '&amp;',
    '&#65;',
    '&#x10FFFF;',
    '&#0;',
    '&#xD800;',
    '&b;',
    '&',
  ],
  ...[
    ' a="b"',
    ' xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions"',
    '<',
    '>',
    '"',
    '\r\n',
    '\t',
    '\x00',
    ' ',
  ],
  ...[
    '0',
    '-1',
    '2147483648',
    '9007199254740992',
    '1e999',
    '1.5',
    'NaN',
    '19980717T14:08:55',
    'AAEC',
    '=',
    '__proto__',
  ],
  ...['echo', 'fail', 'crash', 'odd', 'system.multicall', 'system.methodHelp', 'methodName', 'faultCode'],
  ...['\xef\xbb\xbf', '\xff', '\xc3\xa9', '\xf0\x9f\x9a\xaa', '\xed\xa0\x80', '\xef\xbf\xbf'],
];

const DEPTH = 8;

const text = fc
  .string({ unit: 'grapheme', maxLength: 8 })
  .map((one) => one.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, ''));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    text,
    fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noDefaultInfinity: true, noNaN: true })),
    fc.boolean(),
    fc.constant(null),
    fc.constant(new Date('2026-01-02T03:04:05Z')),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(text, tie('value'), { maxKeys: 3 }),
  ),
}));
const method = fc.constantFrom('echo', 'fail', 'crash', 'odd', 'none', 'system.listMethods', 'system.methodHelp');
const inner = fc.record({ methodName: method, params: fc.array(value, { maxLength: 2 }) });
const calls = fc.oneof(
  fc.tuple(method, fc.array(value, { maxLength: 3 })),
  fc.tuple(fc.constant('system.multicall'), fc.tuple(fc.array(fc.oneof(inner, value), { maxLength: 5 }))),
);

const seeds = [
  '<?xml version="1.0"?>\n<methodCall><methodName>echo</methodName><params><param><value><i4>41</i4></value></param></params></methodCall>',
  '\xef\xbb\xbf<methodCall><methodName>echo</methodName><params><param><value>a<![CDATA[<b>]]>&#233;</value></param></params></methodCall>',
  `<methodCall><methodName>echo</methodName><params><param>${'<value><array><data>'.repeat(10)}`,
  '<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>4</int></value></member>' +
    '<member><name>faultString</name><value>Too many parameters.</value></member></struct></value></fault></methodResponse>',
];

/** What a fault of the reader may be: no document, no encoding that is read, or not XML-RPC. */
const codes = [-32700, -32701, -32702, -32600];

type Outcome = { read: unknown } | { code: number };

function outcomeOf(expected: 'methodCall' | 'methodResponse', chunks: readonly Uint8Array[]): Outcome {
  const reader = new DocumentReader(expected, DEPTH);
  try {
    for (const chunk of chunks) reader.write(chunk);
    return { read: reader.end() };
  } catch (error) {
    check(error instanceof RpcError, `reading throws ${String(error)}`);
    check(codes.includes(error.code), `reading ends with ${error.code}`);
    check(error.message.length + String(error.data).length < 600, 'the fault is long');
    return { code: error.code };
  }
}

const methods: Methods = {
  echo: (given: unknown) => given,
  fail: () => {
    throw new RpcError(4001, 'it failed \u0000', 'because');
  },
  crash: () => {
    throw new Error('secret');
  },
  odd: () => ({ big: 1n }),
};

export const xmlRpc: Target = {
  name: 'xml-rpc',
  weight: 2,
  words: xmlWords,
  seeds,
  inputs: calls.map(([name, params]) => new TextEncoder().encode(callXml(name, params as unknown[], 64))),
  async run(input) {
    for (const expected of ['methodCall', 'methodResponse'] as const) {
      const whole = outcomeOf(expected, [input]);
      for (const chunks of [pieces(input), singleBytes(input)]) {
        const other = outcomeOf(expected, chunks);
        check('read' in whole === 'read' in other, `whole it is ${told(whole)}, in pieces ${told(other)}`);
        if ('read' in whole) checkSame(whole, other, 'it depends on how it comes');
      }
      if (expected === 'methodCall' && 'read' in whole) await answer(input, whole.read as MethodCall);
    }
  },
};

/** What was read can be written, and is answered. */
async function answer(input: Uint8Array, call: MethodCall): Promise<void> {
  const again = readCall(Buffer.from(callXml(call.method, call.params, DEPTH)), DEPTH);
  checkSame(again, withoutMilliseconds(call), 'written and read it is another');
  const table = new MethodTable();
  table.add(methods);
  const service = new XmlRpcService(new Dispatcher(table, {}), { batch: 4, depth: DEPTH });
  const caller = { running: new Map() };
  const read = await service.read(input, new AbortController().signal);
  const text = await service.answer(read, caller);
  check(caller.running.size === 0, 'a call is still running');
  check(!text.includes('secret'), `it tells a secret: ${text}`);
  // The answers of a multicall are deeper than its calls.
  const response = readResponse(Buffer.from(text), DEPTH + 2);
  if (call.method === 'echo' && 'result' in response) {
    const { params } = withoutMilliseconds(call);
    checkSame(response.result, (params.length > 1 ? params : params[0]) ?? null, 'it is no echo');
  }
}

/** They have no place in what is written. */
function withoutMilliseconds({ method, params }: MethodCall): MethodCall {
  const whole = (value: unknown): unknown => {
    if (value instanceof Date) return new Date(Math.floor(value.getTime() / 1000) * 1000);
    if (Array.isArray(value)) return value.map(whole);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, whole(member)]));
  };
  return { method, params: params.map(whole) };
}

function told(outcome: Outcome): string {
  return 'code' in outcome ? `the fault ${outcome.code}` : 'read';
}
