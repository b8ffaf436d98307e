// What values look like, and which cannot be carried.

import { describe, expect, test } from 'vitest';
import { RpcError } from '@sallyport/core';
import { callXml, faultXml, responseXml } from '../../src/xml-rpc/documents.js';
import { readResponse } from '../../src/xml-rpc/document-reader.js';
import { valueXml } from '../../src/xml-rpc/value-writer.js';
import { bytes, DEPTH, faultOf } from './documents.js';

test.each<[unknown, string]>([
  [41, '<int>41</int>'],
  [-0, '<int>0</int>'],
  [2 ** 31 - 1, '<int>2147483647</int>'],
  [-(2 ** 31), '<int>-2147483648</int>'],
  [2 ** 31, '<i8>2147483648</i8>'],
  [-Number.MAX_SAFE_INTEGER, '<i8>-9007199254740991</i8>'],
  [2 ** 53, '<double>9007199254740992.0</double>'],
  [-1.5, '<double>-1.5</double>'],
  [1e21, `<double>1${'0'.repeat(21)}.0</double>`],
  [-1.25e22, `<double>-125${'0'.repeat(20)}.0</double>`],
  [1.5e-7, '<double>0.00000015</double>'],
  [-5e-324, `<double>-0.${'0'.repeat(323)}5</double>`],
  [true, '<boolean>1</boolean>'],
  [false, '<boolean>0</boolean>'],
  ['', '<string></string>'],
  ['a <b> & "c" ]]> \r\n\t', '<string>a &lt;b&gt; &amp; "c" ]]&gt; &#13;\n\t</string>'],
  ['Grüße 🚪', '<string>Grüße 🚪</string>'],
  [null, '<nil/>'],
  [undefined, '<nil/>'],
  [Symbol('s'), '<nil/>'],
  [() => 1, '<nil/>'],
  [new Date('1998-07-17T14:08:55.999Z'), '<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>'],
  [new Date('0001-01-01T00:00:00Z'), '<dateTime.iso8601>00010101T00:00:00</dateTime.iso8601>'],
  [Buffer.from('abc').subarray(1), '<base64>YmM=</base64>'],
  [new Uint8Array(0), '<base64></base64>'],
  [[], '<array><data></data></array>'],
  [
    [1, undefined, null],
    '<array><data><value><int>1</int></value>' + '<value><nil/></value>'.repeat(2) + '</data></array>',
  ],
  [{}, '<struct></struct>'],
  [
    { 'a&b': 1, none: undefined, method: () => 1, nil: null },
    '<struct><member><name>a&amp;b</name><value><int>1</int></value></member>' +
      '<member><name>nil</name><value><nil/></value></member></struct>',
  ],
  [{ toJSON: () => 'told' }, '<string>told</string>'],
  [new URL('http://a.example/'), '<string>http://a.example/</string>'],
])('%j', (value, xml) => {
  expect(valueXml(value, DEPTH)).toBe(`<value>${xml}</value>`);
});

describe('what cannot be carried is named:', () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const endless = { toJSON: (): unknown => endless };
  const deep = 'more than 64 arrays and structs within each other (limits.xmlDepth)';
  const noCharacter = 'which XML does not have (XML 1.0, section 2.2)';

  test.each<[string, unknown, string]>([
    ['NaN', { a: [NaN] }, 'the number NaN'],
    ['Infinity', -Infinity, 'the number -Infinity'],
    ['a bigint', 1n, 'a bigint'],
    ['no date', new Date(NaN), 'a Date that is invalid, or not of the years 0 to 9999'],
    ['a late date', new Date('+010000-01-01'), 'a Date that is invalid, or not of the years 0 to 9999'],
    ['a circle', circle, deep],
    ['an endless toJSON', endless, deep],
    ['a control', 'a\u0000', `the character U+0000, ${noCharacter}`],
    ['another', { '\u001b': 1 }, `the character U+001B, ${noCharacter}`],
    ['half of a pair', 'a\ud83d', `the character U+D83D, ${noCharacter}`],
    ['the other half', '\ude00🚪', `the character U+DE00, ${noCharacter}`],
    ['no character', '\uffff', `the character U+FFFF, ${noCharacter}`],
  ])('%s', (_, value, what) => {
    expect(faultOf(() => responseXml(value, DEPTH))).toBe(`-32603 Internal error: XML-RPC cannot carry ${what}`);
  });

  test('of a depth that is allowed all can be', () => {
    let value: unknown = [];
    for (let depth = 1; depth < 64; depth++) value = { value };
    expect(readResponse(bytes(responseXml(value, DEPTH)), DEPTH)).toEqual({ result: value });
  });
});

describe('a document', () => {
  test('is a call', () => {
    expect(callXml('a.b', [1, 'two'], DEPTH)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<methodCall><methodName>a.b</methodName><params>' +
        '<param><value><int>1</int></value></param><param><value><string>two</string></value></param>' +
        '</params></methodCall>\n',
    );
  });

  test('is an answer, of nothing as well', () => {
    expect(responseXml(undefined, DEPTH)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse><params><param><value><nil/></value></param></params></methodResponse>\n',
    );
  });

  test('is a fault', () => {
    expect(faultXml(new RpcError(4, 'Too many <parameters>.'))).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse><fault><value><struct>' +
        '<member><name>faultCode</name><value><int>4</int></value></member>' +
        '<member><name>faultString</name><value><string>Too many &lt;parameters&gt;.</string></value></member>' +
        '</struct></value></fault></methodResponse>\n',
    );
  });
});

describe('the fault of', () => {
  test.each<[string, unknown, number, string]>([
    ['an error', new RpcError(4001, 'locked'), 4001, 'locked'],
    ['an error with a text', new RpcError(-32601, 'Method not found', 'a.b'), -32601, 'Method not found: a.b'],
    ['an error with other data', new RpcError(1, 'locked', { door: 1 }), 1, 'locked'],
    ['an error whose code is too great', new RpcError(2 ** 31, 'great'), -32500, 'great'],
    ['an error whose code is no integer', new RpcError(0.5, 'half'), -32603, 'Internal error'],
    ['another error', new Error('secret'), -32603, 'Internal error'],
    ['anything', 'secret', -32603, 'Internal error'],
    ['a text that cannot be carried', new RpcError(1, 'a\u0000b\ud800'), 1, 'a\ufffdb\ufffd'],
  ])('%s', (_, thrown, code, message) => {
    expect(readResponse(bytes(faultXml(thrown)), DEPTH)).toEqual({ error: new RpcError(code, message) });
  });
});
