// What is written is read again, however it comes; what nobody writes ends with a fault.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RpcError } from '@sallyport/core';
import { DocumentReader, readCall, readResponse } from '../../src/xml-rpc/document-reader.js';
import { callXml, faultXml, responseXml } from '../../src/xml-rpc/documents.js';
import { NO_XML } from '../../src/xml-rpc/fault.js';
import { bytes, DEPTH } from './documents.js';

const text = fc
  .string({
    unit: fc.oneof(fc.constantFrom(...'<>&]\r\n\t "\''), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })),
  })
  .map((one) => one.replace(NO_XML, ''));
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noDefaultInfinity: true, noNaN: true }));
const date = fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
const wholeDate = date.map((one) => new Date(Math.floor(one.getTime() / 1000) * 1000));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    // -0 is 0, as in JSON.
    number.map((one) => one + 0),
    fc.boolean(),
    fc.constant(null),
    wholeDate,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
  ),
}));

/** A struct's prototype is Object's. */
const plain = (one: unknown): unknown => structuredClone(one);

test('values come back from a call', () => {
  fc.assert(
    fc.property(text, fc.array(value, { maxLength: 4 }), (method, params) => {
      const document = bytes(callXml(method, params, DEPTH));
      expect(plain(readCall(document, DEPTH))).toStrictEqual(plain({ method, params }));
    }),
  );
});

test('results and errors come back from an answer', () => {
  fc.assert(
    fc.property(value, fc.integer(), text, (result, code, message) => {
      expect(plain(readResponse(bytes(responseXml(result, DEPTH)), DEPTH))).toStrictEqual(plain({ result }));
      const fault = bytes(faultXml(new RpcError(code, message)));
      expect(readResponse(fault, DEPTH)).toEqual({ error: new RpcError(code, message) });
    }),
  );
});

/** What a document is, read in pieces. */
function outcomeOf(pieces: readonly Uint8Array[]): unknown {
  const reader = new DocumentReader('methodCall', DEPTH);
  try {
    for (const piece of pieces) reader.write(piece);
    return plain(reader.end());
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return [error.code, error.message, error.data];
  }
}

test('a document is the same, wherever it is cut', () => {
  const params = [
    'Grüße 🚪 ]]> & \r\n',
    [1, -1.5e-9, null, true],
    { 'a<b': new Date(0), bytes: Uint8Array.of(0, 255) },
  ];
  const document = Buffer.from(
    callXml('größe.ändern', params, DEPTH).replace('&amp;', '<![CDATA[&\r\n]]><!-- é -->&#38;'),
  );
  const whole = outcomeOf([document]);
  expect(whole).toMatchObject({ method: 'größe.ändern' });
  for (let at = 0; at <= document.length; at++)
    expect(outcomeOf([document.subarray(0, at), document.subarray(at)])).toStrictEqual(whole);
  expect(outcomeOf(Array.from(document, (byte) => Uint8Array.of(byte)))).toStrictEqual(whole);
});

const scraps = fc.constantFrom(
  ...[
    '<',
    '>',
    '&',
    ';',
    '"',
    ']]>',
    '<!--',
    '-->',
    '<![CDATA[',
    '<?xml version="1.0"?>',
    '<!DOCTYPE a [',
    '\u0000',
    '\ufffe',
  ],
  ...[
    '<value>',
    '</value>',
    '<nil/>',
    '<int>',
    '</int>',
    '<array><data>',
    '</data></array>',
    '<struct>',
    '</member>',
    ' a="b"',
  ],
  ...['&#', '&lt;', '&x;', '\ufeff', '🚪', '9'],
);

test('a document that was changed is read, or is a fault, however it comes', () => {
  const change = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 20 }),
    insert: fc.oneof(scraps.map(Buffer.from), fc.uint8Array({ maxLength: 4 })),
  });
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 3 }),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      (params, changes, cut) => {
        let document = Buffer.from(callXml('m', params, DEPTH));
        for (const { at, remove, insert } of changes) {
          const place = at % (document.length + 1);
          document = Buffer.concat([document.subarray(0, place), insert, document.subarray(place + remove)]);
        }
        const at = cut % (document.length + 1);
        const whole = outcomeOf([document]);
        const inPieces = outcomeOf([document.subarray(0, at), document.subarray(at)]);
        // What is wrong in two ways may be told of either, depending on what came first.
        if (Array.isArray(whole)) expect(inPieces).toBeInstanceOf(Array);
        else expect(inPieces).toStrictEqual(whole);
      },
    ),
    { numRuns: 2000 },
  );
});
