// How many calls one connection may have at work by HTTP.

import { expect, test } from 'vitest';
import { Dispatcher, errorText, MethodTable } from '@sallyport/core/jsonrpc';
import { RequestCalls } from '../src/request-calls.js';
import { Session } from '../src/session.js';
import { resolvers } from './fixtures/sockets.js';

const origin = { protocol: 'http', transport: 'http', secure: false, remoteAddress: '::1', remote: '::1' } as const;

test('requests of one connection are counted together, others by themselves', async () => {
  const methods = new MethodTable();
  const finish = resolvers<string>();
  methods.add({ wait: () => finish.promise, now: () => 'now' });
  const dispatcher = new Dispatcher(methods);
  const calls = new RequestCalls(2);
  const ask = (connection: object, method: string): Promise<string | undefined> => {
    const session = new Session('s', origin);
    const answer = () => dispatcher.receive({ jsonrpc: '2.0', id: 1, method }, session);
    return calls.run(connection, session, answer, (error) => errorText(1, error));
  };
  const [one, other] = [{}, {}];
  expect(await ask(one, 'now')).toContain('"now"');
  const waiting = [ask(one, 'wait'), ask(one, 'wait'), ask(other, 'wait')];
  expect(await ask(one, 'now')).toMatch(/-32000.*limits\.calls/);
  expect(await ask(other, 'now')).toContain('"now"');
  finish.resolve('done');
  expect((await Promise.all(waiting)).every((answer) => answer?.includes('"done"'))).toBe(true);
  expect(await ask(one, 'now')).toContain('"now"');
});
