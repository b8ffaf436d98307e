// TCP, TLS, WebSocket, HTTP and a bare line of JSON, all on the same port, all at the same method.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, createServer } from '@sallyport/node';

const server = createServer({ tls: 'optional' }); // with a certificate made up on the spot
server.implement({ add: ({ a, b }) => a + b });
const { port } = await server.listen({ port: 0 });
const params = { a: 2, b: 3 };

for (const scheme of ['tcp', 'tls', 'ws', 'wss']) {
  const client = await connect(`${scheme}://127.0.0.1:${port}`, { ca: server.certificate });
  assert.equal(await client.api.add(params), 5);
  await client.close();
}

const request = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params });
const response = await fetch(`http://127.0.0.1:${port}/rpc`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: request,
});
assert.deepEqual(await response.json(), { jsonrpc: '2.0', id: 1, result: 5 });

const socket = connectTcp(port, '127.0.0.1');
socket.write(request + '\n');
const [line] = await once(socket.setEncoding('utf8'), 'data');
assert.equal(line, '{"jsonrpc":"2.0","id":1,"result":5}\n');
socket.destroy();

const { stomp, http, jsonrpc, tls } = server.outcomes;
assert.deepEqual({ stomp, http, jsonrpc, tls }, { stomp: 2, http: 3, jsonrpc: 1, tls: 2 });
await server.close();
console.log('ok: tcp, tls, ws, wss, http and a line of JSON on one port');
