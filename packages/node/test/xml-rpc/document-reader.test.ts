// What is read of documents, and what is said of wrong ones.

import { describe, expect, test } from 'vitest';
import { DocumentReader, readCall, readResponse } from '../../src/xml-rpc/document-reader.js';
import { bytes, callOf, DEPTH, faultOf, valueOf } from './documents.js';

const call = (text: string) => readCall(bytes(text), DEPTH);
const response = (text: string) => readResponse(bytes(text), DEPTH);

describe('a call', () => {
  test('is a method and params', () => {
    const text = `<?xml version="1.0"?>
<methodCall>
   <methodName>examples.getStateName</methodName>
   <params>
      <param>
         <value><i4>41</i4></value>
         </param>
      <param><value>two</value></param>
      </params>
   </methodCall>
`;
    expect(call(text)).toEqual({ method: 'examples.getStateName', params: [41, 'two'] });
  });

  test.each(['', '<params/>', '<params></params>', ' <params> </params> '])('has no params in %j', (params) => {
    expect(call(`<methodCall><methodName>m</methodName>${params}</methodCall>`)).toEqual({ method: 'm', params: [] });
  });

  test.each([
    ['a byte order mark', `\ufeff${callOf('x')}`],
    ['a declaration', `<?xml version='1.0' encoding="utf-8" standalone='yes'?>\r\n${callOf('x')}`],
    ['ASCII as PHP declares it', `<?xml version="1.0" encoding="iso-8859-1"?>${callOf('x')}`],
    ['ASCII by its name', `<?xml version="1.0" encoding="US-ASCII"?>${callOf('x')}`],
    ['a mark and a declaration', `\ufeff<?xml version="1.0" encoding="UTF-8"?>${callOf('x')}`],
    ['comments', `<!-- a -->${callOf('<!-- b --><string>x<!-- c --></string>')}<!-- d -->`],
    [
      "Apache's namespace",
      callOf('x').replace('l>', 'l xmlns:ex="http://ws.apache.org/xmlrpc/namespaces/extensions">'),
    ],
  ])('may come with %s', (_, text) => {
    expect(call(text)).toEqual({ method: 'm', params: ['x'] });
  });
});

describe('an answer', () => {
  test('is a result', () => {
    const text = '<methodResponse><params><param><value>South Dakota</value></param></params></methodResponse>';
    expect(response(text)).toEqual({ result: 'South Dakota' });
  });

  const fault = (...members: string[]) =>
    `<methodResponse><fault><value><struct>${members.join('')}</struct></value></fault></methodResponse>`;
  const code = '<member><name>faultCode</name><value><int>4</int></value></member>';
  const text = '<member><name>faultString</name><value><string>Too many parameters.</string></value></member>';

  test('is a fault', () => {
    expect(response(fault(code, text))).toMatchObject({ error: { code: 4, message: 'Too many parameters.' } });
  });

  test.each([
    ['a fault without a text', fault(code), 'a <fault> is a struct of faultCode'],
    ['a fault without a code', fault(text), 'a <fault> is a struct of faultCode'],
    ['no params', '<methodResponse><params/></methodResponse>', 'an answer has one <param>'],
    ['nothing', '<methodResponse/>', '<methodResponse> lacks <params> or <fault>'],
  ])('is not %s', (_, wrong, why) => {
    expect(faultOf(() => response(wrong))).toContain(`-32600 Invalid Request: ${why}`);
  });
});

describe('a value', () => {
  test.each<[string, unknown]>([
    ['<int>41</int>', 41],
    ['<i4>-2147483648</i4>', -(2 ** 31)],
    ['<i4>+0012</i4>', 12],
    ['<int>-0</int>', 0],
    ['<int>2147483648</int>', 2 ** 31],
    ['<i8>9007199254740991</i8>', Number.MAX_SAFE_INTEGER],
    ['<ex:i8>-2147483649</ex:i8>', -(2 ** 31) - 1],
    ['<boolean>0</boolean>', false],
    ['<boolean>1</boolean>', true],
    ['<double>-12.53</double>', -12.53],
    ['<double>+.5</double>', 0.5],
    ['<double>1e+20</double>', 1e20],
    ['<double>7.</double>', 7],
    ['<string>egg</string>', 'egg'],
    ['<string/>', ''],
    ['', ''],
    ['  plain\n', '  plain\n'],
    [' <string> a </string> ', ' a '],
    ['a &lt;&amp;&gt;&quot;&apos; &#65;&#x1F600; b', 'a <&>"\' A😀 b'],
    ['<![CDATA[<a> & ]]]]><![CDATA[>]]>', '<a> & ]]>'],
    ['a\r\nb\rc&#13;', 'a\nb\nc\r'],
    ['Grüße 🚪', 'Grüße 🚪'],
    ['<base64>eW91IGNhbid0\n IHJlYWQ=\n</base64>', Uint8Array.from(Buffer.from("you can't read"))],
    ['<base64/>', new Uint8Array(0)],
    ['<dateTime.iso8601>19980717T14:08:55</dateTime.iso8601>', new Date('1998-07-17T14:08:55Z')],
    ['<dateTime.iso8601>1998-07-17T14:08:55Z</dateTime.iso8601>', new Date('1998-07-17T14:08:55Z')],
    ['<dateTime.iso8601>19980717T140855.5+0230</dateTime.iso8601>', new Date('1998-07-17T11:38:55.500Z')],
    ['<dateTime.iso8601>20240229T00:00:00</dateTime.iso8601>', new Date('2024-02-29T00:00:00Z')],
    ['<nil/>', null],
    ['<ex:nil></ex:nil>', null],
    ['<array><data/></array>', []],
    ['<array><data><value>a</value> <value><array><data/></array></value></data></array>', ['a', []]],
    ['<struct/>', {}],
    ['<struct><member><name>a b</name><value><i4>1</i4></value></member></struct>', { 'a b': 1 }],
    ['<struct><member><name/><value/></member></struct>', { '': '' }],
  ])('%s', (content, value) => {
    expect(valueOf(content)).toStrictEqual(value);
  });

  test('keeps members whose names mean something elsewhere', () => {
    const member = (name: string) => `<member><name>${name}</name><value>x</value></member>`;
    const value = valueOf(
      `<struct>${['__proto__', 'constructor', 'toString'].map(member).join('')}</struct>`,
    ) as object;
    expect(Object.entries(value)).toEqual(['__proto__', 'constructor', 'toString'].map((name) => [name, 'x']));
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  test('of bytes keeps nothing else alive', () => {
    const value = valueOf('<base64>AAEC</base64>') as Uint8Array;
    expect(value).not.toBeInstanceOf(Buffer);
    expect(value.buffer.byteLength).toBe(3);
  });

  test.each([
    ['<int>1.5</int>', 'an integer is digits behind an optional sign, not "1.5"'],
    ['<int> 1 </int>', 'an integer is digits behind an optional sign, not " 1 "'],
    ['<int/>', 'an integer is digits behind an optional sign, not ""'],
    ['<i8>9007199254740992</i8>', 'an integer is read up to 53 bits, and "9007199254740992" has more'],
    ['<boolean>true</boolean>', '<boolean> is 0 or 1, not "true"'],
    ['<double>NaN</double>', '<double> is a finite decimal number, not "NaN"'],
    ['<double>inf</double>', '<double> is a finite decimal number, not "inf"'],
    ['<double>1e999</double>', '<double> is a finite decimal number, not "1e999"'],
    ['<double>.</double>', '<double> is a finite decimal number, not "."'],
    ['<double>0x10</double>', '<double> is a finite decimal number, not "0x10"'],
    [`<int>${'x'.repeat(999)}</int>`, `an integer is digits behind an optional sign, not "${'x'.repeat(40)}…"`],
    ['<base64>a</base64>', '<base64> is not base64 (RFC 4648, section 4)'],
    ['<base64>a===</base64>', '<base64> is not base64 (RFC 4648, section 4)'],
    ['<base64>ab-_</base64>', '<base64> is not base64 (RFC 4648, section 4)'],
    ...[
      '',
      'now',
      '19980230T00:00:00',
      '19980101T24:00:00',
      '19980101T00:00:60',
      '19980101T00:00:00+99:00',
      '00000101T00:00:00+01:00',
    ].map((date) => [
      `<dateTime.iso8601>${date}</dateTime.iso8601>`,
      `<dateTime.iso8601> is like 19980717T14:08:55, not "${date}"`,
    ]),
    ['<nil>0</nil>', '<nil/> is empty'],
    ['<strin>a</strin>', 'an unknown element in <value>'],
    ['<toString/>', 'an unknown element in <value>'],
    ['<ex:int>1</ex:int>', 'an unknown element in <value>'],
    ['a<int>1</int>', 'text in <value>, beside or instead of its elements'],
    ['<int>1</int>a', 'text in <value>, beside or instead of its elements'],
    ['<int>1</int><![CDATA[a]]>', 'text in <value>, beside or instead of its elements'],
    ['<int>1</int><int>2</int>', '<int> in <value>, where no element may come'],
    ['<string>a<int>1</int></string>', '<int> in <string>, where no element may come'],
    ['<array/>', '<array> lacks <data>'],
    ['<array><data/><data/></array>', '<data> in <array>, where no element may come'],
    ['<array><value>1</value></array>', '<value> in <array>, where <data> may come'],
    ['<array><data>1</data></array>', 'text in <data>, beside or instead of its elements'],
    ['<struct><name>a</name></struct>', '<name> in <struct>, where <member> may come'],
    ['<struct><member/></struct>', '<member> lacks <name>'],
    ['<struct><member><name>a</name></member></struct>', '<member> lacks <value>'],
    ['<struct><member><value/><name>a</name></member></struct>', '<value> in <member>, where <name> may come'],
    [`<struct>${'<member><name>a</name><value/></member>'.repeat(2)}</struct>`, 'a struct with two members "a"'],
    ['<int a="1">1</int>', 'no element has attributes'],
    ['<nil xmlns:ex="http://other.example"/>', 'no element has attributes'],
  ])('is not %s', (content, why) => {
    expect(faultOf(() => valueOf(content))).toContain(`-32600 Invalid Request: ${why}`);
  });
});

describe('what is no XML', () => {
  test.each([
    ['nothing', '', '-32700 Parse error: 1:0: document must contain a root element.'],
    ['text', 'hello', '-32700 Parse error: 1:5: text data outside of root node.'],
    ['JSON', '{"jsonrpc":"2.0"}', '-32700 Parse error: '],
    ['half of a document', callOf('x').slice(0, 50), '-32700 Parse error: '],
    ['a wrong end', '<methodCall><methodName>m</name>', '-32700 Parse error: '],
    ['two documents', callOf('x').repeat(2), '-32700 Parse error: '],
    ['an unknown entity', callOf('&nbsp;'), '-32700 Parse error: 1:66: undefined entity.'],
    ["a name of JavaScript's", callOf('&constructor;'), 'undefined entity.'],
    ['half a character', callOf('&#xD800;'), 'malformed character entity.'],
    ['a character that XML does not have', callOf('&#1;'), 'malformed character entity.'],
    ['the same as it is', callOf('\u0001'), 'disallowed character.'],
    ['a document type', `<!DOCTYPE a>${callOf('x')}`, '-32700 Parse error: a document type declaration is refused'],
    [
      'entities within each other',
      `<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]>${callOf('&c;')}`,
      '-32700 Parse error: a document type declaration is refused',
    ],
    [
      'a processing instruction',
      `<?php echo ?>${callOf('x')}`,
      '-32700 Parse error: a processing instruction is refused',
    ],
    ['a declaration inside', callOf('<?xml version="1.0"?>'), '-32700 Parse error: '],
    ['XML 1.1', `<?xml version="1.1"?>${callOf('x')}`, '-32700 Parse error: only XML 1.0 is read here'],
    [
      'Windows’ encoding',
      `<?xml version="1.0" encoding="windows-1252"?>${callOf('x')}`,
      '-32701 Parse error: unsupported encoding: only UTF-8 is read here',
    ],
    [
      'UTF-8 under the name of Latin-1',
      `<?xml version="1.0" encoding="ISO-8859-1"?>${callOf('Grüße')}`,
      '-32701 Parse error: unsupported encoding: only UTF-8 is read here',
    ],
    [
      'UTF-16',
      `<?xml version="1.0" encoding="utf-16"?>${callOf('x')}`,
      '-32701 Parse error: unsupported encoding: only UTF-8 is read here',
    ],
  ])('%s', (_, text, fault) => {
    expect(faultOf(() => call(text))).toContain(fault);
  });

  test.each([
    ['a byte of Latin-1', Buffer.from(callOf('Grüße'), 'latin1')],
    ['half of a character', Buffer.concat([Buffer.from(callOf('x')), Buffer.of(0xc3)])],
    ['UTF-16', Buffer.from(`\ufeff${callOf('x')}`, 'utf16le')],
  ])('%s', (_, octets) => {
    expect(faultOf(() => readCall(octets, DEPTH))).toBe('-32702 Parse error: the document is not UTF-8');
  });

  test('repeats no name of any length', () => {
    expect(faultOf(() => call(`<methodCall></${'x'.repeat(100_000)}>`)).length).toBeLessThan(300);
  });
});

test('a document is what is expected', () => {
  expect(faultOf(() => response(callOf('x')))).toBe(
    '-32600 Invalid Request: <methodCall> as the document, where <methodResponse> may come',
  );
  expect(faultOf(() => call('<html/>'))).toBe(
    '-32600 Invalid Request: an unknown element as the document, where <methodCall> may come',
  );
  expect(faultOf(() => call('<methodCall/>'))).toBe('-32600 Invalid Request: <methodCall> lacks <methodName>');
  expect(faultOf(() => call('<methodCall><params/></methodCall>'))).toContain('where <methodName> may come');
});

describe('depth', () => {
  const nested = (depth: number, inner = '') =>
    `${'<array><data><value>'.repeat(depth)}${inner}${'</value></data></array>'.repeat(depth)}`;

  test('is counted in arrays and structs', () => {
    expect(JSON.stringify(valueOf(nested(64)))).toBe(`${'['.repeat(64)}""${']'.repeat(64)}`);
    expect(faultOf(() => valueOf(nested(65)))).toBe(
      '-32700 Parse error: more than 64 arrays and structs within each other (limits.xmlDepth)',
    );
    expect(faultOf(() => valueOf(nested(64, '<struct/>')))).toContain('limits.xmlDepth');
  });

  test('ends at once what has no end', () => {
    const reader = new DocumentReader('methodCall', DEPTH);
    const text = callOf(nested(200_000));
    expect(faultOf(() => reader.write(bytes(text.slice(0, text.length / 2))))).toContain('limits.xmlDepth');
  });

  test('of one is not what is beside it', () => {
    const flat = `<array><data>${`<value>${nested(3)}</value>`.repeat(100)}</data></array>`;
    expect(readCall(bytes(callOf(flat)), 4).params[0]).toHaveLength(100);
  });
});

test.each([100, 64 * 1024, 8 * 1024 * 1024])('four megabytes in pieces of %i bytes take no time', (piece) => {
  const content = `<array><data>${'<value>&lt;&#65;</value>'.repeat(170_000)}</data></array>`;
  const document = bytes(callOf(content));
  const reader = new DocumentReader('methodCall', DEPTH);
  const began = performance.now();
  for (let at = 0; at < document.length; at += piece) reader.write(document.subarray(at, at + piece));
  const { params } = reader.end() as { params: unknown[][] };
  expect(params[0]).toHaveLength(170_000);
  expect(performance.now() - began).toBeLessThan(5000);
});
