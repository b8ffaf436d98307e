import { describe, expect, test } from 'vitest';
import {
  AuthError,
  ConnectionError,
  LimitError,
  ProtocolError,
  RpcError,
  SallyportError,
  TimeoutError,
  toError,
} from '../src/errors.js';

const cause = new Error('below');

describe.each<[string, SallyportError, object]>([
  ['SallyportError', new SallyportError('ERR_X', 'text', { cause }), { cause }],
  ['ProtocolError', new ProtocolError('ERR_X', 'text', { cause }), { by: 'them', cause }],
  ['ProtocolError', new ProtocolError('ERR_X', 'text', { by: 'us' }), { by: 'us' }],
  ['LimitError', new LimitError('ERR_X', 'text', 'calls'), { limit: 'calls' }],
  ['ConnectionError', new ConnectionError('ERR_X', 'text'), { sent: 'no' }],
  ['ConnectionError', new ConnectionError('ERR_X', 'text', { sent: 'maybe', cause }), { sent: 'maybe', cause }],
  ['TimeoutError', new TimeoutError('ERR_X', 'text'), { sent: 'no' }],
  ['TimeoutError', new TimeoutError('ERR_X', 'text', { sent: 'yes' }), { sent: 'yes' }],
  ['AuthError', new AuthError('ERR_X', 'text'), {}],
])('%s', (name, error, more) => {
  test('is an Error of one family, with a name and a code', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toBeInstanceOf(SallyportError);
    expect(error).toMatchObject({ name, code: 'ERR_X', message: 'text', ...more });
    expect(String(error)).toBe(`${name}: text`);
  });
});

test('an RpcError has the code and data of the answer', () => {
  const error = new RpcError(-32602, 'Invalid params', { field: 'x' });
  expect(error).toMatchObject({ name: 'RpcError', code: -32602, message: 'Invalid params', data: { field: 'x' } });
  expect(new RpcError(1, '').data).toBeUndefined();
});

test('a name cannot be lost to a minifier: it is stated', () => {
  for (const kind of [SallyportError, ProtocolError, LimitError, ConnectionError, TimeoutError, AuthError, RpcError])
    expect(Object.getOwnPropertyDescriptor(kind.prototype, 'name')?.get).toBeTypeOf('function');
});

test('whatever was thrown becomes an Error', () => {
  expect(toError(cause)).toBe(cause);
  expect(toError('text')).toMatchObject({ message: 'text', cause: 'text' });
  expect(toError(undefined)).toBeInstanceOf(Error);
  expect(toError(Symbol('s'))).toBeInstanceOf(Error);
});
