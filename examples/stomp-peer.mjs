// A stock STOMP client, knowing nothing of Sallyport: it sends, subscribes and calls a method.
import assert from 'node:assert/strict';
import { Client } from '@stomp/stompjs';
import { createServer } from '@sallyport/node';
import { WebSocket } from 'ws';

const server = createServer();
server.implement({ add: ({ a, b }) => a + b });
const { port } = await server.listen({ port: 0 });

const stomp = new Client({
  webSocketFactory: () => new WebSocket(`ws://127.0.0.1:${port}/`, ['v12.stomp']),
  onStompError: (frame) => assert.fail(frame.headers.message),
});
await new Promise((resolve) => {
  stomp.onConnect = resolve;
  stomp.activate();
});

/** Subscribes; resolves once the server has taken the subscription, with the messages as they come. */
async function subscribe(destination) {
  const messages = [];
  const waiting = [];
  const take = ({ body }) => (waiting.length > 0 ? waiting.shift()(body) : messages.push(body));
  await new Promise((resolve) => {
    stomp.watchForReceipt(destination, resolve);
    stomp.subscribe(destination, take, { receipt: destination });
  });
  return () => (messages.length > 0 ? messages.shift() : new Promise((resolve) => waiting.push(resolve)));
}

// Events are messages on a topic.
const event = await subscribe('/topic/vm.*');
server.emit('vm.started', { id: 'vm-7' });
assert.deepEqual(JSON.parse(await event()), { jsonrpc: '2.0', method: 'vm.started', params: { id: 'vm-7' } });

// A call is a message to /queue/rpc that says where the answer goes.
const answer = await subscribe('/temp-queue/answers');
stomp.publish({
  destination: '/queue/rpc',
  headers: { 'reply-to': '/temp-queue/answers', 'content-type': 'application/json' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'add', params: { a: 2, b: 3 } }),
});
assert.deepEqual(JSON.parse(await answer()), { jsonrpc: '2.0', id: 1, result: 5 });

// And it is a broker: what is sent to a queue waits for somebody who takes it.
stomp.publish({ destination: '/queue/work', body: 'sweep the yard' });
assert.equal(await (await subscribe('/queue/work'))(), 'sweep the yard');

await stomp.deactivate();
await server.close();
console.log('ok: a stock STOMP client called, watched and queued');
