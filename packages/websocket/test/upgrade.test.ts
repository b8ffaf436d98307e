import { expect, test } from 'vitest';
import { chooseProtocol } from '../src/upgrade.js';
import { asked, dialledWebSocket, upgrading } from './fixtures/servers.js';

test.each([
  [['v12.stomp'], 'v12.stomp'],
  [['v10.stomp', 'v11.stomp', 'v12.stomp'], 'v12.stomp'],
  [['v10.stomp', 'mqtt', 'v11.stomp'], 'v11.stomp'],
  [['v10.stomp'], 'v10.stomp'],
])('of %j it is %s', async (protocols, chosen) => {
  expect(chooseProtocol(protocols)).toBe(chosen);
  const { port, upgraded } = await upgrading();
  const client = await dialledWebSocket(port, protocols);
  expect(client.protocol).toBe(chosen);
  const accepted = await upgraded;
  expect(accepted.protocol).toBe(chosen);
  expect(accepted).toHaveProperty('stream');
  expect(accepted.request.headers.upgrade).toBe('websocket');
});

test('without a subprotocol it is JSON-RPC, one text a message', async () => {
  const { port, upgraded } = await upgrading();
  const client = await dialledWebSocket(port);
  const accepted = await upgraded;
  expect(client.protocol).toBe('');
  expect(accepted).toHaveProperty('messages');
  expect(accepted).not.toHaveProperty('stream');
});

test('what comes right after the handshake is not lost', async () => {
  const { port, upgraded } = await upgrading();
  const client = await dialledWebSocket(port);
  client.send('{"first":1}');
  client.send('{"second":2}');
  client.close();
  const accepted = await upgraded;
  if (accepted.protocol !== undefined) throw new Error('this is not JSON-RPC');
  const texts: string[] = [];
  for await (const text of accepted.messages) texts.push(text);
  expect(texts).toEqual(['{"first":1}', '{"second":2}']);
});

test('an unknown subprotocol is refused', async () => {
  const { port } = await upgrading();
  const answer = await asked(port, ['Host: a.example', 'Sec-WebSocket-Protocol: mqtt, <script>']);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain('v12.stomp, v11.stomp, v10.stomp');
  expect(answer).not.toContain('script');
  expect(answer).toContain('x-content-type-options: nosniff');
});

test.each([
  [undefined, 101],
  ['https://a.example', 101],
  ['https://A.EXAMPLE', 101],
  ['https://b.example', 403],
  ['null', 403],
])('origin %s by default: %i', async (origin, status) => {
  const { port } = await upgrading();
  const headers = ['Host: a.example', ...(origin === undefined ? [] : [`Origin: ${origin}`])];
  const answer = await asked(port, headers);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 403) expect(answer.split('\r\n\r\n')[1]).toBe('this origin is not allowed (option `origins`)\n');
});

test.each([
  ['https://admin.example', 101],
  ['https://a.example', 101],
  ['https://b.example', 403],
])('origin %s with a list: %i', async (origin, status) => {
  const { port, upgraded } = await upgrading({ origins: ['https://ADMIN.example'] });
  expect(await asked(port, ['Host: a.example', `Origin: ${origin}`])).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  if (status === 101) expect((await upgraded).origin).toBe(origin);
});
