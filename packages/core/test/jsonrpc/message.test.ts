import { describe, expect, test } from 'vitest';
import { RpcError } from '../../src/errors.js';
import {
  errorText,
  idOf,
  isResponse,
  parseJson,
  readRequest,
  requestText,
  responseError,
  resultText,
} from '../../src/jsonrpc/message.js';

describe('ids that can be given back as they were', () => {
  test.each(['text', '', '1', 0, -0, -7, 1.5, -0.25, 2 ** 53 - 1, -(2 ** 53 - 1), null])('%j', (id) => {
    const request = readRequest(JSON.parse(`{"jsonrpc":"2.0","method":"m","id":${JSON.stringify(id)}}`));
    expect(JSON.parse(resultText(request.id!, 1))).toMatchObject({ id: JSON.parse(JSON.stringify(id)) as unknown });
  });
});

describe('ids that cannot be given back are refused, and the answer has id null', () => {
  test.each(['9007199254740993', '-9007199254740993', '1e400', 'true', '{}', '[1]'])('%s', (id) => {
    const message = JSON.parse(`{"jsonrpc":"2.0","method":"m","id":${id}}`) as unknown;
    expect(() => readRequest(message)).toThrow(expect.objectContaining({ code: -32600 }) as Error);
    expect(idOf(message)).toBe(null);
  });
});

describe('what is no request is refused with -32600', () => {
  test.each([
    ['null', null],
    ['a number', 1],
    ['a text', 'subtract'],
    ['without jsonrpc', { method: 'm', id: 7 }],
    ['jsonrpc of another version', { jsonrpc: '1.0', method: 'm', id: 7 }],
    ['jsonrpc as a number', { jsonrpc: 2, method: 'm', id: 7 }],
    ['without a method', { jsonrpc: '2.0', id: 7 }],
    ['a method that is no text', { jsonrpc: '2.0', method: ['m'], id: 7 }],
    ['params null', { jsonrpc: '2.0', method: 'm', params: null, id: 7 }],
    ['params a text', { jsonrpc: '2.0', method: 'm', params: 'bar', id: 7 }],
    ['params a number', { jsonrpc: '2.0', method: 'm', params: 5, id: 7 }],
    ['params true', { jsonrpc: '2.0', method: 'm', params: true, id: 7 }],
  ])('%s', (_name, message) => {
    expect(() => readRequest(message)).toThrow(expect.objectContaining({ code: -32600 }) as Error);
    expect(idOf(message)).toBe((message as { id?: number } | null)?.id ?? null);
  });
});

test('members that the specification does not know are no reason to refuse', () => {
  expect(readRequest({ jsonrpc: '2.0', method: 'm', id: 1, trace: 'x' })).toEqual({
    id: 1,
    method: 'm',
    params: undefined,
  });
});

test.each([
  [{ jsonrpc: '2.0', id: 1, result: null }, true],
  [{ jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }, true],
  [{ id: 1, result: 5, error: null }, true],
  [{ jsonrpc: '2.0', id: 1, method: 'm', result: 5 }, false],
  [{ jsonrpc: '2.0', id: 1 }, false],
  [[{ jsonrpc: '2.0', id: 1, result: 1 }], false],
  [null, false],
  ['result', false],
])('%j answers rather than asks: %s', (message, is) => expect(isResponse(message)).toBe(is));

test.each([
  [1, 'm', [1], '{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}'],
  ['x', 'm', undefined, '{"jsonrpc":"2.0","id":"x","method":"m"}'],
  [undefined, 'm', { a: 'ä"' }, '{"jsonrpc":"2.0","method":"m","params":{"a":"ä\\""}}'],
  [null, 'a"b', {}, '{"jsonrpc":"2.0","id":null,"method":"a\\"b","params":{}}'],
])('the text of a request: id %j, method %j, params %j', (id, method, params, text) => {
  expect(requestText(id, method, params)).toBe(text);
});

test.each([
  [5, '5'],
  [undefined, 'null'],
  [() => 1, 'null'],
  [null, 'null'],
  [NaN, 'null'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
])('the text of a result: %s', (result, json) => {
  expect(resultText(1, result)).toBe(`{"jsonrpc":"2.0","id":1,"result":${json}}`);
});

test('params that are not JSON throw', () => {
  expect(() => requestText(1, 'm', { big: 1n })).toThrow(TypeError);
});

test('the text of an error has data only if there is some', () => {
  expect(JSON.parse(errorText(1, new RpcError(-1, 'no')))).toEqual({
    jsonrpc: '2.0',
    id: 1,
    error: { code: -1, message: 'no' },
  });
  for (const data of [0, '', false, null, { a: [1] }])
    expect(JSON.parse(errorText(1, new RpcError(-1, 'no', data)))).toMatchObject({ error: { data } });
});

test('an error of ours is told, another is not', () => {
  const text = errorText(1, new Error('the password is 1234'));
  expect(JSON.parse(text)).toEqual({ jsonrpc: '2.0', id: 1, error: { code: -32603, message: 'Internal error' } });
});

test.each(['', '{', '[1,]', 'undefined', "{'a':1}"])('%j is a parse error', (text) => {
  expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: -32700, message: 'Parse error' }) as Error);
});

test('the error of an answer keeps code, message and data', () => {
  const error = responseError({ code: -32602, message: 'Invalid params', data: { field: 'hostId' } });
  expect(error).toBeInstanceOf(RpcError);
  expect(error).toMatchObject({ code: -32602, message: 'Invalid params', data: { field: 'hostId' } });
});

test.each([['nope'], [5], [{}], [{ code: 'x' }], [[1]], [true]])('an error that is not as specified: %j', (sent) => {
  const error = responseError(sent as never);
  expect(error).toBeInstanceOf(RpcError);
  expect(Number.isInteger(error.code)).toBe(true);
  expect(error.data).toEqual(sent);
});
